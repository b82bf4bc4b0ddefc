// The pages over data that we did not invent: a slice of the Synthea suite in a trust of its own, loaded by the program as an
// operator would. Long histories, names with accents and the dead come with it; what the pages do with them must look right too.
// Skipped where the program or the suite is missing, but never in CI.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { binary, checkPage, checkWidths, launch, open, root, start, widths } from "./support.mjs";

// She has 106 encounters; his name has an accent, and he died.
const mostEncounters = "Babara_Rice_";
const died = "Bernardo_Ord";
// Files beside these two, the smallest first: together about 2,300 resources.
const others = 14;

const archive = join(process.env.ALMONER_SUITES ?? join(root, "../shared/suites"), "synthea-150.tar.gz");
const isThere = existsSync(binary) && existsSync(archive);
const folder = mkdtempSync(join(tmpdir(), "almoner-synthea-"));
const accounts = { clinician: "a.wright", "privacy-officer": "p.okoro", operator: "m.tanaka" };
const passwords = {};
let server;
let browser;

const it = (name, body) =>
  test(name, (context) => {
    if (isThere) return body();
    assert.ok(!process.env.CI, "the program or the suite is missing");
    return context.skip("the program or the suite synthea-150 is not there");
  });

function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 64 << 20 });
  assert.equal(status, 0, `${command} ${args[0]}: ${stderr}`);
  return stdout;
}

const json = (args) => JSON.parse(run(binary, [...args, "--json", "--data", join(folder, "data")]));

// The files of the slice, taken out of the archive: hospitals and practitioners, which others refer to, then the patients.
function slice() {
  const sizes = run("tar", ["-tvzf", archive, "--quoting-style=literal"])
    .split("\n")
    .map((line) => line.match(/\s(\d+) \d{4}-\S+ \S+ (.+\.json)$/))
    .filter((line) => line)
    .map(([, size, name]) => ({ name, size: Number(size) }))
    .sort((a, b) => a.size - b.size || a.name.localeCompare(b.name));
  const named = (start) => sizes.filter(({ name }) => name.replace(/^.*\//, "").startsWith(start));
  const first = sizes.filter(({ name }) => name.includes("Information"));
  const patients = [...sizes.filter((file) => !first.includes(file)).slice(0, others), ...named(mostEncounters), ...named(died)];
  const names = [...new Set([...first, ...patients].map(({ name }) => name))];
  mkdirSync(join(folder, "files"));
  run("tar", ["-xzf", archive, "-C", join(folder, "files"), ...names]);
  assert.equal(readdirSync(join(folder, "files"), { recursive: true }).filter((name) => name.endsWith(".json")).length, names.length);
  return names.map((name) => join(folder, "files", name));
}

before(async () => {
  if (!isThere) return;
  json(["trust", "add", "--code", "SYN", "--name", "Synthea", "--demonstration"]);
  for (const [role, name] of Object.entries(accounts)) {
    const args = ["user", "add", "--trust", "SYN", "--name", name, "--display", name, "--role", role];
    passwords[role] = json(args).user.password;
  }
  const { loaded } = json(["load", "--trust", "SYN", ...slice()]);
  assert.deepEqual([loaded.refused, loaded.stopped], [0, null], JSON.stringify(loaded.refusals));
  assert.ok(loaded.stored > 1_500, `${loaded.stored} resources`);
  const args = ["serve", "--json", "--data", join(folder, "data"), "--listen", "127.0.0.1:0"];
  server = await start(binary, args, (text) => text.match(/"serving":"([^"]+)"/)?.[1], { ALMONER_LOG: "error" });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const at = (path) => `${new URL(server.found).origin}/t/SYN/${path}`;

// Signs in by keyboard alone.
async function signIn(role, path) {
  const page = await open(browser, new URL(server.found).origin, `/t/SYN/${path}`, { viewport: widths[0] });
  page.setDefaultTimeout(20_000);
  await page.getByLabel("User name").focus();
  await page.keyboard.type(accounts[role]);
  await page.keyboard.press("Tab");
  await page.keyboard.type(passwords[role]);
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.pathname.includes("sign-in"));
  return page;
}

it("patients are found by keyboard, with and without the accents of their names", async () => {
  const page = await signIn("clinician", "patients");
  assert.equal(await page.evaluate(() => document.activeElement.id), "q");
  await page.keyboard.type("hoeger");
  await page.getByRole("link", { name: "HOEGER, Chet" }).waitFor();
  assert.ok(await page.getByRole("link", { name: "HOEGER, Buster" }).isVisible());
  await checkWidths(page, "synthea-search");
  // Whoever has died is shown when asked for.
  for (const typed of ["ordonez", "Ordóñez bernardo", "29 jun 1957"]) {
    await page.goto(at(`patients?q=${encodeURIComponent(typed)}`));
    await page.getByRole("link", { name: /also match(es)?: show/ }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "ORDÓÑEZ, Bernardo" }).waitFor();
  }
  await page.getByRole("link", { name: "ORDÓÑEZ, Bernardo" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("Died").first().waitFor();
  await checkWidths(page, "synthea-chart-died");
  await page.context().close();
});

it("a chart with a hundred encounters is right at every width, and its access is on the privacy officer's list", async () => {
  const page = await signIn("clinician", "patients?q=rice+babara");
  await page.getByRole("link", { name: "RICE, Babara" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => /patients\/[^/]+$/.test(url.pathname));
  await checkWidths(page, "synthea-chart");
  const chart = page.url().replace(/[?#].*$/, "");
  for (const span of ["10y", "list"]) {
    await page.goto(`${chart}?span=${span}`);
    await checkWidths(page, `synthea-chart-${span}`);
  }
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
  await checkPage(page, "synthea-chart with everything open");
  await page.context().close();
  const officer = await signIn("privacy-officer", "patients");
  await officer.goto(`${chart}/who-has-looked`);
  assert.ok((await officer.locator("table").first().textContent()).includes(accounts.clinician));
  await checkWidths(officer, "synthea-who-looked");
  await officer.context().close();
});

it("the host page shows the trust as it was loaded", async () => {
  const page = await signIn("operator", "host");
  await page.getByRole("row", { name: /Synthea/ }).first().waitFor();
  await checkWidths(page, "synthea-host");
  await page.context().close();
});
