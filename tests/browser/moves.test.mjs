// A trust moves between two real hosts on the pages alone: planned, copied, rehearsed, sealed by two people, and overseen by
// somebody who reads the exit plan and nothing else. Every page at every width, clean by axe; the acts work without script.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { binary, checkWidths, launch, open, start, widths } from "./support.mjs";

const folder = mkdtempSync(join(tmpdir(), "almoner-moves-"));
const hosts = {};
const passwords = {};
let browser;

function command(host, args) {
  const data = join(folder, host);
  const said = spawnSync(binary, [...args, "--json", "--data", data], { cwd: folder, encoding: "utf8" });
  return { code: said.status, said: said.stdout ? JSON.parse(said.stdout) : undefined, err: said.stderr };
}

const json = (host, args) => {
  const { code, said, err } = command(host, args);
  assert.equal(code, 0, `${args.join(" ")}: ${err}`);
  return said;
};

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

async function serve(host) {
  const address = `127.0.0.1:${await freePort()}`;
  const args = ["serve", "--json", "--data", join(folder, host), "--listen", "127.0.0.1:0", "--move-listen", address];
  const server = await start(binary, args, (text) => text.match(/"serving":"([^"]+)"/)?.[1], { ALMONER_LOG: "error" });
  hosts[host] = { base: server.found, address, stop: server.stop, key: json(host, ["move", "key"]).moved.key.key };
}

function user(host, trust, name, display, role) {
  passwords[name] = json(host, ["user", "add", "--trust", trust, "--name", name, "--display", display, "--role", role]).user.password;
}

async function signIn(host, path, name, options = { viewport: widths[0] }) {
  const page = await open(browser, hosts[host].base, path, options);
  page.setDefaultTimeout(20_000);
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password").fill(passwords[name]);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => !url.pathname.includes("sign-in"));
  return page;
}

const isBuilt = existsSync(binary);
const it = (name, body) =>
  test(name, (context) => {
    if (isBuilt) return body();
    assert.ok(!process.env.CI, "the program was not built");
    return context.skip("target/debug/almoner is not there");
  });

before(async () => {
  if (!isBuilt) return;
  json("alder", ["trust", "add", "--code", "RMG", "--name", "Marshgate General"]);
  json("birch", ["trust", "add", "--code", "OVER", "--name", "Estuary consortium"]);
  const lines = Array.from({ length: 1500 }, (_, n) =>
    JSON.stringify({ resourceType: "Patient", id: `p${n}`, name: [{ family: `Moved${n}`, given: ["Sam"] }] }));
  writeFileSync(join(folder, "p.ndjson"), lines.join("\n"));
  assert.equal(json("alder", ["load", "--trust", "RMG", join(folder, "p.ndjson")]).loaded.stored, 1500);
  user("alder", "RMG", "m.tanaka", "Mei Tanaka", "operator");
  user("alder", "RMG", "r.osborne", "Ruth Osborne", "administrator");
  user("alder", "RMG", "s.reilly", "Sinead Reilly", "clinician");
  user("birch", "OVER", "b.lee", "Bo Lee", "operator");
  user("birch", "OVER", "r.adair", "Ruth Adair", "overseer");
  await serve("alder");
  await serve("birch");
  // Each witnesses for the other.
  for (const [host, other] of [["alder", "birch"], ["birch", "alder"]]) {
    json(host, ["witness", "add", "--address", hosts[other].address, "--key", hosts[other].key]);
  }
  json("alder", ["witness", "ask"]);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await Promise.all(Object.values(hosts).map((host) => host.stop()));
  rmSync(folder, { recursive: true, force: true });
});

let ticket;

it("a move is begun with a ticket, planned, and nothing is said to hold that nobody has checked", async () => {
  const page = await signIn("alder", "/t/RMG/moves", "m.tanaka");
  await page.getByText("Nothing moves here.").waitFor();
  await page.getByLabel("Which trust").selectOption("RMG");
  await page.getByLabel("Where the other host is reached").fill(hosts.birch.address);
  await page.getByLabel("Its key").fill("no key");
  await page.getByRole("button", { name: "Make the ticket" }).click();
  await page.getByRole("alert").getByText("no key of a host").waitFor();
  await checkWidths(page, "moves");
  await page.getByLabel("Its key").fill(hosts.birch.key);
  await page.getByRole("button", { name: "Make the ticket" }).click();
  await page.getByRole("heading", { level: 1, name: /Move Marshgate General/ }).waitFor();
  assert.equal(await page.locator("#mv-proof .al-mark--ok").count(), 0);
  assert.equal(await page.locator("#mv-readiness .al-mark--ok").count(), 0);
  assert.ok(await page.getByRole("button", { name: "Seal and cut over" }).isDisabled());
  ticket = await (await page.request.get(`${hosts.alder.base}/t/RMG/moves/RMG/file/ticket`)).text();
  assert.match(ticket, /^almoner move ticket 1/);

  await page.getByLabel("Deadline").fill("1 1 2020");
  await page.getByRole("button", { name: "Keep the plan" }).click();
  await page.getByRole("alert").getByText("must be a day to come").waitFor();
  await page.getByLabel("Deadline").fill("t+90");
  await page.getByLabel("Bandwidth in megabits").fill("100");
  await page.getByLabel("Days to follow and rehearse").fill("0");
  await page.getByRole("button", { name: "Keep the plan" }).click();
  await page.locator("#mv-dates").getByText("Latest safe start").waitFor();
  assert.match(await page.locator("#mv-dates").textContent(), /Slack 75 days|Slack 76 days/);
  const before = await page.locator("#mv-dates").textContent();
  await page.getByLabel("Copying from, time of day").fill("02:00");
  await page.getByLabel("Copying until, time of day").fill("02:01");
  await page.getByLabel("With so many megabits").fill("1");
  await page.getByRole("button", { name: "Estimate" }).click();
  await page.locator("#mv-dates").getByText("What if:").waitFor();
  assert.notEqual(await page.locator("#mv-dates").textContent(), before);
  await checkWidths(page, "move-planned");
  await page.context().close();
});

