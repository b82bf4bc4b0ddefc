// Registration as a clerk does it: by keyboard, at every width, and with what was typed kept whatever happens.

import assert from "node:assert/strict";
import { checkPage, checkWidths, product, widths } from "./support.mjs";

const { base, demo, fillSignIn, home, it, signIn } = await product();

const wojcik = "register?q=tomasz+wojcik+9+jun+1988";

it("a person who is on PDS is registered by keyboard, past the likely match, and then asked", async () => {
  const page = await signIn("clerk");
  await page.goto(`${base}${home}patients?q=tomasz+wojcik+9+jun+1988`);
  await checkWidths(page, "product-search-register");
  await page.getByRole("link", { name: "Register a new patient" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Register a patient" }).waitFor();
  assert.ok(await page.getByText("2 likely matches here, 1 on PDS").isVisible());
  assert.ok(await page.getByText("Not PDS: a fake with invented people").isVisible());
  await page.getByRole("button", { name: "Fill what is empty" }).focus();
  await page.keyboard.press("Enter");
  await page.locator("#nhs_number[value='999 071 0198']").waitFor();
  assert.equal(await page.getByLabel("NHS number", { exact: true }).inputValue(), "999 071 0198");
  assert.equal(await page.getByLabel("Gender").inputValue(), "");
  assert.ok(await page.getByRole("button", { name: "Register patient" }).isDisabled());
  await page.getByLabel("Mobile").fill("07700 900 15");
  await page.getByRole("button", { name: "Look again" }).click();
  await page.getByText("A mobile number has 11 digits. This has 10.").first().waitFor();
  await checkWidths(page, "product-register");
  await page.getByLabel("Mobile").fill("07700 900 158");
  await page.getByLabel("Gender").selectOption("male");
  await page.getByLabel(/Not the same as WÓJCIK, Tomás/).selectOption("identity-checked");
  await page.getByRole("button", { name: "Not the same" }).click();
  await page.getByText("Said: not the same").waitFor();
  await page.getByRole("button", { name: "Register patient" }).click();
  await page.getByText("The patient is registered.").waitFor();
  assert.equal(await page.getByText("Not asked", { exact: true }).count(), 9);
  await checkWidths(page, "product-details");
  await page.getByText("Ask: Ethnicity").locator("xpath=..").press("Enter");
  await page.getByLabel("Ethnic category").selectOption("C");
  await page.getByRole("button", { name: "Record ethnicity" }).click();
  await page.getByText("The answer is recorded.").waitFor();
  await page.getByRole("link", { name: "Correct name" }).click();
  assert.ok(await page.getByText("Number present and verified").first().isVisible());
  await checkWidths(page, "product-correct");
  await page.context().close();
});

it("an NHS number groups itself while it is typed, and a short one is refused beside its box", async () => {
  const page = await signIn("clerk");
  await page.goto(`${base}${home}register?q=anna+nowak`);
  await page.getByLabel("NHS number", { exact: true }).pressSequentially("9990142076");
  assert.equal(await page.getByLabel("NHS number", { exact: true }).inputValue(), "999 014 2076");
  await page.getByLabel("NHS number", { exact: true }).fill("999 014");
  await page.getByRole("button", { name: "Register patient" }).click();
  await page.getByText("An NHS number has 10 digits. This has 6.").first().waitFor();
  assert.ok(await page.evaluate(() => document.activeElement.classList.contains("nhsuk-error-summary")));
  await checkPage(page, "product-register-refused");
  await page.context().close();
});

it("typed text survives a lost connection, a restart and a session that ended", async () => {
  const page = await signIn("clerk");
  await page.goto(`${base}${home}${wojcik}`);
  await page.getByLabel("Preferred name").fill("Tomek");
  await page.getByText(/^Draft kept/).waitFor();
  // The line goes down: the page stays, and says so.
  await page.context().setOffline(true);
  await page.getByLabel("Email").fill("tomek@example.org");
  await page.getByText("Not kept: no connection.").waitFor();
  await page.getByRole("button", { name: "Look again" }).click();
  await page.getByText("Not sent: no connection.").waitFor();
  assert.equal(await page.getByLabel("Email").inputValue(), "tomek@example.org");
  await page.context().setOffline(false);
  await page.getByText(/^Draft kept/).waitFor();
  page.complaints = [];
  // The server starts anew over the same record: the same person finds the same words.
  await demo.restart();
  await page.goto(`${base}${home}${wojcik}`);
  assert.equal(await page.getByLabel("Preferred name").inputValue(), "Tomek");
  assert.equal(await page.getByLabel("Email").inputValue(), "tomek@example.org");
  // Locked meanwhile in another window: what is sent waits for the person, and goes out once.
  const other = await page.context().newPage();
  await other.goto(`${base}${home}patients`);
  await other.getByRole("button", { name: "Lock" }).click();
  await other.waitForURL(/sign-in/);
  await page.getByRole("button", { name: "Look again" }).click();
  await page.waitForURL(/sign-in/);
  await fillSignIn(page, "clerk");
  await page.getByText("Nothing was lost.").waitFor();
  await checkPage(page, "product-held");
  await page.getByRole("button", { name: "Send it now" }).click();
  await page.getByRole("heading", { level: 1, name: "Register a patient" }).waitFor();
  assert.equal(await page.getByLabel("Email").inputValue(), "tomek@example.org");
  // Another person at the same place sees nothing of it.
  const clinician = await signIn("clinician");
  await clinician.goto(`${base}${home}${wojcik}`);
  assert.equal(await clinician.getByLabel("Preferred name").inputValue(), "");
  await clinician.context().close();
  await page.context().close();
});
