// Streams that bring more than is taken.

import { test } from 'node:test';
import { api, assert, outcome, setUp, settled } from './setup.js';

const own = setUp();

const tick = (price, pad) => JSON.stringify({
  type: 'prices.tick', id: '1', payload: { symbol: 'BTC-EUR', price: `${price}`, side: 'buy', ...(pad && { pad }) },
});

async function watch() {
  const client = own.connect();
  await own.server.welcome();
  return client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] });
}

test('a stream that is not read fails as slow and is cancelled, and what waits can be taken', async () => {
  const { clock, server } = own;
  const stream = await watch();
  for (let i = 0; i < 1025; i++) await server.say(tick(i));
  await clock.pass(0);
  assert.equal((await stream.end).error.code, 'SLOW');
  assert.equal(server.last.type, 'prices.stop');
  await server.say(tick(1));
  let taken = 0;
  await assert.rejects(
    async () => {
      for await (const item of stream) taken += item ? 1 : 0;
    },
    ({ error }) => error.code === 'SLOW',
  );
  assert.equal(taken, 1024);
});

test('a stream that only this end has given up is cancelled', async () => {
  const { clock, server } = own;
  const late = await watch();
  await clock.pass(10000);
  assert.equal((await late.end).error.code, 'TIMEOUT');
  assert.deepEqual({ ...server.last }, { type: 'prices.stop', id: '1' });
  const bad = own.client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] });
  await server.say({ type: 'prices.watching', id: '2' });
  await server.say({ type: 'prices.tick', id: '2', payload: { symbol: 7 } });
  assert.equal((await bad.end).error.code, 'BAD_REPLY');
  assert.deepEqual({ ...server.last }, { type: 'prices.stop', id: '2' });
});

test('so does one whose items are large', async () => {
  const { clock, server } = own;
  const stream = await watch();
  for (let i = 0; i < 17; i++) await server.say(tick(i, 'x'.repeat(65536)));
  await clock.pass(0);
  assert.equal((await stream.end).error.code, 'SLOW');
});

test('what comes in one turn of the event loop is bounded as well', async () => {
  const { server } = own;
  const stream = await watch();
  for (let i = 0; i < 100000; i++) void server.say(tick(i));
  assert.equal((await stream.end).error.code, 'SLOW');
  await settled();
  const taken = [];
  await assert.rejects(async () => {
    for await (const { price } of stream) taken.push(Number(price));
  });
  assert.deepEqual(taken, Array.from({ length: 1024 }, (_, i) => i));
});

test('a reader that keeps up gets everything, also what comes in bursts', async () => {
  const { server } = own;
  const stream = await watch();
  const reading = (async () => {
    let sum = 0;
    for await (const { price } of stream) sum += Number(price);
    return sum;
  })();
  const count = 20000;
  for (let i = 0; i < count; i += 2000) {
    for (let j = i; j < i + 2000; j++) void server.say(tick(j));
    await settled();
  }
  await server.say({ type: 'prices.done', id: '1', payload: { ticks: count } });
  assert.equal(await reading, (count * (count - 1)) / 2);
});

test('exactly what may wait is not too much', async () => {
  const { clock, server } = own;
  const stream = await watch();
  for (let i = 0; i < 1024; i++) await server.say(tick(i));
  await clock.pass(1000);
  await server.say({ type: 'prices.done', id: '1', payload: { ticks: 1024 } });
  assert.equal((await stream.end).ok, true);
});

test('the acknowledgement settles when the stream has begun without, or has ended', async () => {
  const { server } = own;
  own.connect();
  await server.welcome();
  const bare = own.client.stream({ ...api.pricesWatch, ack: undefined }, { symbols: ['BTC-EUR'] });
  await server.say(tick(1));
  assert.equal((await bare.ack).ok, true);
  const skipped = own.client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] });
  await server.say({ type: 'prices.done', id: '2', payload: { ticks: 0 } });
  assert.equal((await skipped.ack).error.code, 'BAD_REPLY');
  assert.equal((await skipped.end).ok, true);
});

test('a cancel belongs to its session', async () => {
  const { clock, server } = own;
  const stream = await watch();
  await server.say({ type: 'prices.watching', id: '1' });
  server.buffered = 600_000; // so that it waits
  stream.cancel();
  server.buffered = 0;
  await server.drop(1011);
  await server.comeBack(clock);
  await clock.pass(1000);
  assert.deepEqual(server.types, ['hello']);
});

test('a cancel waits for a session that resumes', async () => {
  const { clock, server } = own;
  const client = own.connect();
  await server.welcome({ received: 0 });
  const stream = client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] });
  await server.drop();
  stream.cancel();
  await server.comeBack(clock, { received: 1, resumed: true });
  assert.deepEqual(server.types, ['hello', 'prices.stop']);
});

test('a cancel finds room where nothing else does', async () => {
  const { server } = own;
  const stream = await watch();
  server.buffered = 1e9;
  assert.equal((await own.client.call(api.chatSend, { roomId: 'lobby', text: 'hi' })).error.code, 'QUEUE_FULL');
  stream.cancel();
  server.buffered = 0;
  await own.clock.pass(20);
  assert.equal(server.last.type, 'prices.stop');
});

test('an iterator that is given up cancels at once, whether or not it waits', async () => {
  const { server } = own;
  const client = own.connect();
  await server.welcome();
  for (const begins of [false, true]) {
    const stream = client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] });
    const { id } = server.last;
    const items = stream[Symbol.asyncIterator]();
    const next = begins ? items.next() : undefined;
    const over = { value: undefined, done: true };
    const returned = items.return();
    assert.deepEqual({ ...server.last }, { type: 'prices.stop', id });
    assert.deepEqual(await outcome(returned), over);
    assert.deepEqual(await outcome(next ?? items.next()), over);
    assert.equal((await stream.end).error.code, 'CANCELLED');
  }
  const { Readable } = await import('node:stream');
  const readable = Readable.from(client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] }));
  readable.on('data', () => {});
  await settled();
  readable.destroy();
  await settled();
  assert.equal(server.last.type, 'prices.stop');
});

test('two loops share the items, and both end', async () => {
  const { server } = own;
  const stream = await watch();
  const taken = [[], []];
  const loops = taken.map(async own => {
    for await (const { price } of stream) own.push(price);
  });
  await settled();
  for (let i = 0; i < 4; i++) await server.say(tick(i));
  await server.say({ type: 'prices.done', id: '1', payload: { ticks: 4 } });
  assert.deepEqual(await outcome(Promise.all(loops)), [undefined, undefined]);
  assert.deepEqual(taken.flat().sort(), ['0', '1', '2', '3']);
});
