// The page of the chat example in a real browser, against a small server made here. `SCREENSHOTS=folder` keeps pictures.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { protocol } from '../build/out/api.js';
import { pages } from '../page.js';

const folder = fileURLToPath(pages.chat);
const served = { '/': 'index.html', '/style.css': 'style.css', '/dist/main.js': 'dist/main.js' };
const types = { html: 'text/html', css: 'text/css', js: 'text/javascript' };
const arguments_ = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const sockets = new Set();
const server = createServer(({ url }, response) => {
  const file = served[url];
  if (file === undefined) return response.writeHead(404).end();
  response.writeHead(200, { 'content-type': types[file.split('.').at(-1)] }).end(readFileSync(join(folder, file)));
});

/** Just enough of RFC 6455 for text frames of up to 64 KiB. */
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: chat.v1+json\r\n\r\n`,
  );
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  let unread = Buffer.alloc(0);
  socket.on('data', data => {
    unread = Buffer.concat([unread, data]);
    for (;;) {
      if (unread.length < 2) return;
      const long = (unread[1] & 0x7f) === 126;
      const header = long ? 8 : 6;
      if (unread.length < header) return;
      const length = long ? unread.readUInt16BE(2) : unread[1] & 0x7f;
      if (unread.length < header + length) return;
      const mask = unread.subarray(header - 4, header);
      const text = unread.subarray(header, header + length).map((byte, i) => byte ^ mask[i % 4]);
      const opcode = unread[0] & 0x0f;
      unread = unread.subarray(header + length);
      if (opcode === 8) return socket.destroy();
      answer(JSON.parse(Buffer.from(text).toString()), message => say(socket, message));
    }
  });
});

function say(socket, message) {
  const text = Buffer.from(JSON.stringify(message));
  const header =
    text.length < 126
      ? Buffer.from([0x81, text.length])
      : Buffer.from([0x81, 126, text.length >> 8, text.length & 255]);
  socket.write(Buffer.concat([header, text]));
}

const broadcast = message => sockets.forEach(socket => say(socket, message));
const heard = [];
let seq = 40;

let sessions = 0;

/** A member as the session's `presence` has it. */
function member(name, more = {}, device = 'browser') {
  return { id: `session-${++sessions}`, info: { name, device }, ...more };
}

/** Answers to joins that wait. */
const slow = [];
let isSlow = false;

function answer(message, reply) {
  const { type, payload, id } = message;
  if (isSlow && type === 'room.join') return slow.push(() => answer(message, reply));
  heard.push({ type, payload });
  const channel = `room:${payload?.roomId}`;
  switch (type) {
    case 'hello':
      return reply({ type: 'ready', payload: { version: protocol.version, hash: protocol.hash } });
    case 'room.join': {
      reply({ type: 'room.joined', id, channel, seq, epoch: 'e', payload: { topic: 'Whatever comes up' } });
      const members = [member('ada'), member('bob'), member('cy', { away: true }), member('ada')];
      return reply({ type: 'presence', payload: { channel, event: 'list', count: 4, self: members[0].id, members } });
    }
    case 'room.leave':
      return reply({ type: 'room.left', id });
    case 'chat.send': {
      const { text, attachments } = payload;
      if (text === 'refuse this') {
        return reply({ type: 'error', id, payload: { code: 'RATE_LIMITED', message: 'too many messages', retryable: true } });
      }
      reply({ type: 'chat.sent', id });
      return broadcast({
        type: 'chat.message',
        channel,
        seq: ++seq,
        payload: { from: 'ada', text, ...(attachments && { attachments }) },
      });
    }
    case 'prices.watch': {
      reply({ type: 'prices.watching', id });
      for (let i = 0; i < 40; i++) {
        for (const [j, symbol] of payload.symbols.entries()) {
          const price = (60000 / 8 ** j + Math.sin(i / (3 + j)) * 40 + i * (3 - 4 * (j % 2))).toFixed(2);
          const change = j === 1 ? -0.0123 : 0.0207;
          reply({ type: 'prices.tick', id, payload: { symbol, price, side: i % 3 ? 'buy' : 'sell', change } });
        }
      }
      return;
    }
    case 'prices.book': {
      const levels = step =>
        Array.from({ length: 8 }, (_, i) => [
          (60118 + step * (i + 1) * 0.5).toFixed(2),
          (0.2 + ((i * 7) % 5) / 3).toFixed(4),
        ]);
      return reply({
        type: 'prices.snapshot',
        id,
        payload: { symbol: payload.symbol, bids: levels(-1), asks: levels(1) },
      });
    }
  }
}

let browser;

before(async () => {
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: arguments_ });
});

after(async () => {
  await browser?.close();
  for (const socket of sockets) socket.destroy();
  await new Promise(resolve => server.close(resolve));
});

async function open(viewport) {
  const tab = await browser.newPage({ viewport, colorScheme: viewport.width < 600 ? 'dark' : 'light' });
  const problems = [];
  tab.on('pageerror', error => problems.push(String(error)));
  tab.on('console', message => message.type() === 'error' && problems.push(message.text()));
  await tab.goto(`http://127.0.0.1:${server.address().port}/`);
  await tab.fill('#name', 'ada');
  await tab.click('#who-form button');
  await tab.waitForSelector('#state[data-state=open]');
  await tab.waitForSelector('.members li');
  await tab.waitForSelector('#book tr');
  return { tab, problems };
}

const picture = async (tab, name) => {
  if (process.env.SCREENSHOTS !== undefined)
    await tab.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });
};

