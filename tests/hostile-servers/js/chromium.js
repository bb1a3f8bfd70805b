// Runs the scenarios in Chromium: `node chromium.js HOST [NAME…]`. Prints a line of JSON for each.

import { createRequire } from 'node:module';

const require = createRequire(new URL('../../typescript/package.json', import.meta.url));
const { chromium } = require('playwright-core');

const [host, ...names] = process.argv.slice(2);
const say = line => process.stdout.write(`${JSON.stringify(line)}\n`);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
});
try {
  const page = await browser.newPage();
  page.on('pageerror', error => say({ uncaught: String(error?.stack ?? error) }));
  await page.exposeFunction('report', say);
  await page.goto(`http://${host}/page`);
  await page.evaluate(names => globalThis.runScenarios(names), names);
  say({ done: true });
} finally {
  await browser.close();
}
