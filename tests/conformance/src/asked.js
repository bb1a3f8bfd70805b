import { createInterface } from 'node:readline';
import { cbor, msgpack, violationsOf } from './out/handfast.js';

// As a WebSocket decodes what it takes for text.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What `decode` makes of a text; the same message in MessagePack and CBOR has the same verdict. */
function decoded(text, decode) {
  const result = decode(text);
  const isText = result.error?.message !== 'not an object' && result.error?.kind === 'syntax';
  const expected = JSON.stringify([result.value, result.error]);
  for (const encoding of isText ? [] : [msgpack, cbor]) {
    const { value, error } = decode(encoding.encode(JSON.parse(text)), encoding);
    if (JSON.stringify([value, error]) !== expected) throw new Error(`${encoding.name} has another verdict than JSON`);
  }
  return result;
}

function answer([of, byServer, message]) {
  const api = protocols[of];
  const text = typeof message === 'string' ? message : utf8.decode(new Uint8Array(message));
  if (byServer) {
    const result = decoded(text, api.decodeClientMessage);
    if (!result.ok && result.error.kind !== 'invalid') return refused(result.error);
    const told = result.ok ? [] : list(result.error.violations);
    // What a client sends is checked before it is written, and the client is told the same.
    const { type, payload } = JSON.parse(text);
    if (type !== 'm' || payload === undefined) return { violations: told };
    const violations = violationsOf(api.validateM, payload, 'sent');
    if (api.isM(payload) !== (violations.length === 0)) return { other: 'the guard says something else' };
    const sent = list(violations).map(([path, ...rest]) => ['/payload' + path, ...rest]);
    if (JSON.stringify(sent) !== JSON.stringify(told)) return { other: 'a client and a server differ' };
    return { violations: told };
  }
  const result = decoded(text, (frame, encoding) => api.decode(frame, undefined, encoding));
  if (result.ok) return {};
  if (result.error.kind !== 'invalid') return refused(result.error);
  return { violations: list(result.error.violations) };
}

function refused(error) {
  if (error.kind === 'envelope') return { envelope: true, violations: list(error.violations) };
  return { other: error.kind === 'unknown-type' ? 'UNKNOWN_TYPE' : String(error) };
}

const list = violations => violations.map(one => [one.path, one.keyword, one.message, one.allowed ?? null]);

let lines = [];
for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    said = answer(JSON.parse(line));
  } catch (error) {
    said = { other: String(error) };
  }
  lines.push(JSON.stringify(said));
  if (lines.length === 1000) {
    process.stdout.write(lines.join('\n') + '\n');
    lines = [];
  }
}
if (lines.length > 0) process.stdout.write(lines.join('\n') + '\n');
