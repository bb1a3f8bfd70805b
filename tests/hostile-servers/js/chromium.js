// Runs scenarios in Chromium: `node chromium.js HOST GROUP…`. A group is words with commas between them: a page of its own gets them. Groups run side by
// side; those behind the word `then` begin when those before it are done. Prints a line of JSON for each scenario.

import { createRequire } from 'node:module';

const require = createRequire(new URL('../../typescript/package.json', import.meta.url));
const { chromium } = require('playwright-core');

const [host, ...groups] = process.argv.slice(2);
const say = line => process.stdout.write(`${JSON.stringify(line)}\n`);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
});

/** Has a page of its own run what words say. */
async function runIn(words) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.on('pageerror', error => say({ uncaught: String(error?.stack ?? error) }));
  await page.exposeFunction('report', say);
  await page.goto(`http://${host}/page`);
  await page.evaluate(words => globalThis.runScenarios(words), words);
  await context.close();
}

try {
  while (groups.length > 0) {
    const then = groups.indexOf('then');
    const together = groups.splice(0, then < 0 ? groups.length : then + 1).filter(group => group !== 'then');
    await Promise.all(together.map(group => runIn(group.split(','))));
  }
  say({ done: true });
} finally {
  await browser.close();
}
