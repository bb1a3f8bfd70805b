// The WebSockets there are, and the addresses they are given.

import { test } from 'node:test';
import { WebSocket as Ws, WebSocketServer } from 'ws';
import { api, assert, mock } from './setup.js';
import { program, rawServer, say, upgrade } from './sockets.js';

/** A WebSocket that does nothing by itself. */
class Still {
  static made = [];
  bufferedAmount = 0;
  closed = [];
  sent = [];
  constructor(url) {
    this.url = url;
    Still.made.push(this);
  }
  send(text) {
    this.sent.push(text);
  }
  close(...args) {
    this.closed.push(args);
  }
}

/** The address that a client gives its WebSocket. */
function given(url) {
  const client = api.connect(url, { WebSocket: Still });
  client.close();
  return Still.made.at(-1).url;
}

function at(location, then) {
  globalThis.location = location;
  try {
    then();
  } finally {
    delete globalThis.location;
  }
}

test('addresses mean the same on every platform', () => {
  assert.equal(given('ws://example.org/ws?a=b'), 'ws://example.org/ws?a=b');
  assert.equal(given('wss://example.org:8443/ws'), 'wss://example.org:8443/ws');
  assert.equal(given('http://example.org/ws'), 'ws://example.org/ws');
  assert.equal(given('https://example.org:8443/ws'), 'wss://example.org:8443/ws');
  assert.equal(given(new URL('https://example.org/ws')), 'wss://example.org/ws');
});

test('a page may leave the rest to its own address', () => {
  at({ origin: 'https://example.org:8443' }, () => {
    assert.equal(given('/ws'), 'wss://example.org:8443/ws');
    assert.equal(given('//other.org/ws'), 'wss://other.org/ws');
    assert.throws(() => given('ws'), /write the address like `wss:\/\/example\.org\/ws`/);
  });
  at({ origin: 'null' }, () => assert.throws(() => given('/ws'), TypeError));
});

test('what cannot be an address throws at once, by name, and says what to write', () => {
  const made = Still.made.length;
  for (const url of [
    '/ws',
    '//example.org/ws',
    'example.org/ws',
    'localhost:8080/ws',
    '',
    'ftp://example.org/',
    'ws://example.org/#there',
    'ws://example.org/#',
    'ws://ada:secret@example.org/',
    'ws://:secret@example.org/',
  ]) {
    const words = /write the address like `wss:.*, or `\/ws` in a page, without user, password and `#`/;
    assert.throws(() => given(url), error => error instanceof TypeError && words.test(error.message), url);
    assert.throws(() => given(url), error => !error.message.includes('secret'));
  }
  assert.equal(Still.made.length, made, 'nothing was tried');
});

test('the error of a platform without a WebSocket says what to do', () => {
  const own = globalThis.WebSocket;
  globalThis.WebSocket = undefined;
  try {
    assert.throws(() => api.connect('ws://example.org/'), /install `ws`.*connect\(url, \{ WebSocket \}\)/);
  } finally {
    globalThis.WebSocket = own;
    if (own === undefined) delete globalThis.WebSocket;
  }
});

test('a WebSocket beside a transport, which has its own, is refused at once', () => {
  const transport = () => assert.fail('it is not used');
  assert.throws(() => api.connect('ws://example.org/', { WebSocket: Still, transport }), error => error instanceof TypeError && /`webSocket\(WebSocket\)`/.test(error.message));
});

test('an error without a close fails the attempt at once', async () => {
  const client = api.connect('ws://example.org/', { WebSocket: Still });
  const closed = mock.fn();
  client.on('close', closed);
  const socket = Still.made.at(-1);
  socket.onerror({ message: 'Received network error' });
  assert.deepEqual(
    closed.mock.calls.map(({ arguments: [{ code, reason }] }) => [code, reason]),
    [[1006, 'Received network error']],
  );
  socket.onclose?.({ code: 1006, reason: '' });
  assert.equal(closed.mock.callCount(), 1);
  client.close();
});

