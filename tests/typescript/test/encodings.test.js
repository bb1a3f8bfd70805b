// Sessions in MessagePack and CBOR: the tests of the client once more in each, and what differs from JSON.

import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';
import { WebSocketServer, WebSocket as Ws } from 'ws';
import { cbor, Client, msgpack, negotiate, webSocket } from '../build/out/handfast.js';
import { FakeServer, settled } from './fakes.js';
import { oracles } from './oracles.js';
import { api, assert, mock } from './setup.js';
import { program } from './sockets.js';

const at = path => fileURLToPath(new URL(path, import.meta.url));
const files = ['backoff', 'client', 'errors', 'queue', 'resume', 'stream', 'subscriptions'].map(name => at(`${name}.test.js`));

const message = { type: 'chat.message', payload: { from: 'bob', text: 'hi' }, channel: 'room:lobby' };

/** Each of these frames is refused with this code and these words, and the session goes on. */
async function frames(options, ready, wrong, words) {
  let events;
  const transport = (_url, _subprotocol, given) => {
    events = given;
    return { send() {}, close() {} };
  };
  const client = new Client(api.protocol, 'ws://test/', { auth: { name: 'ada' }, transport, ...options });
  const invalid = mock.fn();
  client.on('invalid', invalid);
  events.opened();
  await settled();
  events.received(ready);
  for (const frame of wrong) events.received(frame);
  const { status } = client.state.get();
  client.close();
  assert.equal(status, 'connected');
  assert.deepEqual(invalid.mock.calls.map(({ arguments: [{ code, message }] }) => [code, message]), wrong.map(() => words));
}

