// A restricted record: asked for once by keyboard and without script, at every width, and reviewed by the privacy officer.

import assert from "node:assert/strict";
import { checkPage, checkWidths, product, widths } from "./support.mjs";

const { base, home, it, signIn } = await product();

const patient = `${base}${home}patients/adeyemi-folasade`;
const asks = (page) => page.getByRole("heading", { level: 1, name: "Open a restricted record" }).waitFor();

it("a restricted record opens with a reason by keyboard at every width, and the privacy officer reviews it", async () => {
  const page = await signIn("clinician");
  await page.goto(`${patient}/details`);
  await page.getByLabel("Why", { exact: true }).selectOption("03");
  await page.getByRole("button", { name: "Restrict the record" }).click();
  // What was just hidden asks whoever hid it too.
  await asks(page);
  await page.goto(patient);
  await asks(page);
  await checkWidths(page, "restricted-asks");
  assert.equal(await page.locator("input[type=radio]:checked").count(), 0);
  for (const word of ["penicillin", "NEWS2", "Allerg"]) assert.ok(!(await page.textContent("main")).includes(word), word);
  // The keyboard begins at the reasons; without one, the page says what is missing and keeps what was typed.
  assert.equal(await page.evaluate(() => document.activeElement.name), "reason");
  await page.getByLabel("In your words").fill("Asked by Heron ward to look at her wound");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByText("There is a problem").waitFor();
  await checkPage(page, "restricted-refused");
  await page.getByRole("radio", { name: /^Emergency/ }).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.name), "words");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL(patient);
  await page.getByText("penicillin").first().waitFor();
  await page.goto(`${patient}/details`);
  await page.getByRole("heading", { level: 1, name: "Details" }).waitFor();
  await page.context().close();

  const officer = await signIn("privacy-officer");
  // Beside the one that the demonstration begins with.
  await officer.getByRole("link", { name: /2 restricted accesses to review/ }).waitFor();
  await checkWidths(officer, "restricted-home");
  await officer.getByRole("link", { name: /2 restricted accesses to review/ }).focus();
  await officer.keyboard.press("Enter");
  await officer.getByRole("heading", { level: 1, name: "Restricted access to review" }).waitFor();
  await checkWidths(officer, "restricted-review");
  assert.equal(await officer.locator("input:checked").count(), 0);
  await officer.getByRole("checkbox", { name: /ADEYEMI/ }).focus();
  await officer.keyboard.press("Space");
  const form = officer.locator("#user-s-reilly-form");
  await form.getByRole("button", { name: "Record the review" }).click();
  await officer.getByText("Choose what came of the review.").first().waitFor();
  assert.ok(await officer.getByRole("checkbox", { name: /ADEYEMI/ }).isChecked());
  await checkPage(officer, "restricted-review-refused");
  await form.getByRole("radio", { name: "To be followed up" }).check();
  await form.getByLabel("Note", { exact: true }).fill("Ask Heron ward who asked");
  await form.getByRole("button", { name: "Record the review" }).click();
  await officer.getByText("The review is recorded.").waitFor();
  assert.equal(await officer.getByRole("checkbox", { name: /ADEYEMI/ }).count(), 0);
  // What is to be followed up stays the officer's until it is said what was done.
  await officer.goto(`${base}${home}`);
  await officer.getByRole("link", { name: /1 restricted access to follow up/ }).focus();
  await officer.keyboard.press("Enter");
  await officer.getByRole("heading", { level: 1, name: "Restricted access to follow up" }).waitFor();
  await officer.getByText("To be followed up: Ask Heron ward who asked").waitFor();
  await checkWidths(officer, "restricted-follow-up");
  assert.equal(await officer.locator("input:checked").count(), 0);
  await officer.getByRole("checkbox", { name: /ADEYEMI/ }).focus();
  await officer.keyboard.press("Space");
  await officer.getByLabel("What was done about those that are ticked").fill("The ward sister asked for her");
  await officer.getByRole("radio", { name: "Passed to somebody else" }).check();
  await officer.getByRole("button", { name: "Record the follow-up" }).click();
  await officer.getByText("Say to whom it is passed.").first().waitFor();
  await checkPage(officer, "restricted-follow-up-refused");
  await officer.getByLabel("Passed to", { exact: true }).fill("Manager of Heron ward");
  await officer.getByRole("button", { name: "Record the follow-up" }).click();
  await officer.getByText("The follow-up is recorded.").waitFor();
  await officer.getByText("Nothing is to be followed up now.").waitFor();
  // The one of the demonstration is reviewed too, and then nothing is left.
  await officer.goto(`${base}${home}restricted-access`);
  await officer.getByRole("checkbox", { name: /TURNBULL/ }).check();
  await officer.getByRole("radio", { name: "Appropriate", exact: true }).check();
  await officer.getByRole("button", { name: "Record the review" }).click();
  await officer.getByText("Nothing is to be reviewed now.").waitFor();
  await officer.goto(`${patient}/who-has-looked?kind=break-glass`);
  await officer.getByText("Asked by Heron ward to look at her wound").first().waitFor();
  await checkWidths(officer, "restricted-who-looked");
  await officer.context().close();
});

it("an emergency is one choice, on a phone and without script, and the ward's board asks for nothing", async () => {
  const page = await signIn("patient-index", { viewport: widths[3], javaScriptEnabled: false });
  await page.goto(`${base}${home}wards/heron`);
  await page.getByText(/ADEYEMI/).first().waitFor();
  await page.goto(`${patient}?span=all`);
  await asks(page);
  await page.getByRole("radio", { name: /^Emergency/ }).check();
  await page.getByRole("button", { name: "Open the record for 12 hours" }).click();
  await page.waitForURL(`${patient}?span=all`);
  assert.ok((await page.textContent("body")).includes("penicillin"));
  await page.context().close();
});
