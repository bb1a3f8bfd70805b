// The vectors of the session's machine, which the Rust runtime runs as well, and what its simulator did (`HANDFAST_TRACE`, which
// `cargo xtask test typescript` sets).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Link, Sent } from '../build/out/handfast/counting.js';

const vectors = JSON.parse(readFileSync(new URL('../../../runtime/src/session/vectors.json', import.meta.url), 'utf8'));

/** One end without a transport. */
function end(outbound) {
  const link = new Link(vectors.heartbeat, vectors.timeout, outbound);
  const sent = new Sent();
  const received = number => (number === undefined ? [] : [{ received: number }]);
  const steps = {
    attach({ counting, received }, now) {
      const resumed = received !== undefined;
      if (resumed && !sent.isPossible(received)) return ['never-sent'];
      if (resumed) sent.acknowledge(received);
      else sent.begin(counting);
      link.attach(counting, resumed, now);
      return sent.rest().map(next => (typeof next === 'number' ? { sent: next } : { send: next.message }));
    },
    send({ message, volatile }) {
      sent.send(volatile ? undefined : { message, bytes: 1 });
      return [];
    },
    acknowledged: ({ received }) => (sent.acknowledge(received) === undefined ? ['never-sent'] : []),
    receive({ bytes }, now) {
      link.hear(now);
      link.count(bytes, now);
      return received(link.acknowledge(false, now));
    },
    ping: (_, now) => received(link.acknowledge(true, now)),
    skip({ sent }, now) {
      link.skip(sent, now);
      return [];
    },
    hear(_, now) {
      link.hear(now);
      return [];
    },
    check() {
      link.ping();
      return [];
    },
    timeout(_, now) {
      const out = [];
      for (let action; out.length < 8 && (action = link.handleTimeout(now)) !== undefined; ) {
        out.push(typeof action === 'number' ? { received: action } : action);
      }
      return out;
    },
  };
  return { link, sent, steps };
}

/** Demands what a case says of each step. */
function run({ name, outbound = vectors.outbound, steps }) {
  const { link, sent, steps: by } = end(outbound);
  let now = 0;
  for (const step of steps) {
    now = step.at ?? now;
    const out = Array.from({ length: step.times ?? 1 }, () => by[step.do](step, now)).flat();
    const place = `${name}: ${JSON.stringify(step)}`;
    if ('out' in step) assert.deepEqual(out, step.out, place);
    if ('next' in step) assert.equal(link.timeout(), step.next ?? undefined, place);
    if ('kept' in step) assert.deepEqual([...sent.kept.values()].map(({ message }) => message), step.kept, place);
    assert.equal(sent.bytes, sent.kept.size, place);
  }
}

for (const one of vectors.cases) test(one.name, () => run(one));

const { HANDFAST_TRACE: trace } = process.env;

test('what the simulator did', { skip: trace === undefined && 'HANDFAST_TRACE names no trace' }, () => {
  const { cases } = JSON.parse(readFileSync(trace, 'utf8'));
  const attached = cases.flatMap(({ steps }) => steps.filter(step => step.do === 'attach')).length;
  assert.ok(attached > 20_000, `${attached} connections`);
  for (const one of cases) run(one);
});

test('each rule of the machine is in a vector', () => {
  const done = new Set(vectors.cases.flatMap(({ steps }) => steps.map(step => step.do)));
  assert.deepEqual([...done].sort(), Object.keys(end(1).steps).sort());
});
