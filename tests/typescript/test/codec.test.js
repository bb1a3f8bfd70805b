// MessagePack and CBOR: what is written and read, against other implementations, and what hostile bytes come to.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as api from '../build/out/api.js';
import { cbor, msgpack } from '../build/out/handfast.js';
import { oracles, random } from './oracles.js';

const seed = Number(process.env.SEED ?? Date.now() % 1e6);
console.log(`# SEED=${seed}`);

const bytes = hex => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hex = bytes => Buffer.from(bytes).toString('hex');

/** A value, or the words of the error. */
function decoded(encoding, frame, depth = 64) {
  const { ok, value, error } = encoding.decode(frame, depth);
  if (ok) return value;
  assert.deepEqual([error.code, error.kind, error.violations], ['SYNTAX', 'syntax', []]);
  return new Error(error.message);
}

const refused = (encoding, frame, depth) => {
  const { message } = decoded(encoding, frame, depth);
  assert.equal(typeof message, 'string', `${encoding.name} takes ${hex(frame).slice(0, 100)}`);
  return message;
};

/** Whether two texts are the same; long ones are not printed. */
const same = (text, expected) => assert.ok(text === expected, `SEED=${seed}: ${text?.slice(0, 200)} instead of ${expected.slice(0, 200)}`);

/** The text of what others have decoded. */
const plain = value => JSON.stringify(value, (_, held) => (typeof held === 'bigint' ? Number(held) : held));

/** A value of JSON. */
function arbitrary(next, depth = 4) {
  const pick = (...of) => of[Math.floor(next() * of.length)];
  const below = most => Math.floor(next() * most);
  const text = () => {
    const units = ['a', 'é', '€', '\u{1f600}', '\ufeff', '\0', '__proto__', 'type'];
    return Array.from({ length: pick(0, 1, 3, 23, 24, 25, 31, 32, 40, 255, 256, 300) }, () => (next() < 0.5 ? 'x' : pick(...units))).join('');
  };
  const number = () => {
    const size = 2 ** (below(1070) - 52);
    const n = pick(below(300), 2 ** below(54), size, 1.5, 0.1, 1e-320, Math.fround(next()));
    return (next() < 0.5 ? -1 : 1) * (n + pick(0, 0, -1, 1)) || 0;
  };
  const length = () => (depth < 3 ? below(4) : pick(0, 1, 3, 15, 16, 17, 23, 24, 40));
  switch (below(depth > 0 ? 9 : 6)) {
    case 0:
      return null;
    case 1:
      return next() < 0.5;
    case 2:
    case 3:
      return number();
    case 4:
    case 5:
      return text();
    case 6:
    case 7:
      return Array.from({ length: length() }, () => arbitrary(next, depth - 1));
    default:
      // `assign` would set a prototype.
      return Object.fromEntries(Array.from({ length: length() }, () => [text(), arbitrary(next, depth - 1)]));
  }
}

