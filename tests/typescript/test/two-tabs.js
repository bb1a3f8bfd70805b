// Two tabs of a real browser talk through the real server of the example: the whole way, from a key pressed in one to a
// line that appears in the other. `cargo xtask test browser` runs it; by itself: CHAT=target/debug/chat node --test.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { flags, serve } from './server.js';

const chat = process.env.CHAT ?? '../../target/debug/chat';
const wait = { timeout: 15_000 };

let server;
let browser;

before(async () => {
  server = await serve(chat, ['--port', '0']);
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
});

after(async () => {
  await browser?.close();
  server?.stop();
});

async function open(name, words) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
  const page = await context.newPage();
  page.on('console', message => words.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', error => words.push(String(error)));
  await page.goto(server.url);
  await page.fill('#name', name);
  await page.click('text=Come in');
  await page.waitForSelector(`#state:has-text("connected as ${name}")`, wait);
  return page;
}

test('a message sent from one tab appears in the other, and a price moves', async () => {
  const words = [];
  const ada = await open('ada', words);
  const bob = await open('bob', words);

  await ada.waitForSelector('#members :text-is("bob")', wait);
  await ada.fill('#text', 'Hello from the first tab');
  await ada.click('text=Send');
  await bob.waitForSelector('#messages :text-is("Hello from the first tab")', wait);

  await ada.locator('#text').pressSequentially('And');
  await bob.waitForSelector('#typing:has-text("ada")', wait);

  await bob.fill('#text', '<b>not bold</b>');
  await bob.press('#text', 'Enter');
  await ada.waitForSelector('#messages :text-is("<b>not bold</b>")', wait);

  const price = bob.locator('text=/^\\d+\\.\\d\\d$/').first();
  const first = await price.innerText(wait);
  await bob.waitForFunction(
    ([before]) => !document.body.innerText.includes(before),
    [first],
    wait,
  );
  if (process.env.SCREENSHOTS) await ada.screenshot({ path: `${process.env.SCREENSHOTS}/two-tabs.png` });

  await bob.context().close();
  await ada.waitForSelector('#members :text-is("bob")', { ...wait, state: 'detached' });
  assert.deepEqual(words, [], 'neither page complains');
});
