// The product as people use it: `almoner demo`, signed in, over its own record. Skipped only where the program has
// not been built; the project's check builds it first.

import assert from "node:assert/strict";
import { checkPage, checkWidths, open, product, widths } from "./support.mjs";

const { account: accountOf, base, browser, fillSignIn, home, it, signIn: begin } = await product();

async function signIn(role, options) {
  const page = await begin(role, options);
  // Those who see stays begin at home; these tests are about patients.
  if (["clinician", "clerk"].includes(role)) await page.goto(`${base}${home}patients`);
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
  const clinician = accountOf("clinician");
  assert.ok((await page.textContent("table")).includes(clinician.name));
  await checkWidths(page, "product-who-looked");
  await page.context().close();
});

it("one person asks for a merge by keyboard, another agrees, and it is taken apart", async () => {
  const first = await signIn("patient-index");
  await first.goto(`${base}${home}patients`);
  await first.getByRole("link", { name: "Possible duplicates" }).click();
  await checkWidths(first, "product-duplicates");
  await first.getByRole("link", { name: /^Compare/ }).first().click();
  await first.getByRole("heading", { name: /Is this one person/ }).waitFor();
  await checkWidths(first, "product-duplicate");
  const pair = first.url();
  assert.equal(await first.locator("input[type=radio]:checked").count(), 0);
  await first.getByLabel("Why you think so").fill("Same day and month of birth");
  await first.getByRole("button", { name: "Ask for the merge" }).focus();
  await first.keyboard.press("Enter");
  await first.getByText("There is a problem").waitFor();
  assert.equal(await first.getByLabel("Why you think so").inputValue(), "Same day and month of birth");
  assert.ok(await first.getByText("Which record stays").isVisible());
  for (const group of await first.getByRole("radiogroup").all()) {
    await group.getByLabel("Right").focus();
    await first.keyboard.press("Space");
  }
  await first.getByRole("button", { name: "Ask for the merge" }).focus();
  await first.keyboard.press("Enter");
  await first.getByText("It waits for a second person.").waitFor();

  const second = await open(browser, base, home, { viewport: { width: 1280, height: 800 } });
  await fillSignIn(second, "patient-index", 1);
  await second.goto(pair);
  await second.getByRole("button", { name: /^Agree, and merge into the right/ }).click();
  await second.getByText("The two records are merged.").waitFor();
  assert.equal(await second.getByRole("button", { name: "Undo" }).count(), 0);
  await checkPage(second, "product-duplicate-merged");
  await second.getByLabel("Why they are two people").fill("Both came to the desk");
  await second.getByRole("button", { name: "Take the merge apart" }).click();
  await second.getByText("The merge was taken apart.").waitFor();
  await first.context().close();
  await second.context().close();
});

it("an administrator sees what is configured, since when, and what a version changed", async () => {
  const page = await signIn("administrator");
  await page.goto(`${base}${home}account`);
  await page.getByRole("link", { name: "Configuration" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/configuration$/);
  assert.ok(await page.getByText("version 1, since").isVisible());
  const heron = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: /^Heron ward/ }) });
  assert.match(await heron.textContent(), /Bay C, male: beds 9, 10, 11, 12/);
  await checkWidths(page, "product-configuration");
  await page.getByRole("link", { name: "Version 1" }).click();
  await page.getByRole("heading", { name: "Version 1, the first" }).waitFor();
  const other = await signIn("clinician");
  const answer = await other.goto(`${base}${home}configuration`);
  assert.equal(answer.status(), 403);
  await other.context().close();
  await page.context().close();
});

