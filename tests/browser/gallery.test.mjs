// Every page and component of the gallery at every width: clean by axe, no wider than the window, no complaint from
// the browser; and what the keyboard and a browser without script must be able to do.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { checkWidths, launch, open, startGallery, widths } from "./support.mjs";

const adeyemi = "/t/DEMO/patients/adeyemi-folasade";
const pages = {
  components: "/components",
  "sign-in": "/sign-in",
  "search-empty": "/t/DEMO/patients",
  search: "/t/DEMO/patients?q=adeyimi+grace+1951",
  "search-nobody": "/t/DEMO/patients?q=zzz",
  "search-long": "/t/DEMO/patients?q=long",
  chart: adeyemi,
  "chart-ten-years": `${adeyemi}?span=10y`,
  "chart-list": `${adeyemi}?span=list`,
  "chart-clerk": `${adeyemi}?role=clerk`,
  "chart-unavailable": `${adeyemi}?role=unavailable`,
  "chart-not-recorded": "/t/DEMO/patients/gill-harpreet",
  "chart-none-known": "/t/DEMO/patients/beckford-maureen",
  "chart-died": "/t/DEMO/patients/cole-arthur",
  "chart-newborn": "/t/DEMO/patients/hussain-baby",
  "who-looked": `${adeyemi}/who-has-looked`,
  host: "/t/DEMO/host",
  move: "/t/DEMO/moves/RMG",
  "move-ready": "/t/DEMO/moves/ready",
  oversight: "/t/DEMO/oversight",
  account: "/t/DEMO/account",
  "not-found": "/not-found",
  "not-allowed": "/not-allowed",
};

let gallery;
let browser;
before(async () => {
  gallery = await startGallery();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await gallery?.stop();
});

for (const [name, path] of Object.entries(pages)) {
  test(`${name} is right at every width`, async () => {
    const page = await open(browser, gallery.found, path, { viewport: widths[0] });
    await checkWidths(page, name);
    await page.context().close();
  });
}

test("open details and folds are clean too", async () => {
  const page = await open(browser, gallery.found, adeyemi, { viewport: widths[0] });
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
  await checkWidths(page, "chart-open");
  await page.context().close();
});

test("the banner and the bar stay in sight while the page scrolls, and cover no focus", async () => {
  const page = await open(browser, gallery.found, adeyemi, { viewport: { width: 1280, height: 800 } });
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  const name = await page.locator(".al-pb__name").boundingBox();
  assert.ok(name.y >= 0 && name.y < 200, `the name is at ${name.y}`);
  await page.goto(`${gallery.found}${adeyemi}#results`);
  const heading = await page.locator("#results").boundingBox();
  const banner = await page.locator(".al-pb").boundingBox();
  assert.ok(heading.y >= banner.y + banner.height - 1, `the panel at ${heading.y} lies under the banner`);
  await page.context().close();
});

test("the keyboard alone reaches everything, in the order of the page", async () => {
  const page = await open(browser, gallery.found, adeyemi, { viewport: { width: 1440, height: 900 } });
  const focused = () =>
    page.evaluate(() => {
      const at = document.activeElement;
      return at === document.body ? "" : at.getAttribute("aria-label") || at.textContent.trim() || at.id;
    });
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Skip to main content");
  const seen = [];
  for (let steps = 0; steps < 60; steps += 1) {
    await page.keyboard.press("Tab");
    const what = await focused();
    if (what === "Skip to main content" || what === "") break;
    seen.push(what);
    const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(ring, "solid", `${what} shows no focus`);
  }
  const order = ["Almoner", "find", "Siobhan Reilly", "Lock", "Show details", "Patients", "Back to patients", "Summary", "2 years"];
  let last = -1;
  for (const wanted of order) {
    const at = seen.findIndex((what, index) => index > last && what.includes(wanted));
    assert.ok(at > last, `${wanted} after place ${last} in ${JSON.stringify(seen)}`);
    last = at;
  }
  await page.context().close();
});

test("keys: slash finds, j and k walk, Enter opens", async () => {
  const page = await open(browser, gallery.found, pages.search, { viewport: { width: 1440, height: 900 } });
  await page.locator("h1").click();
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "q");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /ADEYEMI, Folasade/);
  await page.keyboard.press("Enter");
  await page.waitForURL(/adeyemi-folasade/);
  await page.context().close();
});

test("the keys can be turned off and on again", async () => {
  const page = await open(browser, gallery.found, "/t/DEMO/account", { viewport: { width: 1280, height: 800 } });
  const slash = async () => {
    await page.goto(`${gallery.found}${pages.account}`);
    await page.keyboard.press("/");
    return page.evaluate(() => document.activeElement.id);
  };
  assert.equal(await slash(), "find");
  await page.getByRole("button", { name: "Turn these keys off" }).click();
  assert.notEqual(await slash(), "find");
  await page.getByRole("button", { name: "Turn these keys on" }).click();
  assert.equal(await slash(), "find");
  await page.context().close();
});

test("a letter typed into a field is a letter, not a key", async () => {
  const page = await open(browser, gallery.found, "/t/DEMO/patients", { viewport: { width: 1280, height: 800 } });
  await page.locator("#q").fill("");
  await page.locator("#q").pressSequentially("jk/");
  assert.equal(await page.locator("#q").inputValue(), "jk/");
  await page.context().close();
});

test("results come while typing, and the box keeps its focus", async () => {
  const page = await open(browser, gallery.found, "/t/DEMO/patients", { viewport: { width: 1280, height: 800 } });
  await page.locator("#q").pressSequentially("adey", { delay: 30 });
  await page.locator("#found .al-rowlink").first().waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "q");
  assert.equal(await page.locator("#found [role=status]").count(), 1);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("without script the search form, the time axis and the details work", async () => {
  const page = await open(browser, gallery.found, "/t/DEMO/patients", {
    viewport: { width: 1280, height: 800 },
    javaScriptEnabled: false,
  });
  await page.locator("#q").fill("adeyemi");
  await page.getByRole("button", { name: "Search" }).click();
  await page.waitForURL(/q=adeyemi/);
  await page.getByRole("link", { name: "ADEYEMI, Folasade (Mrs)" }).click();
  await page.getByText("Show details").click();
  assert.ok(await page.getByText("Next of kin").isVisible());
  await page.getByRole("link", { name: "List", exact: true }).click();
  assert.ok(await page.getByText("Sleep study").isVisible());
  await page.context().close();
});
