// `npm run test:browser`: pages in a real browser. Screenshots go to target/screenshots, for people to look at.
// Every suite of this folder runs: one that nobody names here would look as if it had passed.

import { readdirSync } from "node:fs";

const here = new URL(".", import.meta.url);
const suites = readdirSync(here).filter((name) => name.endsWith(".test.mjs"));
await Promise.all(suites.map((name) => import(new URL(name, here))));
