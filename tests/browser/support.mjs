// What the browser tests share: servers that end with the test, one browser, and the checks that every page must pass.
// The servers are the program's own: the gallery (pages without a record) and `almoner demo` (pages with one).

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import test, { after } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
// The program as it was built.
export const binary = process.env.ALMONER_BINARY ?? join(root, "target/debug/almoner");
const shots = join(root, "target/screenshots");
const axeSource = readFileSync(join(root, "node_modules/axe-core/axe.min.js"), "utf8");

// The widths of the design: a desk, a ward's PC, a tablet, a phone; and the ward's PC at 400 % zoom. Those with `axe`
// are looked at by axe too: the layouts beside them have the same elements.
export const widths = [
  { width: 1440, height: 900, axe: true },
  { width: 1280, height: 800, axe: true },
  { width: 1024, height: 768 },
  { width: 390, height: 844, axe: true },
  { width: 320, height: 640 },
];

// Starts a program and waits for the first line that `read` makes something of.
export async function start(command, args, read, environment = {}) {
  const child = spawn(command, args, { cwd: root, env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
  const errors = [];
  child.stderr.on("data", (chunk) => errors.push(chunk));
  const lines = createInterface({ input: child.stdout });
  const found = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`${command} ended with ${code}: ${Buffer.concat(errors)}`)));
    const limit = setTimeout(() => reject(new Error(`${command} did not say where it listens`)), 600_000);
    const text = [];
    lines.on("line", (line) => {
      text.push(line);
      const value = read(text.join("\n"));
      if (value === undefined) return;
      clearTimeout(limit);
      resolve(value);
    });
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  return {
    found,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

// The gallery: every page with the demonstration's patients, no record and no sign-in.
export function startGallery() {
  const args = ["run", "--quiet", "--package", "portal", "--example", "gallery", "--", "127.0.0.1:0"];
  const built = process.env.ALMONER_GALLERY;
  const read = (text) => text.match(/http:\/\/[\d.:]+/)?.[0];
  return built ? start(built, ["127.0.0.1:0"], read) : start("cargo", args, read);
}

// `almoner demo` with data of its own; gives its address and the sign-ins by role.
async function startDemo() {
  if (!existsSync(binary)) return undefined;
  const data = mkdtempSync(join(tmpdir(), "almoner-browser-"));
  const read = (text) => {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  };
  const begin = (listen) => start(binary, ["demo", "--json", "--data", data, "--listen", listen], read, { RUST_LOG: "error" });
  let server = await begin("127.0.0.1:0");
  return {
    found: server.found,
    // Stops it and starts it again at the same address over the same data.
    async restart() {
      await server.stop();
      server = await begin(new URL(server.found.serving).host);
    },
    async stop() {
      await server.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

// The product for the tests of one file: `almoner demo` over its own data, a browser, `it` for a test over both, and
// sign-in by role. Where the program was not built the tests are skipped, but never in CI.
export async function product() {
  const demo = await startDemo();
  const browser = demo && (await launch());
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });
  const address = demo && new URL(demo.found.serving);
  const [base, home] = [address?.origin, address?.pathname];
  const it = (name, body) =>
    test(name, async (context) => {
      if (demo) return body();
      assert.ok(!process.env.CI, "the program was not built");
      return context.skip("target/debug/almoner is not there");
    });
  // The nth account of a role.
  const account = (role, nth = 0) => demo.found["sign-ins"].filter((account) => account.role === role)[nth];
  const fillSignIn = async (page, role, nth) => {
    const { name, password } = account(role, nth);
    await page.getByLabel("User name").fill(name);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL((url) => !url.pathname.includes("sign-in"));
    return page;
  };
  const signIn = async (role, options = { viewport: widths[0] }, nth = 0) =>
    fillSignIn(await open(browser, base, home, options), role, nth);
  return { demo, browser, base, home, it, account, fillSignIn, signIn };
}

export function launch() {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const args = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
  ];
  return chromium.launch({ executablePath, args });
}

// Opens a page that collects what the browser complains about: errors of scripts, refusals of the content policy,
// and requests that leave the host.
export async function open(browser, base, path, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.complaints = [];
  watch(page, base);
  if (path !== undefined) await page.goto(base + path);
  return page;
}

function watch(page, base) {
  page.on("console", (message) => {
    const expected = /status of (40[0-9]|422|429)/.test(message.text());
    if (message.type() === "error" && !expected) page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(base)) page.complaints.push(`asked elsewhere: ${request.url()}`);
  });
}

// What every page must be: not wider than the window, one main heading, clean by axe, without complaints.
export async function checkPage(page, name, axe = true) {
  const { width } = page.viewportSize();
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(sideways <= 0, `${name} at ${width} is ${sideways} px too wide`);
  assert.equal(await page.locator("h1").count(), 1, `${name} has one main heading`);
  if (axe) assert.deepEqual(await violations(page), [], `${name} at ${width}: axe`);
  assert.deepEqual(page.complaints, [], `${name} at ${width}: the browser complains`);
}

// The same page at every width, with a screenshot of each.
export async function checkWidths(page, name) {
  for (const { width, height, axe } of widths) {
    await page.setViewportSize({ width, height });
    await checkPage(page, name, axe === true);
    await shoot(page, name);
  }
  await page.setViewportSize({ width: widths[0].width, height: widths[0].height });
}

async function violations(page) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axeSource);
  const found = await page.evaluate(async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const results = await window.axe.run(document, { runOnly: { type: "tag", values: tags } });
    return results.violations.map((violation) => ({
      id: violation.id,
      nodes: violation.nodes.slice(0, 5).map((node) => `${node.html.slice(0, 160)} | ${node.failureSummary}`),
    }));
  });
  return found;
}

async function shoot(page, name) {
  mkdirSync(shots, { recursive: true });
  const { width } = page.viewportSize();
  await page.screenshot({ path: join(shots, `${name}-${width}.png`), fullPage: width > 700 });
}