test('a close frame has a legal code, and a reason that fits', async () => {
  for (const [reason, expected] of [
    ['x'.repeat(200), 'x'.repeat(123)],
    ['ü'.repeat(100), 'ü'.repeat(61)],
    ['🦀'.repeat(40), '🦀'.repeat(30)],
    ['no', 'no'],
  ]) {
    const client = api.connect('ws://example.org/', { WebSocket: Still, auth: { name: 'ada' } });
    const socket = Still.made.at(-1);
    socket.onopen();
    await new Promise(setImmediate);
    const { closed } = socket;
    socket.onmessage({ data: JSON.stringify({ type: 'refuse', payload: { code: 'BAD_TOKEN', message: reason } }) });
    assert.deepEqual(closed, [[4401, expected]]);
    client.close();
  }
  const protocol = { ...api.protocol, closeCodes: { unauthorized: 1008 } };
  const { Client } = await import('../build/out/handfast.js');
  const client = new Client(protocol, 'ws://example.org/', { WebSocket: Still, auth: { name: 'ada' } });
  const socket = Still.made.at(-1);
  const seen = mock.fn();
  client.on('close', seen);
  socket.onopen();
  await new Promise(setImmediate);
  socket.onmessage({ data: JSON.stringify({ type: 'refuse', payload: { code: 'BAD_TOKEN', message: 'no' } }) });
  assert.deepEqual(socket.closed, [[1000, 'no']]);
  assert.equal(seen.mock.calls[0].arguments[0].code, 1008);
});

test('a socket that is full is not filled', async () => {
  const client = api.connect('ws://example.org/', { WebSocket: Still, auth: { name: 'ada' } });
  const socket = Still.made.at(-1);
  socket.onopen();
  await new Promise(setImmediate);
  const { length } = socket.sent;
  socket.bufferedAmount = 1 << 20;
  const sending = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  assert.equal((await sending).error?.code, 'QUEUE_FULL');
  socket.bufferedAmount = 600000;
  void client.call(api.chatSend, { roomId: 'lobby', text: 'hi' });
  assert.equal(socket.sent.length, length);
  client.close();
});

test('a refused upgrade that repeats is a hint, once, with the status', async () => {
  const server = await rawServer(socket => socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n'));
  const warn = mock.method(console, 'warn', () => {});
  const client = api.connect(`${server.url}?token=secret`, { WebSocket: Ws, auth: { name: 'ada' } });
  try {
    await new Promise(resolve => {
      let failures = 0;
      client.on('close', ({ reason, final }) => {
        if (final) return;
        assert.match(reason, /403/);
        if (++failures === 4) resolve();
        else queueMicrotask(() => client.retryNow());
      });
    });
    assert.equal(warn.mock.callCount(), 1);
    const [words] = warn.mock.calls[0].arguments;
    for (const part of ['403', '/ws', 'chat.v1+json']) assert.ok(words.includes(part), part);
    assert.ok(!words.includes('secret'));
  } finally {
    client.close();
    warn.mock.restore();
    server.stop();
  }
});

test('`ws` carries a session from hello to close', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise(resolve => server.once('listening', resolve));
  const closed = new Promise(resolve => {
    server.on('connection', socket => {
      socket.on('close', (code, reason) => resolve([code, String(reason)]));
      socket.on('message', data => {
        const { type, id } = JSON.parse(data);
        if (type === 'hello') socket.send(JSON.stringify({ type: 'ready', payload: { version: '1.2.0' } }));
        if (type === 'chat.send') socket.send(JSON.stringify({ type: 'chat.sent', id }));
      });
    });
  });
  const client = api.connect(`http://127.0.0.1:${server.address().port}/ws`, { WebSocket: Ws, auth: { name: 'ada' } });
  assert.equal((await client.call(api.chatSend, { roomId: 'lobby', text: 'hi' })).ok, true);
  client.close();
  assert.deepEqual(await closed, [1000, 'closed by the client']);
  server.close();
});

/** That of Node 24 holds its socket out of reach. */
const isHeld = process.version.startsWith('v24.') && !(Symbol.for('nodejs.unref') in WebSocket.prototype);