it("an administrator looks at the accounts, and an account is not closed before it was said who takes over", async () => {
  const page = await signIn("administrator");
  await page.goto(`${base}${home}account`);
  await page.getByRole("link", { name: "Accounts" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/accounts$/);
  await checkWidths(page, "product-accounts");
  await page.getByRole("link", { name: accountOf("clerk").name, exact: true }).click();
  await page.getByRole("heading", { name: `Account ${accountOf("clerk").name}` }).waitFor();
  await checkWidths(page, "product-account-closing");
  // Which member of staff it is: nobody is chosen beforehand, and whoever has an account is not offered.
  const staff = page.getByLabel("Which member of staff is this?");
  assert.equal(await staff.inputValue(), "");
  assert.equal(await staff.locator("option[value=okafor]").count(), 0);
  await staff.selectOption("darko");
  await page.getByRole("button", { name: "Save the member of staff" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("The account is now that of").waitFor();
  assert.equal(await staff.inputValue(), "darko");
  await checkWidths(page, "product-account-linked");
  await staff.selectOption("");
  await page.getByRole("button", { name: "Save the member of staff" }).click();
  await page.getByText("The account is now that of no member of staff").waitFor();
  // Who takes over is asked where there is something: the page has no answer of its own.
  const manager = page.getByLabel("Who takes over what it owns?");
  if ((await manager.count()) > 0) {
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("alert").waitFor();
    await manager.selectOption({ index: 1 });
  }
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("button", { name: "Close the account" }).waitFor();
  await checkWidths(page, "product-account-closing-asked");
  await page.getByRole("link", { name: "Not yet" }).click();
  await page.getByRole("button", { name: "Go on" }).waitFor();
  await page.context().close();
});

it("a change of the configuration is proposed by one administrator, applied by another, and gone back on", async () => {
  const first = await signIn("administrator");
  await first.goto(`${base}${home}configuration`);
  await first.getByRole("link", { name: "Propose a change" }).focus();
  await first.keyboard.press("Enter");
  await first.getByRole("link", { name: /inpatient-wards\.toml/ }).click();
  const text = first.getByLabel(/^Text/);
  const before = await text.inputValue();
  await text.fill(before.replace("beds = [9, 10, 11, 12]", "beds = [9, 10, 11, 12, 21]"));
  await first.getByRole("button", { name: "Check and propose" }).click();
  await first.getByText("There is a problem").waitFor();
  assert.ok((await text.inputValue()).includes("12, 21]"), "what was typed is there");
  await checkWidths(first, "product-configuration-propose");
  await first.getByLabel("Why, in one line").fill("A bed more in bay C");
  await first.keyboard.press("Enter");
  await first.getByRole("heading", { name: /^Proposed: version/ }).waitFor();
  assert.ok(await first.getByText("Waits for: a second person.").isVisible());
  assert.equal(await first.getByRole("button", { name: "Agree and apply" }).count(), 0);
  await checkWidths(first, "product-configuration-proposed");

  const second = await open(browser, base, home, { viewport: { width: 1280, height: 800 } });
  await fillSignIn(second, "administrator", 1);
  await second.goto(`${base}${home}configuration`);
  await second.getByRole("button", { name: "Agree and apply" }).focus();
  await second.keyboard.press("Enter");
  await second.getByText("Applied. It is live for everybody.").waitFor();
  await second.getByRole("button", { name: /^Go back/ }).first().click();
  await second.getByText("are proposed").waitFor();
  await first.reload();
  await first.getByRole("button", { name: "Agree and apply" }).click();
  await first.getByText("Applied. It is live for everybody.").waitFor();
  await first.context().close();
  await second.context().close();
});

it("packs of a major incident are made, and given with one click", async () => {
  const page = await signIn("clerk");
  await page.goto(`${base}${home}incident`);
  await page.getByLabel("How many numbers").fill("3");
  await page.keyboard.press("Enter");
  await page.getByText("The numbers are registered.").waitFor();
  await checkWidths(page, "product-incident");
  await page.getByRole("button", { name: /^By ambulance/ }).first().click();
  await page.getByText("They are on the board of the emergency department.").waitFor();
  assert.equal(await page.getByRole("button", { name: /^By ambulance/ }).count(), 2);
  await page.getByRole("link", { name: /^Say who this is/ }).click();
  await page.getByRole("heading", { name: "Say who this is" }).waitFor();
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

// Fills the form with the keyboard alone, from the first field on.
async function typePasswords(page, current, fresh, again = fresh) {
  await page.getByLabel("Current password").focus();
  for (const [id, word] of [["current", current], ["new", fresh], ["again", again]]) {
    assert.equal(await page.evaluate(() => document.activeElement.id), id);
    await page.keyboard.type(word);
    await page.keyboard.press("Tab");
  }
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), "Change password");
  await page.keyboard.press("Enter");
}

it("a person changes their password with the keyboard alone; a wrong one is refused and ends no session", async () => {
  const account = accountOf("clerk");
  const fresh = "three quiet otters swim";
  const page = await signIn("clerk");
  await page.goto(`${base}${home}account`);
  await page.getByRole("link", { name: "Change your password" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/password$/);
  await checkWidths(page, "product-password");

  await typePasswords(page, "not my password", fresh);
  await page.getByText("There is a problem").waitFor();
  assert.match(await page.evaluate(() => document.activeElement.className), /nhsuk-error-summary/);
  const current = page.getByLabel("Current password");
  assert.equal(await current.getAttribute("aria-invalid"), "true");
  const described = await current.getAttribute("aria-describedby");
  assert.match(await page.locator(`#${described}`).textContent(), /not your current password/);
  assert.equal(await page.locator("[aria-invalid]").count(), 1, "no other field is blamed");
  // Passwords are never sent back, and the page says so; the page, the session and the way on are kept.
  assert.ok(await page.getByText("type all three again").isVisible());
  for (const id of ["current", "new", "again"]) assert.equal(await page.locator(`#${id}`).inputValue(), "");
  await checkWidths(page, "product-password-refused");
  await page.getByRole("link", { name: /This is not your current password/ }).focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "current");
  const other = await page.context().newPage();
  await other.goto(`${base}${home}patients`);
  assert.match(other.url(), /patients$/, "still signed in");
  await other.close();

  await typePasswords(page, account.password, fresh, `${fresh} here`);
  await page.getByText("The two new passwords are not the same.").first().waitFor();
  assert.equal(await page.getByLabel("New password again").getAttribute("aria-invalid"), "true");

  const elsewhere = await signIn("clerk");
  await typePasswords(page, account.password, fresh);
  await page.getByText("Your password is changed.").waitFor();
  const before = account.password;
  account.password = fresh;
  await checkWidths(page, "product-password-changed");
  await page.goto(`${base}${home}patients`);
  assert.match(page.url(), /patients$/, "this session goes on");
  await elsewhere.goto(`${base}${home}patients`);
  assert.match(elsewhere.url(), /sign-in/, "every other one has ended");
  await elsewhere.getByLabel("User name").fill(account.name);
  await elsewhere.getByLabel("Password").fill(before);
  await elsewhere.keyboard.press("Enter");
  await elsewhere.getByText("There is a problem").waitFor();
  await elsewhere.context().close();
  await (await signIn("clerk")).context().close();
  await page.context().close();
});

it("the password is changed without script too", async () => {
  const account = accountOf("clerk");
  const page = await signIn("clerk", { viewport: { width: 390, height: 844 }, javaScriptEnabled: false });
  await page.goto(`${base}${home}password`);
  const fresh = "four quiet otters swim";
  await typeInto(page, { current: "not my password", new: fresh, again: fresh });
  assert.ok(await page.getByText("There is a problem").isVisible());
  await typeInto(page, { current: account.password, new: fresh, again: fresh });
  assert.ok(await page.getByText("Your password is changed.").isVisible());
  account.password = fresh;
  await page.context().close();
});

async function typeInto(page, fields) {
  for (const [id, word] of Object.entries(fields)) await page.locator(`#${id}`).fill(word);
  await page.getByRole("button", { name: "Change password" }).click();
  await page.waitForLoadState();
}

it("typing a surname is one search and one record, on disk before its rows are shown", async () => {
  const page = await signIn("clinician");
  await page.goto(`${base}${home}patients`);
  let asked = 0;
  page.on("request", (request) => (asked += request.url().includes("/found?") ? 1 : 0));
  await page.locator("#q").pressSequentially("oyelaran", { delay: 120 });
  const row = page.getByRole("link", { name: /OYELARAN/ });
  await row.waitFor();
  const patient = await row.getAttribute("href");
  const privacy = await signIn("privacy-officer");
  await privacy.goto(`${base}${patient}/who-has-looked?kind=search`);
  assert.match(await privacy.textContent("tbody"), /In a search.*1 view/s);
  assert.equal(await privacy.locator("tbody tr").count(), 1);
  assert.equal(asked, 1);
  await privacy.context().close();
  await page.context().close();
});

it("Enter does not wait, and Back brings the words and the rows again", async () => {
  const page = await signIn("clinician");
  await page.goto(`${base}${home}patients`);
  await page.locator("#q").pressSequentially("adeyemi");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "ADEYEMI, Folasade (Mrs)" }).click();
  await page.waitForURL(/adeyemi-folasade/);
  await page.goBack();
  assert.equal(await page.locator("#q").inputValue(), "adeyemi");
  await page.locator("#q").fill("norris");
  await page.getByRole("link", { name: /NORRIS/ }).click();
  await page.waitForURL(/norris/);
  await page.goBack();
  assert.equal(await page.locator("#q").inputValue(), "norris");
  assert.equal(await page.getByRole("link", { name: /NORRIS/ }).count(), 1);
  await page.context().close();
});

it("rows of an earlier question cannot be opened while the next answer is on its way", async () => {
  const page = await signIn("clinician");
  await page.goto(`${base}${home}patients?q=adeyemi`);
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route(/\/found\?/, async (route) => {
    await held;
    await route.continue();
  });
  await page.locator("#q").fill("norris");
  assert.equal(await page.locator("#found.is-stale").count(), 1);
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.evaluate(() => document.activeElement.id), "q");
  const reached = await page.locator("#found .al-rowlink").first().evaluate((row) => getComputedStyle(row).pointerEvents);
  assert.equal(reached, "none");
  release();
  await page.getByRole("link", { name: /NORRIS/ }).waitFor();
  assert.equal(await page.locator("#found.is-stale").count(), 0);
  await page.context().close();
});

