// Runs the scenarios in Chromium: `node chromium.js HOST NAME…`. Prints a line of JSON for each.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../typescript/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const scenarios = JSON.parse(readFileSync(new URL('../scenarios.json', import.meta.url), 'utf8'));

/** How many pages share the scenarios. Chromium delays the connections of a page's process by 2 to the power of how many of them are pending. */
const PAGES = 4;

const [host, ...names] = process.argv.slice(2);
const say = line => process.stdout.write(`${JSON.stringify(line)}\n`);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
});
/** Runs scenarios in a page of its own. */
async function runIn(names) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.on('pageerror', error => say({ uncaught: String(error?.stack ?? error) }));
  await page.exposeFunction('report', say);
  await page.goto(`http://${host}/page`);
  await page.evaluate(names => globalThis.runScenarios(names), names);
  await context.close();
}

try {
  const asked = scenarios.filter(({ name }) => names.includes(name));
  const together = asked.filter(({ alone }) => !alone).map(({ name }) => name);
  const shares = Array.from({ length: PAGES }, (_, i) => together.filter((_, at) => at % PAGES === i));
  await Promise.all(shares.map(runIn));
  await runIn(asked.filter(({ alone }) => alone).map(({ name }) => name));
  say({ done: true });
} finally {
  await browser.close();
}
