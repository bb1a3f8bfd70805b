// Two tabs of a real browser talk through the real server of the example: the whole way, from a key pressed in one to a
// line that appears in the other. `cargo xtask test browser` runs it; by itself: CHAT=target/debug/chat node --test.

import assert from 'node:assert/strict';
import { connect as dial, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { WebSocket } from 'ws';
import * as api from '../build/out/api.js';
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

/** A way to a port that can be cut; while it is, nobody gets through. */
async function line(port) {
  const sockets = new Set();
  let isCut = false;
  const relay = createServer(near => {
    if (isCut) return near.destroy();
    const far = dial(port, '127.0.0.1');
    for (const [from, to] of [[near, far], [far, near]]) {
      sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise(resolve => relay.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const stop = () => {
    cut();
    relay.close();
  };
  return { url: `ws://127.0.0.1:${relay.address().port}/ws`, cut, mend: () => (isCut = false), stop };
}

test('a client whose connection was cut receives what it missed, once and in order', { timeout: 60_000 }, async t => {
  const way = await line(new URL(server.url).port);
  const connect = (url, name) => api.connect(url, { auth: { name }, WebSocket });
  const ada = connect(way.url, 'ada');
  const bob = connect(server.url.replace('http', 'ws').replace(/\/?$/, '/ws'), 'bob');
  t.after(() => {
    ada.close();
    bob.close();
    way.stop();
  });
  const heard = [];
  let hear = () => {};
  const lobby = { roomId: 'history' };
  await ada.join(api.roomChannel, lobby, room => {
    room.on('gap', gap => {
      heard.push(gap);
      hear();
    });
    room.on(api.chatMessage, ({ text }) => {
      heard.push(text);
      hear();
    });
  });
  const presence = [];
  await bob.join(api.roomChannel, lobby, room => {
    room.on('presence', ({ event, member }) => {
      presence.push(`${member.info.name} ${event}`);
      hear();
    });
  });
  const said = [];
  const say = async () => {
    said.push(String(said.length));
    assert.deepEqual((await bob.call(api.chatSend, { ...lobby, text: said.at(-1) })).ok, true);
  };
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 3; i++) await say();
    const closed = new Promise(resolve => ada.on('close', resolve));
    way.cut();
    await closed;
    for (let i = 0; i < 3; i++) await say();
    way.mend();
    ada.retryNow();
    await say();
    const isBack = () => presence.filter(one => one === 'ada back').length > round;
    await new Promise(resolve => {
      hear = () => (heard.at(-1) === said.at(-1) || heard.some(one => typeof one === 'object')) && isBack() && resolve();
      hear();
    });
  }
  assert.deepEqual(heard, said);
  assert.deepEqual(presence.slice(-6), Array(3).fill(['ada away', 'ada back']).flat());
});