it("a lost connection and an ended session lose nothing that was typed", async () => {
  const page = await signIn("clinician");
  await page.goto(`${base}${home}patients?q=adeyemi`);
  await page.route(/\/found\?/, (route) => route.abort());
  await page.locator("#q").fill("norris");
  await page.getByText("The search did not answer.").waitFor();
  assert.equal(await page.locator("#q").inputValue(), "norris");
  assert.equal(await page.locator("#found .al-rowlink").count(), 0, "no row of an earlier question is left");
  await page.unroute(/\/found\?/);
  const other = await page.context().newPage();
  await other.goto(`${base}${home}account`);
  await other.getByRole("main").getByRole("button", { name: "Lock" }).click();
  await other.waitForURL(/sign-in/);
  await page.locator("#q").fill("norris 1938");
  await page.waitForURL(/sign-in/);
  await fillSignIn(page, "clinician");
  assert.equal(await page.locator("#q").inputValue(), "norris 1938");
  assert.equal(await page.getByRole("link", { name: /NORRIS/ }).count(), 1);
  await page.context().close();
});

it("a name that was typed to sign in is kept when the password was wrong", async () => {
  const page = await open(browser, base, home, { viewport: { width: 1280, height: 800 } });
  await page.getByLabel("User name").fill("s.reily");
  await page.getByLabel("Password").fill("wrong");
  await page.keyboard.press("Enter");
  await page.getByText("There is a problem").waitFor();
  assert.equal(await page.getByLabel("User name").inputValue(), "s.reily");
  assert.equal(await page.getByLabel("Password").inputValue(), "");
  await page.context().close();
});

