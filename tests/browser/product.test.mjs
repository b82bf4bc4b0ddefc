// The product as people use it: `almoner demo`, signed in, over its own record. Skipped only where the program has
// not been built; the project's check builds it first.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { checkPage, checkWidths, launch, open, startDemo, widths } from "./support.mjs";

let demo;
let browser;
let base;
let home;
before(async () => {
  demo = await startDemo();
  if (!demo) return;
  browser = await launch();
  const address = new URL(demo.found.serving);
  base = address.origin;
  home = address.pathname;
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

function it(name, body) {
  test(name, async (context) => {
    if (!demo) {
      assert.ok(!process.env.CI, "the program was not built");
      return context.skip("target/debug/almoner is not there");
    }
    return body();
  });
}

async function signIn(role, options = { viewport: { width: 1440, height: 900 } }) {
  const page = await open(browser, base, home, options);
  const account = demo.found["sign-ins"].find((account) => account.role === role);
  await page.getByLabel("User name").fill(account.name);
  await page.getByLabel("Password").fill(account.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => !url.pathname.includes("sign-in"));
  return page;
}

it("signing in refuses a wrong password in words, and lets a right one in", async () => {
  const page = await open(browser, base, home, { viewport: widths[0] });
  await checkWidths(page, "product-sign-in");
  await page.getByLabel("User name").fill("nobody");
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("There is a problem").waitFor();
  await checkWidths(page, "product-sign-in-refused");
  await page.context().close();
  const inside = await signIn("clinician");
  assert.match(inside.url(), /\/patients$/);
  await inside.context().close();
});

it("a clinician finds a patient by typing and opens the summary with the keyboard alone", async () => {
  const page = await signIn("clinician");
  await checkWidths(page, "product-patients");
  await page.locator("#q").pressSequentially("adeyimi grace 1951", { delay: 10 });
  await page.getByRole("link", { name: "ADEYEMI, Folasade (Mrs)" }).waitFor();
  await checkWidths(page, "product-search");
  await page.getByRole("link", { name: "ADEYEMI, Folasade (Mrs)" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/patients\/adeyemi-folasade/);
  assert.ok(await page.getByText("penicillin: anaphylaxis").first().isVisible());
  await checkWidths(page, "product-chart");
  await page.context().close();
});

it("each way of asking finds her", async () => {
  const page = await signIn("clerk");
  for (const typed of ["999 014 2076", "TR 104 882", "14 mar 1951", "14/03/51 adeyemi", "folasade adeyemi", "adeyemmi"]) {
    await page.goto(`${base}${home}patients?q=${encodeURIComponent(typed)}`);
    assert.equal(await page.getByRole("link", { name: "ADEYEMI, Folasade (Mrs)" }).count(), 1, typed);
  }
  await page.context().close();
});

it("a clerk sees where she is and nothing clinical", async () => {
  const page = await signIn("clerk");
  await page.goto(`${base}${home}patients/adeyemi-folasade`);
  const text = (await page.textContent("body")).toLowerCase();
  assert.ok(text.includes("heron ward, bed 1"));
  for (const word of ["penicillin", "allerg", "news2", "creatinine"]) assert.ok(!text.includes(word), word);
  await checkPage(page, "summary for a clerk");
  await page.context().close();
});

it("the privacy officer sees that she was looked at", async () => {
  const looker = await signIn("clinician");
  await looker.goto(`${base}${home}patients/adeyemi-folasade`);
  await looker.context().close();
  const page = await signIn("privacy-officer");
  await page.goto(`${base}${home}patients/adeyemi-folasade/who-has-looked`);
  const clinician = demo.found["sign-ins"].find((account) => account.role === "clinician");
  assert.ok((await page.textContent("table")).includes(clinician.name));
  await checkWidths(page, "product-who-looked");
  await page.context().close();
});

it("a locked session opens nothing, and signing out ends it", async () => {
  const page = await signIn("clinician");
  await page.getByRole("button", { name: "Lock" }).click();
  await page.waitForURL(/sign-in/);
  await page.goto(`${base}${home}patients/adeyemi-folasade`);
  assert.match(page.url(), /sign-in/);
  await page.context().close();
  const other = await signIn("clinician");
  await other.goto(`${base}${home}account`);
  await checkPage(other, "account");
  await other.getByRole("main").getByRole("button", { name: "Sign out" }).click();
  await other.waitForURL(/sign-in/);
  await other.goto(`${base}${home}patients`);
  assert.match(other.url(), /sign-in/);
  await other.context().close();
});
