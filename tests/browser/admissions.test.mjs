// The site office in a browser: a decision to admit, a day, a bed, the admission, the plan and the discharge, with the
// keyboard alone where it says so; every page at every width and by axe. Skipped only where the program was not built.

import assert from "node:assert/strict";
import { checkWidths, product } from "./support.mjs";

const { base, home, it, signIn } = await product();

// Opens a folded form and gives it.
async function unfold(page, title) {
  const summary = page.locator("summary", { hasText: new RegExp(`^${title}$`) });
  await summary.click();
  return page.locator("details", { has: summary });
}

it("a patient goes from the decision to admit to a bed and home, and a refused form keeps its words", async () => {
  const page = await signIn("clerk");
  await page.goto(`${base}${home}patients/adeyemi-f-grace`);
  await page.getByRole("link", { name: "Decision to admit" }).click();
  await checkWidths(page, "admissions-request");
  await page.getByLabel("Procedure or reason").fill("Hip replacement");
  await page.getByRole("button", { name: "Add to the list" }).click();
  await page.getByText("There is a problem").waitFor();
  assert.equal(await page.getByLabel("Procedure or reason").inputValue(), "Hip replacement");
  await checkWidths(page, "admissions-request-refused");
  await page.getByLabel("Method of admission").selectOption("11");
  await page.getByLabel("Clinical priority, of an elective admission").selectOption("P3");
  await page.getByLabel("Meant as, of an elective admission").selectOption("1");
  await page.getByLabel("Specialty").selectOption("110");
  await page.getByLabel("Ward that is wanted").selectOption({ index: 1 });
  await page.getByLabel("Now", { exact: true }).check();
  await page.getByRole("button", { name: "Add to the list" }).click();
  await page.getByText("The decision to admit is recorded.").waitFor();
  const stay = new URL(page.url()).pathname;

  // The day, with the keyboard alone.
  await page.locator("summary", { hasText: "Set a day to come in" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.type("t");
  await page.keyboard.press("Tab");
  await page.keyboard.type("23:55");
  await page.keyboard.press("Enter");
  await page.getByText("The day to come in is set.").waitFor();
  await checkWidths(page, "stay-expected");

  await page.goto(`${base}${home}admissions`);
  await page.getByText("No bed held").first().waitFor();
  await checkWidths(page, "admissions");
  await page.getByRole("link", { name: /^Place *: ADEYEMI/ }).click();
  let form = await unfold(page, "Keep a bed");
  const free = await form.locator("option", { hasText: ", free" }).first().getAttribute("value");
  await form.getByLabel("Bed", { exact: true }).selectOption(free);
  await form.getByRole("button", { name: "Keep this bed" }).click();
  await page.getByText("The bed is kept.").waitFor();
  form = await unfold(page, "The patient has arrived: admit");
  await form.getByLabel("Where is the patient?").selectOption(free);
  await form.getByLabel("Now", { exact: true }).check();
  await form.getByRole("button", { name: "Admit" }).click();
  await page.getByText("The patient was admitted.").waitFor();
  assert.equal(new URL(page.url()).pathname, stay);
  await checkWidths(page, "stay");

  form = await unfold(page, "Discharge");
  await form.getByRole("button", { name: "Discharge the patient" }).click();
  await page.getByText("There is a problem").waitFor();
  form = page.locator("details[open]", { has: page.getByRole("button", { name: "Discharge the patient" }) });
  await form.getByLabel("How was the patient discharged?").selectOption("1");
  await form.getByLabel("Where did they go?").selectOption("19");
  await form.getByLabel("Now", { exact: true }).check();
  await form.getByRole("button", { name: "Discharge the patient" }).click();
  await page.getByText("The patient is discharged.").waitFor();
  await checkWidths(page, "stay-ended");
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("It was undone.").waitFor();
  await page.context().close();
});
