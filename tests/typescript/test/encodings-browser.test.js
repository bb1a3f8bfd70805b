// MessagePack and CBOR over the WebSocket of a browser.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { chromium } from 'playwright-core';
import { WebSocketServer } from 'ws';
import { oracles } from './oracles.js';

/** A page that calls in an encoding, which is agreed on by a subprotocol or by a message, and shows what came of it. */
function script(name, isAsked) {
  const { outputFiles } = buildSync({
    stdin: {
      contents: `
        import { Client, negotiate, ${name} } from './handfast.js';
        import { chatSend, protocol } from './api.js';
        const own = { ...protocol, subprotocols: { json: 'chat.v1+json', ${name}: 'chat.v1+${name}' } };
        const client = new Client(own, '/ws', { auth: { name: 'ada' }, encoding: ${name}, ${isAsked ? 'transport: negotiate(own)' : ''} });
        const result = await client.call(chatSend, { roomId: 'lobby', text: 'h\u00e9 \u{1f600}' });
        document.title = JSON.stringify(result);
      `,
      resolveDir: fileURLToPath(new URL('../build/out/', import.meta.url)),
    },
    bundle: true,
    write: false,
    format: 'esm',
  });
  return outputFiles[0].text;
}

test('a browser speaks every encoding', async () => {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  try {
    for (const [{ encoding, encode, decode }, isAsked] of oracles.flatMap(oracle => [[oracle, false], [oracle, true]])) {
      const read = [];
      const server = createServer((request, response) => {
        const isScript = request.url === '/main.js';
        response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
        response.end(isScript ? script(encoding.name, isAsked) : '<title></title><script type="module" src="/main.js"></script>');
      });
      // A proxy may drop the subprotocol.
      const sockets = new WebSocketServer({ server, ...(isAsked && { handleProtocols: () => false }) });
      sockets.on('connection', socket => {
        socket.on('message', (data, isBinary) => {
          if (isAsked && !isBinary) return socket.send(String(data));
          const { type, id, payload } = decode(data);
          read.push([isBinary, socket.protocol, type, payload.text]);
          const answer = type === 'hello' ? { type: 'ready', payload: { version: '1.2.0' } } : { type: 'chat.sent', id };
          socket.send(encode(answer));
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${server.address().port}/`);
      await page.waitForFunction(() => document.title !== '');
      assert.deepEqual(JSON.parse(await page.title()), { ok: true });
      const protocol = isAsked ? '' : `chat.v1+${encoding.name}`;
      assert.deepEqual(read, [[true, protocol, 'hello', undefined], [true, protocol, 'chat.send', 'h\u00e9 \u{1f600}']]);
      await page.close();
      for (const socket of sockets.clients) socket.terminate();
      server.close();
    }
  } finally {
    await browser.close();
  }
});
