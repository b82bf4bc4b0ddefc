// What is typed into the forms of a ward, the emergency department and a stay: it survives a lost line, a restart, a refusal
// and a session that ended, and returns to whoever typed it and to nobody else.

import assert from "node:assert/strict";
import { checkWidths, product } from "./support.mjs";

const { base, demo, fillSignIn, home, it, signIn } = await product();

// Page, label and words; the form of a stay is folded.
const forms = [
  ["wards/heron/bed?bed=heron-bed-04", "Why, of a bed that is closed or used with care", "Water leak, job 5521"],
  ["emergency/mistry-jay-stay/wait", "What is waited for", "Plaster room"],
  ["stays/norris-leonard-stay", "What stops it", "Chest drain out first"],
];

async function box(page, path, label) {
  await page.goto(base + home + path);
  const fold = page.locator("details.al-fold", { has: page.getByLabel(label) });
  if ((await fold.count()) && !(await fold.getAttribute("open").then((open) => open !== null))) await fold.locator("summary").first().click();
  return page.getByLabel(label);
}

it("typed text survives a lost connection and a restart, and is nobody else's", async () => {
  const page = await signIn("clinician");
  for (const [path, label, words] of forms) {
    const typed = await box(page, path, label);
    await typed.fill("x");
    await page.getByText(/^Draft kept/).waitFor();
    await page.context().setOffline(true);
    await typed.fill(words);
    await page.getByText("Not kept: no connection.").waitFor();
    const form = page.locator("form[data-draft]", { has: page.getByLabel(label) });
    await form.locator("button[type=submit]").click();
    await page.getByText("Not sent: no connection.").waitFor();
    assert.equal(await typed.inputValue(), words, path);
    await page.context().setOffline(false);
    await page.getByText(/^Draft kept/).waitFor();
    page.complaints = [];
  }
  await demo.restart();
  const other = await signIn("clerk");
  for (const [path, label, words] of forms) {
    assert.equal(await (await box(page, path, label)).inputValue(), words, path);
    assert.ok(await page.getByText(/^Draft kept/).first().isVisible(), path);
    if (path.startsWith("wards")) await checkWidths(page, "ward-bed-draft");
    assert.notEqual(await (await box(other, path, label)).inputValue(), words, `${path}: another person`);
  }
  await other.context().close();
  await page.context().close();
});

it("typed text survives a refusal, and a session that ended sends it once its person is back", async () => {
  const page = await signIn("clinician");
  const [path, label] = forms[0];
  const typed = await box(page, path, label);
  await typed.fill("Mattress");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Choose how the bed is.").first().waitFor();
  assert.equal(await page.getByLabel(label).inputValue(), "Mattress");
  await page.getByLabel(/Closed: nobody/).check();
  const other = await page.context().newPage();
  await other.goto(`${base}${home}account`);
  await other.getByRole("main").getByRole("button", { name: "Lock" }).click();
  await other.waitForURL(/sign-in/);
  await page.getByRole("button", { name: "Save" }).click();
  await page.waitForURL(/sign-in/);
  await fillSignIn(page, "clinician");
  await page.getByText("Nothing was lost.").waitFor();
  await page.getByRole("button", { name: "Send it now" }).click();
  await page.locator("#bed-heron-bed-04").getByText("Mattress").first().waitFor();
  // The commit ended the draft.
  assert.equal(await (await box(page, path, label)).inputValue(), "");
  await page.context().close();
});