for (const { encoding, encode, decode } of oracles) {
  const { name } = encoding;

  test(`${name}: every test of the client passes`, () => {
    const env = { ...process.env, ENCODING: name, NODE_TEST_CONTEXT: undefined };
    const { status, stdout } = spawnSync(process.execPath, ['--test', ...files], { env, encoding: 'utf8' });
    assert.equal(status, 0, stdout.slice(-5000));
    assert.match(stdout, /^# pass (\d{3})$/m);
  });

  test(`${name}: a frame of text is no message`, async () => {
    await frames({ encoding }, encode({ type: 'ready', payload: { version: '1.2.0' } }), [JSON.stringify(message), '', null, 5], [
      'SYNTAX',
      name === 'cbor' ? 'not CBOR' : 'not MessagePack',
    ]);
  });

  test(`${name}: what a client sends is read as a server reads it`, () => {
    const sent = { type: 'chat.send', id: '7', payload: { roomId: 'lobby', text: 'hi' } };
    for (const frame of [encode(sent), Buffer.from(encode(sent)), encoding.encode(sent).buffer]) {
      const { id, type, payload } = api.decodeClientMessage(frame, encoding).orThrow();
      assert.deepEqual({ id, type, payload }, sent);
    }
    const more = { ...sent, payload: { ...sent.payload, mood: 'good' } };
    const { error } = api.decodeClientMessage(encode(more), encoding);
    assert.deepEqual(error, api.decodeClientMessage(JSON.stringify(more)).error);
    assert.equal(api.decodeClientMessage(JSON.stringify(sent), encoding).error.code, 'SYNTAX');
    assert.equal(api.decodeClientMessage(encode(sent)).error.message, 'not JSON');
  });

  /** A server that speaks the encoding, with what it read. */
  async function serve() {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise(resolve => server.once('listening', resolve));
    const read = [];
    server.on('connection', socket => {
      socket.on('message', (data, isBinary) => {
        assert.equal(isBinary, true);
        const message = decode(data);
        read.push([socket.protocol, message.type]);
        if (message.type === 'hello') socket.send(encode({ type: 'ready', payload: { version: '1.2.0' } }));
        if (message.type === 'chat.send') socket.send(encode({ type: 'chat.sent', id: message.id }));
      });
    });
    return { url: `http://127.0.0.1:${server.address().port}/ws`, read, stop: () => server.close() };
  }

  test(`${name}: \`ws\` carries it, in frames of bytes under its own subprotocol`, async () => {
    const { url, read, stop } = await serve();
    const client = new Client(api.protocol, url, { WebSocket: Ws, auth: { name: 'ada' }, encoding });
    assert.equal((await client.call(api.chatSend, { roomId: 'lobby', text: 'hi' })).ok, true);
    client.close();
    assert.deepEqual(read, [[`chat.v1+${name}`, 'hello'], [`chat.v1+${name}`, 'chat.send']]);
    stop();
  });

  test(`${name}: it is agreed on by a message, in a connection of JSON`, async () => {
    // Like a proxy that drops the subprotocol, it selects none.
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => false });
    await new Promise(resolve => server.once('listening', resolve));
    const read = [];
    server.on('connection', socket => {
      let agrees = false;
      socket.on('message', (data, isBinary) => {
        assert.equal(isBinary, agrees);
        const message = isBinary ? decode(data) : JSON.parse(data);
        read.push([socket.protocol, message.type]);
        if (message.type === 'hello') socket.send(encode({ type: 'ready', payload: { version: '1.2.0' } }));
        if (message.type === 'chat.send') socket.send(encode({ type: 'chat.sent', id: message.id }));
        if (message.type !== 'negotiate') return;
        assert.deepEqual(message.payload, { encoding: name });
        agrees = read.length > 1;
        const other = { ...message, payload: { encoding: 'json' } };
        socket.send(JSON.stringify(agrees ? message : other));
      });
    });
    const transport = negotiate(api.protocol, webSocket(Ws));
    const url = `http://127.0.0.1:${server.address().port}/ws`;
    const client = new Client(api.protocol, url, { transport, auth: { name: 'ada' }, encoding });
    const reasons = [];
    client.state.subscribe(() => reasons.push(client.state.get().closed?.reason));
    assert.equal((await client.call(api.chatSend, { roomId: 'lobby', text: 'hi' })).ok, true);
    client.close();
    const types = ['negotiate', 'negotiate', 'hello', 'chat.send'];
    assert.deepEqual(read, types.map(type => ['', type]));
    assert.ok(reasons.includes(`the server does not agree to the encoding ${name}`));
    server.close();
  });

  test(`${name}: a refusal in place of an agreement is final, unless it is for now`, async () => {
    for (const type of ['refuse', 'error']) {
      let carrier;
      let asked = 0;
      const sent = [];
      const transport = negotiate(api.protocol, (_url, _subprotocol, events) => {
        carrier = events;
        asked++;
        return { send: packet => sent.push(packet), close() {} };
      });
      const client = new Client(api.protocol, 'ws://test/', { transport, auth: { name: 'ada' }, encoding });
      carrier.opened();
      carrier.received(JSON.stringify({ type, payload: { code: 'INVALID', message: 'no such encoding' } }));
      await settled();
      assert.equal(client.state.get().status, 'closed');
      await assert.rejects(client.ready, { name: 'SessionRefusedError', code: 'INVALID', message: 'no such encoding' });
      assert.deepEqual([asked, sent.length], [1, 1]);
    }
    let carrier;
    const transport = negotiate(api.protocol, (_url, _subprotocol, events) => {
      carrier = events;
      return { send() {}, close() {} };
    });
    const client = new Client(api.protocol, 'ws://test/', { transport, auth: { name: 'ada' }, encoding });
    carrier.opened();
    carrier.received(JSON.stringify({ type: 'refuse', payload: { code: 'RATE_LIMITED', message: 'not now', retryable: true } }));
    await settled();
    const { status, closed } = client.state.get();
    assert.deepEqual([status, closed.code, closed.reason], ['connecting', 4429, 'not now']);
    client.close();
  });

  test(`${name}: Node's own WebSocket carries it`, async () => {
    const { url, read, stop } = await serve();
    const { out, errors } = await program(url, true, `
      const { Client, ${name} } = await import('./build/out/handfast.js');
      const protocol = { ...api.protocol, subprotocols: { ${name}: 'chat.v1+${name}' } };
      const client = new Client(protocol, url, { auth: { name: 'ada' }, encoding: ${name} });
      console.log((await client.call(api.chatSend, { roomId: 'lobby', text: 'hi' })).ok);
      client.close();
    `);
    assert.equal(out, 'true\n', errors);
    assert.equal(read.length, 2);
    stop();
  });
}

