// The ward's board as people use it: the menu by key, a move by drag and without script, a change seen in a second window
// within a second, names for passers-by, and every width, clean by axe.

import assert from "node:assert/strict";
import { checkWidths, product, widths } from "./support.mjs";

const { base, home, it, signIn } = await product();

async function onWard(role = "clinician", options = { viewport: { width: 1440, height: 900 } }, query = "") {
  const page = await signIn(role, options);
  await page.goto(`${base}${home}wards/heron${query}`);
  return page;
}

const bed = (page, number) => page.locator(`#bed-heron-bed-${String(number).padStart(2, "0")}`);

it("the board is right at every width, also with the menu open and for passers-by", async () => {
  const page = await onWard();
  await page.getByText("Live, as at").waitFor();
  await checkWidths(page, "ward-board");
  await page.getByRole("button", { name: "Privacy mode" }).click();
  assert.ok(await bed(page, 15).getByText("Pa Din").first().isVisible());
  assert.ok(!(await bed(page, 15).getByText("PATEL, Dinesh").first().isVisible()));
  await checkWidths(page, "ward-board-privacy");
  await page.getByRole("button", { name: "Privacy mode" }).click();
  await page.goto(`${base}${home}wards`);
  await checkWidths(page, "wards");
  await page.goto(`${base}${home}wards/heron/handover`);
  await checkWidths(page, "ward-handover");
  await page.goto(`${base}${home}wards/heron/bed?bed=heron-bed-04`);
  await checkWidths(page, "ward-bed");
  await page.goto(`${base}${home}wards/heron/admit?patient=adeyemi-folarin`);
  await checkWidths(page, "ward-admit");
  await page.context().close();
});

it("the menu of a bed takes the focus, arrows move in it, and Esc gives the focus back", async () => {
  const page = await onWard("clinician", { viewport: widths[0] });
  const button = bed(page, 3).locator("summary");
  await button.focus();
  await page.keyboard.press("Enter");
  const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
  await page.waitForFunction(() => document.activeElement.getAttribute("role") === "menuitem");
  assert.match(await focused(), /^Move to bed 4/);
  await page.keyboard.press("ArrowDown");
  assert.match(await focused(), /^Move to another bed/);
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  assert.match(await focused(), /^Close the bed/);
  await checkWidths(page, "ward-board-menu");
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "SUMMARY");
  assert.equal(await page.locator("details.al-menuof[open]").count(), 0);
  await page.context().close();
});

it("a move by menu is seen in another window within a second, with the time it changed, and is undone", async () => {
  const other = await onWard("clinician", { viewport: widths[0] });
  await other.getByText("Live, as at").waitFor();
  const page = await onWard();
  await bed(page, 3).locator("summary").click();
  await page.getByRole("menuitem", { name: /^Move to bed 4/ }).click();
  await page.getByText("The patient was moved.").waitFor();
  const begun = Date.now();
  await bed(other, 4).getByText("COSGROVE, Eileen").first().waitFor({ timeout: 2000 });
  assert.ok(Date.now() - begun < 1000, `seen after ${Date.now() - begun} ms`);
  assert.match(await bed(other, 4).textContent(), /changed \d\d:\d\d/);
  assert.match(await bed(other, 3).textContent(), /to be cleaned/);
  assert.equal(await bed(other, 5).locator(".al-changed").count(), 0, "only what changed is marked");
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("It was undone.").waitFor();
  await bed(other, 3).getByText("COSGROVE, Eileen").first().waitFor({ timeout: 2000 });
  assert.deepEqual(other.complaints, []);
  await page.context().close();
  await other.context().close();
});

it("a menu that has been open for more than ten minutes asks when the move was, and a bay of the other sex asks too", async () => {
  const page = await onWard();
  await bed(page, 3).locator("summary").click();
  // It has opened once its entries are a menu's: the page says only then since when.
  await page.getByRole("menuitem", { name: /^Move to bed 4/ }).waitFor();
  await page.evaluate(() => (document.getElementById("board-opened").value -= 11 * 60_000));
  await page.getByRole("menuitem", { name: /^Move to bed 4/ }).click();
  await page.getByText("This form was opened more than 10 minutes ago.").first().waitFor();
  await checkWidths(page, "ward-move");
  await page.goto(`${base}${home}wards/heron`);
  await bed(page, 10).locator("summary").click();
  await page.getByRole("menuitem", { name: /^Move to bed 4…/ }).click();
  await page.getByRole("heading", { name: "Move LLOYD, Gareth" }).waitFor();
  await page.getByRole("button", { name: "Move", exact: true }).click();
  await page.getByText("This bed is in a female bay.").first().waitFor();
  await checkWidths(page, "ward-move-mixed");
  await page.getByLabel("No bed in a bay of one sex was free").check();
  await page.getByRole("button", { name: "Move", exact: true }).click();
  await page.getByText("The patient was moved.").waitFor();
  assert.match(await bed(page, 4).textContent(), /LLOYD, Gareth[\s\S]*In a female bay/);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("It was undone.").waitFor();
  await page.context().close();
});

