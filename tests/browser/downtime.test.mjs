// A downtime in a browser: numbers are issued, it begins and ends, a form is entered on the ward with the keyboard, the rest is
// void; the sheets of paper; every page at every width and by axe. Skipped only where the program was not built.

import assert from "node:assert/strict";
import { checkWidths, product } from "./support.mjs";

const { base, home, it, signIn } = await product();

// Opens a folded form and gives it.
async function unfold(page, title) {
  await page.locator("summary", { hasText: new RegExp(`^${title}$`) }).click();
  return page.locator("details[open]", { has: page.locator("summary", { hasText: new RegExp(`^${title}$`) }) });
}

it("a downtime comes out even, and its paper needs nothing but itself", async () => {
  const page = await signIn("clerk");
  await page.goto(`${base}${home}account`);
  await page.getByRole("link", { name: "Downtime" }).click();
  await checkWidths(page, "downtime-empty");
  let form = await unfold(page, "Issue numbers");
  await form.getByRole("button", { name: "Issue" }).click();
  await page.getByText("There is a problem").waitFor();
  await checkWidths(page, "downtime-refused");
  form = page.locator("details[open]", { has: page.getByRole("button", { name: "Issue" }) });
  await form.getByLabel("Who gets them?").selectOption("place/heron");
  await form.getByLabel("Form numbers").fill("3");
  await form.getByLabel("Hospital numbers").fill("1");
  await form.getByRole("button", { name: "Issue" }).click();
  await page.getByText("The numbers are issued.").waitFor();

  form = await unfold(page, "A downtime has begun");
  await form.getByLabel("Why could the record not be used?").fill("No network on the site");
  await form.getByLabel("At another time").check();
  await form.getByLabel("Time", { exact: true }).fill("00:00");
  await form.getByRole("button", { name: "Record its beginning" }).click();
  await page.getByText("A downtime goes on since").waitFor();
  await checkWidths(page, "downtime-goes-on");
  form = await unfold(page, "The downtime has ended");
  await form.getByLabel("Now", { exact: true }).check();
  await form.getByRole("button", { name: "Record its end" }).click();
  await page.getByText("Every number that is open is owed now.").waitFor();

  // A form is entered where everything is entered, with the keyboard from the time on.
  await page.goto(`${base}${home}wards/heron/admit?patient=adeyemi-f-grace&place=heron`);
  await page.locator("summary", { hasText: "From a downtime form" }).click();
  await checkWidths(page, "downtime-form-entered");
  await page.getByLabel("Method of admission").selectOption("21");
  await page.getByLabel(/consultant|responsible/i).first().selectOption({ index: 1 });
  await page.getByLabel("At another time").check();
  await page.getByLabel("Time", { exact: true }).focus();
  await page.keyboard.type("00:00");
  await page.getByLabel("Form number").focus();
  await page.keyboard.type("d2");
  await page.keyboard.press("Enter");
  await page.getByText("The patient was admitted.").waitFor();

  await page.goto(`${base}${home}downtime`);
  await page.getByRole("link", { name: /3 downtime numbers and forms/ }).waitFor();
  form = await unfold(page, "Void numbers");
  await form.getByLabel("Which?").selectOption({ index: 1 });
  await form.getByLabel("Why is it not used?").fill("Sheet destroyed");
  await form.getByRole("button", { name: "Void" }).click();
  await page.getByText("Nothing is owed after a downtime.").waitFor();
  assert.equal(await page.getByText("Agrees").count(), 2);
  await checkWidths(page, "downtime-accounted");

  await page.getByRole("link", { name: "Sheets of this host" }).click();
  await page.getByRole("button", { name: "Make new sheets now" }).click();
  await page.getByRole("link", { name: /Heron ward/ }).first().waitFor();
  await checkWidths(page, "downtime-sheets");
  for (const sheet of [/Heron ward/, /To come in/, /Downtime numbers/, /Blank forms/]) {
    await page.goto(`${base}${home}downtime/sheets`);
    await page.getByRole("link", { name: sheet }).first().click();
    await checkWidths(page, `downtime-sheet-${sheet.source.slice(0, 5).trim().toLowerCase()}`);
    const border = await page.locator("header").evaluate((header) => getComputedStyle(header).borderBottomWidth);
    assert.equal(border, "2px", "the sheet's own style is allowed");
  }
});
