// Two tabs of a real browser count together through the server of the counter example. `cargo xtask test browser` runs it; to run it
// alone: COUNTER=target/debug/counter node --test test/counter.js.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { flags, serve } from './server.js';

let server;
let browser;

before(async () => {
  server = await serve(process.env.COUNTER ?? '../../target/debug/counter', [], { PORT: '0' });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
});

after(async () => {
  await browser?.close();
  server?.stop();
});

test('two tabs share a counter, and a third sees what they counted', async () => {
  const complaints = [];
  const open = async () => {
    const page = await browser.newPage();
    page.on('console', message => complaints.push(message.text()));
    page.on('pageerror', error => complaints.push(String(error)));
    await page.goto(server.url);
    return page;
  };
  const shows = (page, count) => page.waitForSelector(`output:text-is("${count}")`, { timeout: 15_000 });
  const [ada, bob] = [await open(), await open()];
  await Promise.all([shows(ada, 0), shows(bob, 0)]);
  await ada.click('text=+');
  await shows(bob, 1);
  await bob.click('text=+');
  await shows(ada, 2);
  await ada.click('text=−');
  await shows(bob, 1);
  await shows(await open(), 1);
  assert.deepEqual(complaints, []);
});
