// What the page of the chat example says of each message when its server is killed and brought back, in two tabs of a real browser.
//
// `cargo xtask test browser` runs it; by itself: CHAT=target/debug/chat node --test.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { flags, serve } from './server.js';

const chat = process.env.CHAT ?? '../../target/debug/chat';
const wait = { timeout: 45_000 };

let server;
let browser;

before(async () => {
  server = await serve(chat, ['--port', '0']);
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
});

after(async () => {
  await browser?.close();
  server?.signal('SIGKILL');
});

async function open(name, problems) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
  const page = await context.newPage();
  page.on('pageerror', error => problems.push(String(error)));
  await page.goto(server.url);
  await page.fill('#name', name);
  await page.click('text=Come in');
  await page.waitForSelector(`#state:has-text("connected as ${name}")`, wait);
  return page;
}

/** A message of the list. */
const said = text => `#messages li:has(.text:text-is("${text}"))`;

const isShownAs = (page, text, delivery) =>
  page.waitForSelector(`${said(text)}[data-delivery=${delivery}]`, wait);

test('the server is killed while somebody types, and brought back', { timeout: 180_000 }, async () => {
  const problems = [];
  const ada = await open('ada', problems);
  const bob = await open('bob', problems);
  const say = async text => {
    await ada.fill('#text', text);
    await ada.press('#text', 'Enter');
  };
  await ada.waitForSelector('#members :text-is("bob")', wait);
  await say('before');
  await isShownAs(ada, 'before', 'delivered');
  await bob.waitForSelector(said('before'), wait);

  // Written, but the server never reads it.
  server.signal('SIGSTOP');
  await say('written');
  await isShownAs(ada, 'written', 'sending');
  await ada.fill('#text', 'not ');
  server.signal('SIGKILL');
  for (const page of [ada, bob]) await page.waitForSelector('#state[data-state=connecting]', wait);
  await ada.press('#text', 'End');
  await ada.locator('#text').pressSequentially('written');
  await ada.press('#text', 'Enter');
  await isShownAs(ada, 'not written', 'sending');

  server = await serve(chat, ['--port', new URL(server.url).port]);
  for (const page of [bob, ada]) {
    await page.evaluate(() => dispatchEvent(new Event('online')));
    await page.waitForSelector('#state[data-state=open]', wait);
  }
  await isShownAs(ada, 'not written', 'delivered');
  await isShownAs(ada, 'written', 'unknown');
  await bob.waitForSelector(said('not written'), wait);
  await bob.waitForSelector('#messages .note:has-text("Some messages were missed")', wait);

  await say('after');
  await isShownAs(ada, 'after', 'delivered');
  await bob.waitForSelector(said('after'), wait);
  const count = (page, text) => page.locator(said(text)).count();
  for (const page of [ada, bob]) {
    for (const text of ['before', 'not written', 'after']) assert.equal(await count(page, text), 1, text);
  }
  assert.equal(await count(ada, 'written'), 1);
  assert.equal(await count(bob, 'written'), 0, 'nothing is sent again by itself');
  if (process.env.SCREENSHOTS) await ada.screenshot({ path: `${process.env.SCREENSHOTS}/delivery.png` });
  assert.deepEqual(problems, []);
});