for (const { encoding, encode, decode } of oracles) {
  const name = encoding.name;

  test(`${name}: what we write others read, and the reverse`, () => {
    const next = random(seed);
    for (let i = 0; i < 1000; i++) {
      const value = arbitrary(next);
      const text = JSON.stringify(value);
      const ours = encoding.encode(value);
      same(JSON.stringify(decoded(encoding, ours)), text);
      same(JSON.stringify(decoded(encoding, encode(value))), text);
      // Others do not take every name.
      if (!text.includes('__proto__')) same(plain(decode(ours)), text);
      assert.ok(ours.length <= encode(value).length, `SEED=${seed} ${text.slice(0, 200)}`);
    }
  });

  test(`${name}: values are written as JSON.stringify takes them`, () => {
    const written = value => same(JSON.stringify(decoded(encoding, encoding.encode(value))), JSON.stringify(value));
    written({ a: undefined, b: () => 1, c: Symbol('c'), d: 1 });
    written([undefined, () => 1, Symbol('c'), NaN, Infinity, -Infinity]);
    written(Array(3));
    written({ at: new Date(0), own: { toJSON: () => [1] }, nothing: { toJSON: () => undefined } });
    written(new (class {
      own = 1;
      get inherited() {
        return 2;
      }
    })());
    written(JSON.parse('{"__proto__":1,"constructor":2}'));
    written({ zero: -0, large: 2 ** 53, larger: 1e300, small: 5e-324 });
    assert.throws(() => encoding.encode({ n: 1n }), TypeError);
    assert.throws(() => encoding.encode('\ud800'), /half a surrogate pair/);
    assert.throws(() => encoding.encode({ ['x\udc00']: 1 }), /half a surrogate pair/);
    const cycle = {};
    assert.throws(() => encoding.encode((cycle.a = cycle)), RangeError);
  });

  test(`${name}: bytes are the text of their base64`, () => {
    for (let length = 0; length < 70_000; length = length * 2 + 1) {
      const held = Uint8Array.from({ length }, (_, i) => i * 7);
      const text = Buffer.from(held).toString('base64');
      assert.deepEqual(decoded(encoding, encoding.encode({ held })), { held: text });
      assert.deepEqual(decoded(encoding, encode({ held })), { held: text });
      assert.deepEqual(new Uint8Array(decode(encoding.encode({ held })).held), held);
    }
    assert.deepEqual(decoded(encoding, encoding.encode(new DataView(new ArrayBuffer(3), 1))), 'AAA=');
  });

  test(`${name}: a __proto__ is a property like any other`, () => {
    const value = decoded(encoding, encoding.encode(JSON.parse('{"__proto__":{"polluted":1},"a":1}')));
    assert.deepEqual(Object.keys(value), ['__proto__', 'a']);
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.equal({}.polluted, undefined);
  });

  test(`${name}: a frame is a buffer or a view of one, and nothing else`, () => {
    const frame = encoding.encode({ a: 1 });
    const wide = new Uint8Array(frame.length + 20);
    wide.set(frame, 7);
    const views = [frame, frame.buffer, Buffer.from(frame), new DataView(wide.buffer, 7, frame.length), wide.subarray(7, 7 + frame.length)];
    for (const view of views) assert.deepEqual(decoded(encoding, view), { a: 1 });
    for (const wrong of ['{"a":1}', '', null, undefined, 5, {}, [1], new ArrayBuffer(0)]) {
      assert.equal(decoded(encoding, wrong).message, encoding === cbor ? 'not CBOR' : 'not MessagePack');
    }
  });

  test(`${name}: depth is counted as in JSON`, () => {
    const nested = depth => encoding.encode(JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`));
    assert.ok(Array.isArray(decoded(encoding, nested(64))));
    assert.equal(refused(encoding, nested(65)), 'nested too deeply');
    assert.ok(Array.isArray(decoded(encoding, nested(512), 1024)));
    assert.equal(refused(encoding, nested(513), 1024), 'nested too deeply');
    const one = { msgpack: ['91', '81a0', 'dd00000001', 'df00000001a0'], cbor: ['81', '9f', 'a160', 'bf60', '9b0000000000000001'] };
    for (const head of one[name]) {
      assert.equal(refused(encoding, bytes(head.repeat(200_000)), 1024), 'nested too deeply');
    }
  });

  test(`${name}: a message that is cut off anywhere is refused`, () => {
    const next = random(seed);
    for (let i = 0; i < 60; i++) {
      const frame = encoding.encode({ type: 'x', payload: arbitrary(next) });
      for (let end = 0; end < Math.min(frame.length, 2000); end++) refused(encoding, frame.subarray(0, end));
      refused(encoding, new Uint8Array([...frame, 0]));
    }
  });

  test(`${name}: no bytes make it throw, and what it takes others take for the same`, () => {
    const next = random(seed);
    const samples = Array.from({ length: 40 }, () => encoding.encode({ type: 'chat.message', payload: arbitrary(next) }));
    let taken = 0;
    for (let i = 0; i < 60_000; i++) {
      const sample = samples[i % samples.length];
      const frame = next() < 0.1 ? new Uint8Array(1 + next() * 12) : sample.slice(0, 200 + next() * 2000);
      for (let n = 1 + next() * 4; n > 0; n--) frame[Math.floor(next() * frame.length)] = next() * 256;
      const { ok, value, error } = encoding.decode(frame, 64);
      if (!ok) {
        assert.equal(error.kind, 'syntax');
        continue;
      }
      taken++;
      const text = JSON.stringify(value);
      assert.equal(typeof text, 'string');
      if (text.includes('__proto__')) continue;
      let other;
      try {
        other = decode(frame);
      } catch (error) {
        if (/Indefinite length not supported/.test(error)) continue; // cbor-x does not read such strings
        throw error;
      }
      if (!containsBytes(other)) same(plain(other), text);
    }
    assert.ok(taken > 1000, String(taken));
    // Whatever it is, a message is decoded or refused.
    for (let i = 0; i < 20_000; i++) {
      const frame = encoding.encode({ type: 'chat.message', payload: { from: 'bob', text: 'hi' }, channel: 'room:lobby', seq: 4 });
      frame[Math.floor(next() * frame.length)] = next() * 256;
      assert.equal(typeof api.decode(frame, undefined, encoding).ok, 'boolean');
    }
  });

  test(`${name}: a length that is only claimed costs nothing`, () => {
    const heads = {
      msgpack: ['c6', 'db', 'dd', 'df'].map(head => `${head}ffffffff`),
      cbor: ['5a', '7a', '9a', 'ba'].map(head => `${head}ffffffff`).concat(['5b', '7b', '9b', 'bb'].map(head => `${head}ffffffffffffffff`)),
    };
    const before = process.memoryUsage();
    for (const head of heads[name]) {
      refused(encoding, bytes(head));
      refused(encoding, bytes(head.repeat(500)), 1024);
      refused(encoding, bytes(`${head}00`.repeat(500)), 1024);
    }
    const after = process.memoryUsage();
    const more = after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers;
    assert.ok(more < 32e6, `${more} bytes`);
  });

  test(`${name}: of a hundred thousand properties with one name the last counts`, () => {
    const count = 100_000;
    const head = name === 'msgpack' ? [0xdf, 0, 1, 0x86, 0xa0] : [0xba, 0, 1, 0x86, 0xa0];
    const frame = new Uint8Array(5 + count * 3);
    frame.set(head);
    for (let i = 0; i < count; i++) frame.set([name === 'msgpack' ? 0xa1 : 0x61, 0x61, i % 10], 5 + i * 3);
    assert.deepEqual(decoded(encoding, frame), { a: 9 });
  });
}

const containsBytes = value =>
  value instanceof Uint8Array || (typeof value === 'object' && value !== null && Object.values(value).some(containsBytes));

/** Frames in hexadecimal, and their value as JSON; `null` instead of that text where they are refused. */
const FRAMES = JSON.parse(readFileSync(new URL('../../conformance/frames.json', import.meta.url), 'utf8'));

for (const encoding of [msgpack, cbor]) {
  test(`${encoding.name}: what is read, byte by byte`, () => {
    for (const [text, expected] of FRAMES[encoding.name]) {
      if (expected === null) refused(encoding, bytes(text));
      else assert.equal(JSON.stringify(decoded(encoding, bytes(text))), expected, text);
    }
  });

  test(`${encoding.name}: the forms that are written are the shortest`, () => {
    for (const edge of [0, 23, 24, 31, 32, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
      for (const n of [edge, -edge, -edge - 1]) {
        const { decode, encode } = oracles.find(oracle => oracle.encoding === encoding);
        const ours = encoding.encode(n);
        if (Number.isSafeInteger(n)) assert.ok(Number(decode(ours)) === n);
        assert.ok(ours.length <= encode(n).length, `${n}: ${hex(ours)}`);
      }
    }
    assert.equal(encoding.encode(1.5).length, 5);
    assert.equal(encoding.encode(1.1).length, 9);
    assert.equal(encoding.encode(3).length, 1);
  });
}