it("who has looked is narrowed by links alone, without script", async () => {
  const page = await signIn("privacy-officer", { viewport: { width: 1280, height: 800 }, javaScriptEnabled: false });
  const list = `${base}${home}patients/adeyemi-folasade/who-has-looked`;
  await page.goto(list);
  await page.goto(list);
  await page.getByRole("link", { name: "Opened" }).click();
  await page.getByRole("cell", { name: /Peter Okoro/ }).first().getByRole("link").click();
  assert.ok(await page.getByText("Show everyone").isVisible());
  await page.locator("tbody details summary").first().click();
  assert.ok(await page.locator("tbody details li").first().isVisible());
  await page.getByRole("link", { name: "Not let in" }).click();
  await page.getByRole("link", { name: "Clear filters" }).click();
  assert.ok((await page.locator("tbody tr").count()) > 0);
  await page.context().close();
});

it("who has changed the record is found beside who has looked, with and without script", async () => {
  for (const javaScriptEnabled of [true, false]) {
    const page = await signIn("privacy-officer", { viewport: { width: 1280, height: 800 }, javaScriptEnabled });
    await page.goto(`${base}${home}patients/adeyemi-folasade/who-has-looked`);
    const views = page.locator("#views");
    await views.getByRole("link", { name: "Changed", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/kind=changed/);
    assert.equal(await views.getByRole("link", { name: "Changed", exact: true }).getAttribute("aria-current"), "true");
    const rows = views.locator("tbody tr");
    assert.ok((await rows.count()) > 0);
    for (const text of await rows.allTextContents()) assert.match(text, /Changed.*(Added|changed) \d.*\d changes?|Changed.*1 change/s);
    const told = (await views.textContent()).toLowerCase();
    for (const word of ["penicillin", "creatinine", "apixaban"]) assert.ok(!told.includes(word), word);
    if (javaScriptEnabled) {
      // The load of the demonstration: more types than a line names are all there on request.
      await rows.locator("details summary").last().click();
      assert.match(await rows.locator("details[open] li").last().textContent(), /Added \d+ observations.*allergy intolerances?/);
      await checkWidths(page, "product-who-changed");
    }
    await views.getByRole("link", { name: "7 days" }).click();
    await page.waitForURL(/period=7d.*kind=changed/);
    await page.context().close();
  }
});

it("an address without a page is a page that leads back", async () => {
  const page = await signIn("clinician");
  await page.goto(`${base}/nowhere`);
  await checkWidths(page, "product-nowhere");
  await page.getByRole("link", { name: "Go to the start" }).click();
  await page.waitForURL((url) => url.pathname === home);
  await page.goto(`${base}${home}patients/nobody`);
  await checkWidths(page, "product-nobody");
  await page.context().close();
});

it("on a phone the time axis shows its newest end first", async () => {
  const page = await signIn("clinician", { viewport: { width: 390, height: 844 }, javaScriptEnabled: false });
  await page.goto(`${base}${home}patients/adeyemi-folasade`);
  const axis = await page.locator(".al-tl .al-scroll").boundingBox();
  const now = await page.locator(".al-tl line.now").boundingBox();
  assert.ok(now.x > axis.x && now.x < axis.x + axis.width, `now is at ${now.x} of ${axis.x} to ${axis.x + axis.width}`);
  await page.context().close();
});

it("on paper the patient is named and nothing is wider than the sheet", async () => {
  const page = await signIn("clinician", { viewport: { width: 718, height: 1000 } });
  await page.goto(`${base}${home}patients/adeyemi-folasade`);
  await page.emulateMedia({ media: "print" });
  assert.ok(await page.locator(".al-pb__name").isVisible());
  assert.ok(await page.getByText("penicillin: anaphylaxis").first().isVisible());
  for (const gone of [".al-bar", ".al-rail", ".al-sect"]) assert.ok(!(await page.locator(gone).isVisible()), gone);
  assert.ok(await page.getByText("Demonstration: invented patients").isVisible());
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(sideways <= 0, `${sideways} px wider than the sheet`);
  const content = await page.locator("main").boundingBox();
  assert.ok(content.width > 650, `the content is ${content.width} px wide`);
  await page.screenshot({ path: "target/screenshots/product-chart-print.png", fullPage: true });
  await page.context().close();
});