test('people talk, and nothing they say is markup', async () => {
  const { tab, problems } = await open({ width: 1280, height: 800 });
  await tab.fill('#text', '<img src=x onerror=alert(1)> & good morning');
  await tab.press('#text', 'Enter');
  await tab.waitForSelector('.messages .text');
  assert.equal(await tab.textContent('.messages .text'), '<img src=x onerror=alert(1)> & good morning');
  assert.ok(heard.some(({ type }) => type === 'user.typing'));

  const attachments = [
    { kind: 'snippet', text: 'const client = connect(url);\nroom.on(chatMessage, show);', language: 'ts' },
    { kind: 'image', url: 'javascript:alert(1)', alt: 'not a picture', width: 1, height: 1 },
  ];
  const from = 'bob';
  broadcast({
    type: 'chat.message',
    channel: 'room:lobby',
    seq: ++seq,
    payload: { from, text: 'Look at this:', attachments },
  });
  await tab.waitForSelector('.messages pre');
  assert.equal(await tab.locator('.messages img').count(), 0);
  const title = 'Handfast chat';
  assert.equal(await tab.title(), title, 'the page is seen');
  await show(tab, false);
  for (const text of ['one', 'two']) {
    broadcast({ type: 'chat.message', channel: 'room:lobby', seq: ++seq, payload: { from, text } });
  }
  await tab.waitForFunction(title => document.title === `(2) ${title}`, title);
  await show(tab, true);
  assert.equal(await tab.title(), title);
  broadcast({ type: 'user.typing', channel: 'room:lobby', payload: { name: 'bob' } });
  await tab.waitForFunction(() => document.getElementById('typing').textContent.includes('bob is typing'));
  seq += 3;
  broadcast({
    type: 'presence',
    payload: { channel: 'room:lobby', event: 'join', count: 5, member: member('dee', {}, 'terminal') },
  });
  broadcast({ type: 'chat.message', channel: 'room:lobby', seq, payload: { from: 'dee', text: 'Good evening' } });
  await tab.waitForSelector('.messages .note');
  assert.equal(await tab.textContent('.messages .note'), '2 messages were missed.');
  assert.deepEqual(await tab.locator('.members li').allTextContents(), ['ada', 'bob', 'cy (away)', 'dee (terminal)']);
  assert.equal(await tab.locator('.prices li').count(), 3);
  await picture(tab, 'wide');

  await tab.click('text=#music');
  await tab.waitForFunction(() => document.querySelectorAll('.messages li').length === 0);
  assert.equal(await tab.textContent('#room-name'), '#music');
  assert.ok(heard.some(({ type }) => type === 'room.leave'));
  assert.deepEqual(problems, []);
  await tab.close();
});

test('a room that is left before it was entered shows nothing any more', async () => {
  const { tab, problems } = await open({ width: 1280, height: 800 });
  broadcast({ type: 'user.typing', channel: 'room:lobby', payload: { name: 'bob' } });
  await tab.waitForFunction(() => document.getElementById('typing').textContent.includes('bob is typing'));
  isSlow = true;
  await tab.evaluate(async () => {
    for (const room of ['music', 'markets', 'music']) {
      location.hash = room;
      await new Promise(resolve => addEventListener('hashchange', resolve, { once: true }));
    }
  });
  assert.equal(await tab.textContent('#typing'), '', 'who was typing was elsewhere');
  isSlow = false;
  slow.splice(0).forEach(reply => reply());
  await tab.waitForFunction(() => document.getElementById('topic').textContent !== '');
  broadcast({ type: 'chat.message', channel: 'room:music', seq: ++seq, payload: { from: 'bob', text: 'once' } });
  await tab.waitForSelector('.messages .text');
  assert.deepEqual(await tab.locator('.messages .text').allTextContents(), ['once']);
  assert.deepEqual(problems, []);
  await tab.close();
});

/** Shows or hides a page, as far as the page can tell. */
function show(tab, isShown) {
  return tab.evaluate(isShown => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => !isShown });
    document.dispatchEvent(new Event('visibilitychange'));
  }, isShown);
}

test('a message shows what became of it, and is sent again only by a click', async () => {
  const { tab, problems } = await open({ width: 1280, height: 800 });
  const asked = text => heard.filter(({ type, payload }) => type === 'chat.send' && payload.text === text).length;
  await tab.fill('#text', 'good');
  await tab.press('#text', 'Enter');
  await tab.waitForSelector('.messages li[data-delivery=delivered]:has-text("good")');
  await tab.fill('#text', 'refuse this');
  await tab.press('#text', 'Enter');
  const refused = '.messages li[data-delivery=refused]:has-text("refuse this")';
  await tab.waitForSelector(refused);
  assert.match(await tab.textContent(`${refused} .delivery`), /not delivered: too many messages/);
  assert.equal(await tab.locator('.messages li').count(), 2, 'what the room repeats is not shown twice');
  assert.equal(asked('refuse this'), 1);
  await picture(tab, 'delivery');
  await tab.click(`${refused} button`);
  await tab.waitForSelector(`${refused} button`);
  assert.equal(asked('refuse this'), 2);
  assert.equal(await tab.locator('.messages li').count(), 2);
  assert.deepEqual(problems, []);
  await tab.close();
});

test('the page fits a phone, and comes back after a loss', async () => {
  const { tab, problems } = await open({ width: 390, height: 844 });
  assert.ok(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await picture(tab, 'phone');
  const joins = () => heard.filter(({ type }) => type === 'room.join').length;
  const before = joins();
  for (const socket of sockets) socket.destroy();
  await tab.waitForSelector('#state[data-state=connecting]');
  await tab.waitForSelector('#state[data-state=open]');
  await tab.waitForFunction(() => document.querySelectorAll('.prices li').length === 3);
  assert.equal(joins(), before + 1);
  assert.deepEqual(problems, []);
  await tab.close();
});