test('a transport that is open at once is asked for the encoding', async () => {
  const { msgpack: subprotocol } = api.protocol.subprotocols;
  const { encode, decode } = oracles.find(({ encoding }) => encoding.name === 'msgpack');
  const sent = [];
  const closed = [];
  let carrier;
  const atOnce = before => (_url, _subprotocol, events) => {
    carrier = events;
    events.opened();
    if (before !== undefined) events.received(before);
    return { send: packet => sent.push(typeof packet === 'string' ? JSON.parse(packet) : decode(packet)), close: code => closed.push(code) };
  };
  const events = [];
  const heard = { opened: () => events.push('opened'), received: frame => events.push(decode(frame)), closed: code => events.push(code) };
  negotiate(api.protocol, atOnce())('ws://test/', subprotocol, heard);
  assert.deepEqual(sent, [{ type: 'negotiate', payload: { encoding: 'msgpack' } }]);
  carrier.received(JSON.stringify(sent[0]));
  carrier.received(encode({ type: 'pong' }));
  assert.deepEqual(events, ['opened', { type: 'pong' }]);
  negotiate(api.protocol, atOnce('{}'))('ws://test/', subprotocol, heard);
  assert.deepEqual([events.at(-1), closed], [1002, [1002]]);
  const transport = negotiate(api.protocol, atOnce());
  const client = new Client(api.protocol, 'ws://test/', { transport, auth: { name: 'ada' }, encoding: msgpack });
  carrier.received(JSON.stringify(sent[0]));
  await settled();
  assert.equal(sent.at(-1).type, 'hello');
  client.close();
});

test('JSON: a frame of bytes is no message', async () => {
  const ready = JSON.stringify({ type: 'ready', payload: { version: '1.2.0' } });
  const wrong = [new TextEncoder().encode(JSON.stringify(message)), msgpack.encode(message).buffer, null, 5];
  await frames({}, ready, wrong, ['SYNTAX', 'not JSON']);
});

test('an encoding that the protocol does not have is refused at once, by name', () => {
  const server = new FakeServer();
  const connect = (subprotocols, options) =>
    new Client({ ...api.protocol, subprotocols }, 'ws://test/', { auth: { name: 'ada' }, ...server.options, ...options });
  const words = name => ({ message: `handfast: chat has no encoding ${name}` });
  assert.throws(() => connect({ json: 'a' }, { encoding: msgpack }), words('msgpack'));
  assert.throws(() => connect({ json: 'a', msgpack: 'b' }, { encoding: cbor }), words('cbor'));
  assert.throws(() => connect({ cbor: 'a' }), words('json'));
  const byName = { message: 'handfast: pass what is imported as msgpack' };
  assert.throws(() => connect({ json: 'a', msgpack: 'b' }, { encoding: 'msgpack' }), byName);
  assert.equal(server.connections.length, 0);
});

/** What a page weighs, minified and compressed. */
function size(contents) {
  const resolveDir = at('../build/out/');
  const { outputFiles } = buildSync({ stdin: { contents, resolveDir }, bundle: true, write: false, minify: true, format: 'esm', target: 'es2022' });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

test('a page pays for the encoding that it imports, and only for that', () => {
  const page = encodings => size(`
    import { connect, chatSend } from './api.js';
    import { ${encodings} } from './handfast.js';
    globalThis.r = [${encodings}].map(encoding => connect('', { encoding }).call(chatSend, { roomId: 'lobby', text: 'hi' }));
  `);
  const json = page('');
  const more = { msgpack: page('msgpack') - json, cbor: page('cbor') - json, both: page('msgpack, cbor') - json };
  console.log(`# more than JSON, compressed: ${JSON.stringify(more)}`);
  // Reading and writing together.
  assert.ok(more.msgpack <= 1850, String(more.msgpack));
  assert.ok(more.cbor <= 1850, String(more.cbor));
  assert.ok(more.both <= 2300, String(more.both));
});

test('a protocol whose JSON has no subprotocol offers none, to servers that select none', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => false });
  await new Promise(resolve => server.once('listening', resolve));
  const offered = [];
  server.on('connection', (socket, { headers }) => {
    offered.push(headers['sec-websocket-protocol']);
    socket.on('message', () => socket.send(JSON.stringify({ type: 'ready', payload: { version: '1.2.0' } })));
  });
  const protocol = { ...api.protocol, subprotocols: { json: '' } };
  const client = new Client(protocol, `http://127.0.0.1:${server.address().port}/ws`, { WebSocket: Ws, auth: { name: 'ada' } });
  await client.ready;
  client.close();
  assert.deepEqual(offered, [undefined]);
  server.close();
});