it("who is no operator sees no moves, and nobody acts without a sign-in", async () => {
  const page = await signIn("alder", "/t/RMG/account", "s.reilly");
  for (const path of ["moves", "moves/RMG", "oversight", "host", "status-report"]) {
    assert.equal((await page.goto(`${hosts.alder.base}/t/RMG/${path}`)).status(), 403, path);
  }
  await page.context().close();
  const admin = await signIn("alder", "/t/RMG/moves/RMG", "r.osborne");
  assert.equal(await admin.getByRole("button", { name: "Keep the plan" }).count(), 0);
  await admin.getByRole("heading", { name: "Plan", exact: true }).click();
  await admin.getByText("The plan is changed by operators of the host.").waitFor();
  await admin.getByText("Bandwidth in megabits a second").waitFor();
  assert.equal((await admin.goto(`${hosts.alder.base}/t/RMG/oversight`)).status(), 403);
  await admin.context().close();
});

it("the other host copies, follows and rehearses on its page, without script", async () => {
  const page = await signIn("birch", "/t/OVER/moves", "b.lee", { viewport: widths[0], javaScriptEnabled: false });
  await page.getByLabel("The ticket").fill(ticket.replace("Marshgate", "Marshgale"));
  await page.getByRole("button", { name: "Begin to copy" }).click();
  await page.getByText("changed after its source had signed it").first().waitFor();
  await page.getByLabel("The ticket").fill(ticket);
  await page.getByRole("button", { name: "Begin to copy" }).click();
  const until = async (seen) => {
    for (let tries = 0; tries < 100; tries += 1) {
      if (await seen()) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
      await page.reload();
    }
    assert.fail(await page.locator("#main").textContent());
  };
  const button = page.getByRole("button", { name: "Rehearse now" });
  await until(() => button.isVisible());
  for (const times of [1, 2, 3]) {
    await button.click();
    await until(async () => (await page.locator("#mv-rehearsed").getByText("Passed").count()) === times);
  }
  await page.context().close();
});

