// Home, the lists behind its numbers, and tasks: over `almoner demo`, by keyboard, without script, at every width.

import assert from "node:assert/strict";
import { checkWidths, product, widths } from "./support.mjs";

const { base, home, it, signIn } = await product();

async function workOnHeron(page) {
  await page.goto(base + home + "place");
  await page.getByLabel("Heron ward").check();
  await page.getByRole("button", { name: "Work here" }).click();
  await page.waitForURL((url) => url.pathname === home);
}

it("home asks where somebody works, and then is about that ward", async () => {
  const page = await signIn("clerk");
  await page.getByText("You have not said where you work").waitFor();
  await checkWidths(page, "home-without-place");
  await page.getByRole("link", { name: "Choose where you work" }).click();
  await checkWidths(page, "home-place");
  await workOnHeron(page);
  await page.getByRole("heading", { name: "Nobody lost: Heron ward" }).waitFor();
  await page.getByText("Counts are for Heron ward").waitFor();
  await checkWidths(page, "home");
  await page.context().close();
  const reilly = await signIn("clinician");
  await reilly.getByRole("heading", { name: "Nobody lost: Heron ward" }).waitFor();
  await reilly.context().close();
});

it("each number leads to a list of that length", async () => {
  const page = await signIn("clinician");
  await workOnHeron(page);
  const cards = await page.locator("a.al-counter, a.al-count").evaluateAll((cards) =>
    cards.map((card) => ({ number: Number(card.querySelector("b").textContent), href: card.href })),
  );
  assert.ok(cards.length > 2, `${cards.length} numbers`);
  for (const { number, href } of cards) {
    await page.goto(href);
    assert.equal(await page.locator("tr[data-row], tr[data-bed], tr[data-stay]").count(), number, href);
  }
  await checkWidths(page, "home-owed");
  await page.context().close();
});

it("the ward sister's numbers are one row of a ward's PC, and her tasks begin in the upper half of it", async () => {
  const page = await signIn("clinician");
  await workOnHeron(page);
  await page.setViewportSize({ width: 1280, height: 800 });
  const ward = page.locator("section", { has: page.getByRole("heading", { name: "Nobody lost: Heron ward" }) });
  const tops = await ward.locator("a.al-counter").evaluateAll((cards) => cards.map((card) => card.getBoundingClientRect().top));
  assert.equal(new Set(tops).size, 1, `one row: ${tops}`);
  const begin = (await page.getByRole("heading", { name: "Tasks for Heron ward" }).boundingBox()).y;
  const strip = (await page.getByRole("heading", { level: 1 }).boundingBox()).y - 60;
  // In the design, which has neither the strip of an environment nor lists that are none now, tasks begin 288 px below the top.
  assert.ok(begin - strip < 400, `tasks begin at ${begin}, of which ${strip} are the strip's`);
  const fold = page.getByText(/^None now: \d+ lists$/).first();
  await fold.focus();
  await page.keyboard.press("Enter");
  await ward.getByRole("link", { name: "deaths reported, not acted on" }).waitFor();
  await checkWidths(page, "home-sister");
  await page.context().close();
});

it("a consultant's own patients are counted and listed, wherever they lie", async () => {
  const page = await signIn("clinician", { viewport: widths[0] }, 1);
  await page.getByRole("heading", { name: "Nobody lost: your patients" }).waitFor();
  const own = page.locator("section", { has: page.getByRole("heading", { name: "Nobody lost: your patients" }) });
  const card = own.getByRole("link", { name: /patients of yours/ });
  const number = Number(await card.locator("b").textContent());
  await checkWidths(page, "home-consultant");
  await card.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "My patients" }).waitFor();
  assert.ok(number > 1 && (await page.locator("tr[data-row]").count()) === number, `${number} patients`);
  await checkWidths(page, "my-patients");
  await page.context().close();
});

it("a task is done by keyboard, undone, and added without script", async () => {
  const page = await signIn("clinician");
  await workOnHeron(page);
  const done = page.getByRole("button", { name: /^Mark done: Repositioning/ });
  await done.focus();
  await page.keyboard.press("Enter");
  await page.getByText("The task is done.").waitFor();
  assert.equal(await page.getByText("Repositioning").count(), 0);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("It was undone.").waitFor();
  await page.getByText("Repositioning").first().waitFor();
  await page.context().close();

  const plain = await signIn("clinician", { viewport: widths[0], javaScriptEnabled: false });
  await plain.getByRole("link", { name: "Add task" }).click();
  await plain.getByRole("button", { name: "Add task" }).click();
  await plain.getByText("There is a problem").waitFor();
  await plain.getByLabel("What shall be done").fill("Ring the pharmacy");
  await plain.getByLabel("Heron ward", { exact: true }).check();
  await plain.getByLabel("Day", { exact: true }).fill("t+1");
  await plain.getByLabel("Time, by when").fill("0900");
  await plain.getByRole("button", { name: "Add task" }).click();
  await plain.getByText("The task was added.").waitFor();
  await plain.getByRole("link", { name: "Ring the pharmacy" }).click();
  await plain.getByRole("heading", { name: "Another date" }).waitFor();
  await plain.context().close();
});

it("the forms of a task fit every width and are clean", async () => {
  const page = await signIn("clerk");
  await workOnHeron(page);
  await checkWidths(page, "home-clerk");
  await page.goto(base + home + "tasks/new?kind=no-expected-discharge&anchor=Encounter/adeyemi-stay");
  await page.getByRole("button", { name: "Add task" }).click();
  await page.getByText("There is a problem").waitFor();
  await checkWidths(page, "home-task-refused");
  await page.goto(base + home + "tasks/heron-transport");
  await checkWidths(page, "home-task");
  await page.context().close();
});

it("all my tasks are handed over at once, by keyboard, and one is taken back", async () => {
  const page = await signIn("clinician");
  await workOnHeron(page);
  await page.getByRole("link", { name: "Hand over mine" }).click();
  const boxes = page.getByRole("checkbox");
  const mine = await boxes.count();
  assert.ok(mine > 1 && (await page.getByRole("checkbox", { checked: true }).count()) === mine, `${mine} tasks`);
  assert.equal(await page.getByRole("radio", { checked: true }).count(), 0, "to whom is not answered beforehand");
  await page.getByRole("button", { name: "Hand over", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("There is a problem").waitFor();
  await checkWidths(page, "hand-over-refused");
  await page.getByLabel("Heron ward", { exact: true }).focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("Enter");
  await page.getByText("The tasks were handed over.").waitFor();
  await checkWidths(page, "hand-over");
  await page.getByRole("button", { name: /^Take back/ }).first().click();
  await page.getByText("It was undone.").waitFor();
  assert.equal(await page.getByRole("checkbox").count(), 1, "one is mine again, and offered to nobody");
  await page.context().close();
});
