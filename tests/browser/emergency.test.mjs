// The emergency department as people use it: the board at a glance, its forms by keyboard, and all of it without script.

import assert from "node:assert/strict";
import { checkPage, checkWidths, product } from "./support.mjs";

const { base, home, it, signIn } = await product();

const rows = (page) => page.locator(".al-ed tr[data-row]");

it("the three sickest are named without a click, and the board fits every width", async () => {
  const page = await signIn("clinician");
  await page.goto(`${base}${home}emergency`);
  const sickest = await rows(page).locator(".al-name").allInnerTexts();
  assert.deepEqual(sickest.slice(0, 3), ["ALLARDYCE, Morag", "BYRNE, Callum", "IWU, Chidi"]);
  assert.equal(await page.locator(".al-ed tr.is-alarm").count(), 3);
  await checkWidths(page, "product-emergency");
  await page.goto(`${base}${home}emergency?view=acuity`);
  await checkPage(page, "product-emergency-acuity");
  await page.goto(`${base}${home}emergency?only=ambulances`);
  await checkPage(page, "product-emergency-ambulances");
  await page.context().close();
});

it("a clinician takes over and triages with the keyboard alone, and takes it back", async () => {
  const page = await signIn("clinician");
  await page.goto(`${base}${home}emergency`);
  await page.getByLabel("NOAKES, Ivy: what can be done").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Triage…" }).last().focus();
  await checkPage(page, "product-emergency-menu");
  await page.screenshot({ path: "target/screenshots/product-emergency-menu.png" });
  await page.keyboard.press("Enter");
  await page.waitForURL(/noakes-ivy-stay\/triage/);
  await checkWidths(page, "product-emergency-triage");
  await page.getByLabel("Complaint").fill("Leg ulcer, bleeding");
  await page.keyboard.press("Enter");
  await page.getByText("There is a problem").waitFor();
  assert.equal(await page.getByLabel("Complaint").inputValue(), "Leg ulcer, bleeding");
  await checkWidths(page, "product-emergency-refused");
  await page.getByLabel("2, Very urgent").focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("Enter");
  await page.getByText("The category was recorded.").waitFor();
  assert.match(await page.locator("#ed-noakes-ivy-stay").innerText(), /Very urgent[\s\S]*Leg ulcer, bleeding/);
  await page.getByRole("button", { name: "Undo" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("It was undone.").waitFor();
  assert.match(await page.locator("#ed-noakes-ivy-stay").innerText(), /Non-urgent[\s\S]*Dressing change/);
  await page.context().close();
});

it("an unknown patient is on the board after two clicks, without script too", async () => {
  const page = await signIn("clerk", { viewport: { width: 1280, height: 800 }, javaScriptEnabled: false });
  await page.goto(`${base}${home}emergency`);
  await page.getByRole("link", { name: "Unknown patient" }).click();
  await page.getByRole("button", { name: "Book in, by ambulance" }).click();
  assert.match(page.url(), /done=arrived/);
  assert.ok(await page.getByText("To be identified").first().isVisible());
  assert.match(await page.locator(".al-ednums").innerText(), /12 in department/);
  await page.context().close();
});

it("a board that is open shows what another wrote, and leaves an open menu alone", async () => {
  const page = await signIn("clinician");
  await page.goto(`${base}${home}emergency`);
  const other = await signIn("clinician");
  await other.goto(`${base}${home}emergency/mistry-jay-stay/take-over`);
  await other.getByLabel("Who?").fill("Dr Rao");
  await other.getByRole("button", { name: "Take over" }).click();
  await other.getByText("The patient was taken over.").waitFor();
  await page.locator("#ed-mistry-jay-stay", { hasText: "Dr Rao" }).waitFor({ timeout: 20_000 });
  assert.deepEqual(page.complaints, []);
  await other.context().close();
  await page.context().close();
});

it("names are shortened for passers-by, and a wall has no rail", async () => {
  const page = await signIn("clinician");
  await page.goto(`${base}${home}emergency`);
  await page.getByText("Live, as at").waitFor();
  await page.getByRole("button", { name: "Privacy mode" }).click();
  assert.ok(await page.getByText("Iw C").first().isVisible());
  for (const hidden of ["IWU, Chidi", "Fever, non-blanching rash", "Allergies not recorded"]) {
    assert.ok(!(await page.getByText(hidden).first().isVisible()), hidden);
  }
  await checkWidths(page, "emergency-privacy");
  await page.goto(`${base}${home}emergency?wall=1`);
  assert.equal(await page.locator(".al-rail").count(), 0);
  assert.ok(!(await page.getByText("IWU, Chidi").first().isVisible()));
  await page.context().close();
});

it("a board that is open says that somebody has come, and moves no row under anybody", async () => {
  const page = await signIn("clinician");
  await page.goto(`${base}${home}emergency`);
  await page.getByText("Live, as at").waitFor();
  const other = await signIn("clerk");
  await other.goto(`${base}${home}emergency/unknown?department=ed`);
  await other.getByRole("button", { name: "Book in, on foot" }).click();
  await other.waitForURL(/done=arrived/);
  await page.locator("#board-more", { hasText: /come or gone: show/ }).waitFor();
  await page.getByRole("link", { name: /show$/ }).click();
  await page.getByText("To be identified").first().waitFor();
  assert.deepEqual(page.complaints, []);
  await other.context().close();
  await page.context().close();
});