it("what is missing is named, the second person is another one, and two people cut the trust over", async () => {
  const page = await signIn("alder", "/t/RMG/moves/RMG", "m.tanaka");
  await page.getByText("Live, as at").waitFor();
  const readiness = page.locator("#mv-readiness");
  await readiness.getByText("Way back rehearsed: Not rehearsed yet.").waitFor();
  await readiness.getByText("Second person ready: Nobody else").waitFor();
  const refused = command("alder", ["move", "cut", "--trust", "RMG"]);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /sealed by two people.*Way back rehearsed.*Second person ready/);
  await readiness.getByRole("button", { name: "Rehearse it" }).click();
  await page.getByText(/Rehearsed at entry/).waitFor();
  await readiness.getByRole("button", { name: "Say so" }).click();
  await readiness.getByRole("button", { name: "I am ready" }).click();
  // Compared by itself, or because somebody said that they are ready.
  await page.locator("#mv-proof .al-mark--ok").nth(4).waitFor();
  await page.locator("#mv-merkle").getByText("Merkle roots agree").waitFor();
  await page.locator("#mv-merkle").getByText(/^Witnessed by almoner-\w+, up to entry \d+ of/).waitFor();
  await page.locator("#mv-merkle").getByText("(source, this host)").waitFor();
  // What is counted on both hosts has a bar; what neither has is no bar that looks like something copied.
  const copied = page.locator("#mv-copied");
  assert.equal(await copied.getByRole("img", { name: "People: 100.0 %" }).count(), 1);
  assert.equal(await copied.getByRole("img", { name: /^Access journal: / }).count(), 1);
  assert.equal(await copied.getByRole("img", { name: /^Documents/ }).count(), 0);
  await copied.getByText("none on either host").first().waitFor();
  await readiness.getByText(/Mei Tanaka.*, \d{2}-\w{3}-\d{4} \d{2}:\d{2}$/).first().waitFor();
  await readiness.getByText("Second person ready: Nobody else").waitFor();
  assert.ok(await readiness.getByRole("button", { name: "Seal and cut over" }).isDisabled(), "nobody is their own second person");
  await checkWidths(page, "move-following");

  const second = await signIn("alder", "/t/RMG/moves/RMG", "r.osborne");
  await second.locator("#mv-readiness").getByRole("button", { name: "I am ready" }).click();
  const typed = page.getByLabel("Type the trust’s name to arm the button");
  await typed.waitFor();
  await checkWidths(page, "move-armed");
  const seal = page.getByRole("button", { name: "Seal and cut over" });
  await typed.fill("Marshgate");
  await seal.click();
  await page.getByText("Type the trust’s name as it is written").waitFor();
  await typed.fill("Marshgate General");
  await seal.click();
  await page.getByText("has asked for it").waitFor();
  assert.equal(await page.getByRole("button", { name: /^Agree/ }).count(), 0, "who asked does not agree");
  const agree = second.getByRole("button", { name: /^Agree/ });
  await agree.waitFor();
  await checkWidths(second, "move-asked");
  const begun = Date.now();
  await agree.click();
  // Whoever was signed in at the old host is answered by the new one.
  await second.waitForFunction(() => fetch(location.href).then((answer) => answer.text()).then((text) => text.includes("6 Way back") && /Going back is the same cut/.test(text) && text.includes("writes, and")));
  console.log(`cut over and answered by the other host after ${Date.now() - begun} ms`);
  await second.goto(`${hosts.alder.base}/t/RMG/moves/RMG`);
  await second.locator("#mv-back").getByText(/The way back closes on/).waitFor();
  await checkWidths(second, "move-live");
  await second.context().close();
  await page.context().close();
  const there = await signIn("birch", "/t/OVER/moves/RMG", "b.lee");
  await there.getByRole("link", { name: "Certificate (PDF)" }).waitFor();
  const paper = await there.request.get(`${hosts.birch.base}/t/OVER/moves/RMG/file/certificate.pdf`);
  assert.equal(paper.headers()["content-type"], "application/pdf", "the host that took it over has the certificate too");
  await there.context().close();
  const status = json("birch", ["move", "status"]).moved.status[0];
  assert.deepEqual([status.phase, status.writes], ["live", true]);
});

it("the exit plan shows every trust from signed reports, names what it refuses, and an overseer reads nothing else", async () => {
  json("birch", ["oversight", "plan", "--consortium", "Estuary consortium", "--deadline", "2030-01-31", "--cost-per-day", "41000"]);
  json("birch", ["oversight", "host", "--key", hosts.alder.key, "--name", "Alder hall"]);
  const report = json("alder", ["status-report"]).overseen.report.text;
  assert.doesNotMatch(report, /Moved\d|Sam/);
  writeFileSync(join(folder, "a.report"), report);
  writeFileSync(join(folder, "b.report"), report.replace("people 1500", "people 1501"));
  assert.equal(json("birch", ["oversight", "take", join(folder, "a.report")]).overseen.taken[0].refused, null);
  for (const [file, why] of [["a.report", /replayed/], ["b.report", /changed after/]]) {
    const { code, said } = command("birch", ["oversight", "take", join(folder, file)]);
    assert.equal(code, 1);
    assert.match(said.overseen.taken[0].refused, why);
  }
  const page = await signIn("birch", "/t/OVER/oversight", "r.adair");
  await page.getByRole("heading", { level: 1, name: "Exit plan: Estuary consortium" }).waitFor();
  await page.getByRole("row", { name: /Marshgate General/ }).getByText("Moved").waitFor();
  await page.getByText("is replayed").first().waitFor();
  await page.getByText("was changed after").first().waitFor();
  assert.doesNotMatch(await page.content(), /Moved\d/);
  await checkWidths(page, "oversight-live");
  for (const path of ["host", "moves", "patients", "emergency"]) {
    assert.notEqual((await page.goto(`${hosts.birch.base}/t/OVER/${path}`)).status(), 200, path);
  }
  await page.context().close();
  // By address, with an overseer's token at the other host.
  const token = json("birch", ["token", "--trust", "OVER", "--role", "overseer", "--ttl", "1h"]).token.token;
  const url = `${hosts.birch.base}/t/OVER/status-report`;
  json("birch", ["oversight", "host", "--key", hosts.birch.key, "--name", "Birch hall"]);
  assert.equal(json("birch", ["oversight", "take", url, "--token", token]).overseen.taken[0].refused, null);
  const without = command("birch", ["oversight", "take", url]);
  assert.match(without.said.overseen.taken[0].refused, /401/);
});

it("the host page follows its trusts while somebody looks", async () => {
  const page = await signIn("birch", "/t/OVER/host", "b.lee");
  await page.getByText("Live, as at").waitFor();
  await page.getByRole("row", { name: /Marshgate General/ }).getByText(/Moved here from/).waitFor();
  await checkWidths(page, "host-live");
  await page.context().close();
});
