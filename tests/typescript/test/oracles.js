// Other people's MessagePack and CBOR, and messages that are decoded in every encoding.

import assert from 'node:assert/strict';
import * as messagePack from '@msgpack/msgpack';
import { Encoder } from 'cbor-x';
import * as hf from '../build/out/handfast.js';

const cborX = new Encoder({ useRecords: false, mapsAsObjects: true, tagUint8Array: false });

/** Each encoding, with an implementation of it that is not ours. */
export const oracles = [
  {
    encoding: hf.msgpack,
    encode: value => messagePack.encode(value, { maxDepth: 1000 }),
    decode: bytes => messagePack.decode(bytes),
  },
  { encoding: hf.cbor, encode: value => new Uint8Array(cborX.encode(value)), decode: bytes => cborX.decode(bytes) },
];

/** A generator of numbers from 0 to 1 (mulberry32). */
export function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Decodes a text as it is, and what it says in the other encodings, as another implementation writes it: all have the same
 * verdict, with the same violations. A text that is not JSON says nothing.
 */
export function decodeInAll(text, decode) {
  const decoded = decode(text);
  if (!decoded.ok && decoded.error.kind === 'syntax' && decoded.error.message !== 'not an object') return decoded;
  const value = JSON.parse(text);
  for (const { encoding, encode } of oracles) {
    for (const bytes of [encode(value), encoding.encode(value)]) {
      assert.deepEqual(plain(decode(bytes, encoding)), plain(decoded), `${encoding.name}: ${text.slice(0, 200)}`);
    }
  }
  return decoded;
}

/** A result without its functions. */
const plain = ({ ok, value, error }) => ({ ok, value, error });

/** The functions of a generated module, which decode in every encoding. */
export function inAll(api) {
  const client = (frame, pending) => decodeInAll(frame, (frame, encoding) => api.decode(frame, pending, encoding));
  const server = text => decodeInAll(text, api.decodeClientMessage);
  /** What was parsed is also written and decoded, if it can be. */
  const value = (decodeValue, decode) => (value, ...more) => {
    const decoded = decodeValue(value, ...more);
    const text = JSON.stringify(value);
    const again = decode(text, ...more);
    assert.equal(again.ok, decoded.ok, text);
    assert.deepEqual(again.error?.violations, decoded.error?.violations, text);
    return decoded;
  };
  return {
    ...api,
    decode: client,
    decodeValue: value(api.decodeValue, client),
    decodeClientMessage: server,
    decodeClientMessageValue: value(api.decodeClientMessageValue, server),
  };
}