for (const native of [false, true]) {
  const name = native ? "Node's own WebSocket" : '`ws`';

  test(`${name}: a try that fails is over at once`, async () => {
    const { out } = await program('ws://127.0.0.1:1/ws', native, `
      const began = performance.now();
      const client = api.connect(url, { WebSocket });
      client.on('close', ({ code }) => {
        console.log(code, performance.now() - began < 2000);
        client.close();
      });`);
    assert.match(out, /^1006 true\n/);
  });

  test(`${name}: close on a server that is stuck ends the process`, { skip: native && isHeld }, async () => {
    const server = await rawServer((socket, request) => {
      upgrade(socket, request);
      say(socket, { type: 'ready', payload: { version: '1.2.0' } });
      socket.pause();
    });
    try {
      const { out, errors, code } = await program(server.url, native, `
        const client = api.connect(url, { WebSocket, auth: { name: 'ada' } });
        await client.ready;
        void client.join(api.roomChannel, { roomId: 'lobby' });
        void client.call(api.chatSend, { roomId: 'lobby', text: 'hi' }, { timeout: 1e9 });
        void (async () => { for await (const _ of client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] })); })();
        client.close();
        const began = performance.now();
        process.on('exit', () => console.log('over', performance.now() - began < 5000));`);
      assert.deepEqual({ out, errors, code }, { out: 'over true\n', errors: '', code: 0 });
    } finally {
      server.stop();
    }
  });

  test(`${name}: close before a server has answered at all ends the process`, async () => {
    const server = await rawServer(() => {});
    try {
      const { out, errors, code } = await program(server.url, native, `
        const client = api.connect(url, { WebSocket, auth: { name: 'ada' } });
        setTimeout(() => client.close(), 200);
        process.on('exit', () => console.log('over', performance.now() < 10000));`);
      assert.deepEqual({ out, errors, code }, { out: 'over true\n', errors: '', code: 0 });
    } finally {
      server.stop();
    }
  });

  test(`${name}: a program that was held up reads what arrived before it gives up`, async () => {
    const server = await rawServer((socket, request) => {
      upgrade(socket, request);
      say(socket, { type: 'ready', payload: { version: '1.2.0' } });
      socket.on('data', () => say(socket, { type: 'chat.sent', id: '1' })); // whatever it is
    });
    try {
      const { out } = await program(server.url, native, `
        const client = api.connect(url, { WebSocket, auth: { name: 'ada' } });
        await client.ready;
        const calling = client.call(api.chatSend, { roomId: 'lobby', text: 'hi' }, { timeout: 300 });
        setImmediate(() => {
          for (const until = performance.now() + 1000; performance.now() < until; );
        });
        console.log((await calling).ok);
        client.close();`);
      assert.equal(out, 'true\n');
    } finally {
      server.stop();
    }
  });

  test(`${name}: what a server says kills no process`, async () => {
    const error = { type: 'error', payload: { code: 'RATE_LIMITED', message: 'too fast', retryable: true } };
    const said = { type: 'chat.message', channel: 'room:lobby', payload: {} };
    const refuse = { type: 'refuse', payload: { code: 'BAD_TOKEN', message: 'ü'.repeat(5000) } };
    const ready = { type: 'ready', payload: { version: '1.2.0' } };
    for (const [messages, closed] of [[[ready, error, said, refuse], 1006], [[said, error], 4429], [[said, refuse], 4401]]) {
      const server = await rawServer((socket, request) => {
        upgrade(socket, request);
        // The hello, and what is queued behind it.
        socket.once('data', () => {
          for (const message of messages) say(socket, message);
          if (closed === 1006) socket.end();
        });
      });
      try {
        const { out, code } = await program(server.url, native, `
          console.warn = () => {};
          const client = api.connect(url, { WebSocket, auth: { name: 'ada' } });
          client.on('close', ({ code }) => {
            console.log('closed', code);
            process.exit();
          });`);
        assert.deepEqual([out, code], [`closed ${closed}\n`, 0]);
      } finally {
        server.stop();
      }
    }
  });
}