it("a bed is reserved from its menu, and a discharge is begun there", async () => {
  const page = await onWard("clerk");
  await bed(page, 4).locator("summary").click();
  await page.getByRole("menuitem", { name: /^Reserve the bed/ }).click();
  await page.getByRole("heading", { name: "Reserve bed 4, Heron ward" }).waitFor();
  await page.getByRole("button", { name: "Reserve", exact: true }).click();
  await page.getByText("Choose for whom the bed is kept.").first().waitFor();
  await page.getByLabel(/DUFFY, Kathleen/).check();
  await checkWidths(page, "ward-reserve");
  await page.getByRole("button", { name: "Reserve", exact: true }).click();
  await page.getByText("The bed is kept.", { exact: true }).waitFor();
  assert.match(await bed(page, 4).textContent(), /Reserved for DUFFY, Kathleen/);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("It was undone.").waitFor();
  await bed(page, 3).locator("summary").click();
  await page.getByRole("menuitem", { name: /^Discharge/ }).click();
  await page.getByRole("button", { name: "Discharge the patient" }).waitFor();
  await page.context().close();
});

it("a bay is given to a nurse, My bays are those of whoever looks, and tasks of a patient have a page", async () => {
  const page = await onWard();
  await page.getByRole("link", { name: "My bays" }).click();
  assert.equal(await page.locator("tr[data-bed]").count(), 4, "bay D is the sister's");
  await page.goto(`${base}${home}wards/heron`);
  await page.getByRole("link", { name: "Change the nurse of Bay A" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Say who looks after the bay.").first().waitFor();
  await checkWidths(page, "ward-nurse");
  await page.getByLabel(/Me, Siobhan/).check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The nurse of the bay is changed.").waitFor();
  await page.getByRole("link", { name: "My bays" }).click();
  assert.equal(await page.locator("tr[data-bed]").count(), 8);
  await bed(page, 1).getByRole("link", { name: "2 open" }).click();
  await page.getByRole("heading", { name: /^Tasks for ADEYEMI, Folasade/ }).waitFor();
  await checkWidths(page, "ward-tasks");
  await page.context().close();
});

it("a row that is dragged onto a taken bed asks where the patient in it is, and both change places", async () => {
  const page = await onWard();
  await bed(page, 12).scrollIntoViewIfNeeded();
  await bed(page, 9).locator(".al-bed").dragTo(bed(page, 10).locator(".al-bed"));
  await page.waitForURL(/move\?stay=kellaway-brian-stay&to=heron-bed-10/);
  assert.ok(await page.getByText("Where is LLOYD, Gareth?").isVisible());
  assert.equal(await page.locator("input[name=earlier]:checked").count(), 0, "nothing is answered beforehand");
  await page.getByRole("button", { name: "Move", exact: true }).click();
  await page.getByText("There is a problem").waitFor();
  await page.getByLabel(/They change places/).check();
  await page.getByRole("button", { name: "Move", exact: true }).click();
  await page.getByText("Both patients were moved.").waitFor();
  assert.match(await bed(page, 10).textContent(), /KELLAWAY/);
  assert.match(await bed(page, 9).textContent(), /LLOYD/);
  await page.context().close();
});

it("without script the menu, the move, the filters and privacy work", async () => {
  const page = await onWard("clinician", { viewport: { width: 1280, height: 800 }, javaScriptEnabled: false });
  await page.getByRole("link", { name: /^\d+ ready$/ }).click();
  assert.equal(await page.locator("tr[data-bed]").count(), 3);
  await page.getByRole("link", { name: "Show all beds" }).first().click();
  await page.locator("#board-private").click();
  assert.ok(await page.getByText("Pa Dil").first().isVisible());
  await page.locator("#board-private").click();
  await bed(page, 20).locator("summary").click();
  await bed(page, 20).getByRole("link", { name: /Move to another bed/ }).click();
  await page.getByLabel("Where to?").selectOption({ label: "No bed yet, on Heron ward" });
  await page.getByRole("button", { name: "Move", exact: true }).click();
  await page.waitForURL(/done=moved/);
  assert.match(await page.locator("tr.al-nobed").textContent(), /2 patients are on the ward without a bed/);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.context().close();
});

it("a page that hears nothing says from when it is, and after five minutes its numbers are grey", async () => {
  const page = await onWard("clinician", { viewport: widths[0] });
  await page.clock.install();
  await page.route(/\/live/, (route) => route.abort());
  await page.goto(`${base}${home}wards/heron`);
  // The page's clock goes on between the two: there is room for a slow machine.
  await page.clock.fastForward(5_000);
  assert.equal(await page.getByText("Not updating.").count(), 0);
  await page.clock.fastForward(11_000);
  assert.match(await page.locator("#board-asat").textContent(), /^Not updating. This is from \d\d:\d\d\.$/);
  assert.equal(await page.locator("#board.is-old").count(), 0);
  await page.clock.fastForward(300_000);
  assert.equal(await page.locator("#board.is-old").count(), 1);
  await page.context().close();
});

it("a wall has no rail and shortened names", async () => {
  const page = await onWard("clinician", { viewport: { width: 1536, height: 864 } }, "?wall=1");
  assert.equal(await page.locator(".al-rail").count(), 0);
  assert.ok(await page.getByText("Ad F").first().isVisible());
  assert.ok(!(await page.getByText("ADEYEMI, Folasade").first().isVisible()));
  await page.screenshot({ path: "target/screenshots/ward-wall.png" });
  await page.context().close();
});

it("the handover is one page of paper", async () => {
  const page = await onWard();
  await page.goto(`${base}${home}wards/heron/handover`);
  const paper = await page.pdf({ format: "A4", landscape: true, margin: { top: "8mm", bottom: "8mm", left: "8mm", right: "8mm" } });
  const pages = paper.toString("latin1").match(/\/Type\s*\/Page[^s]/g).length;
  assert.equal(pages, 1);
  await page.context().close();
});
