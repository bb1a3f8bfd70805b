// The vectors of the session's machine, which the Rust runtime runs as well.

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

for (const { name, outbound = vectors.outbound, steps } of vectors.cases) {
  test(name, () => {
    const { link, sent, steps: by } = end(outbound);
    let now = 0;
    for (const step of steps) {
      now = step.at ?? now;
      const out = Array.from({ length: step.times ?? 1 }, () => by[step.do](step, now)).flat();
      const place = JSON.stringify(step);
      if ('out' in step) assert.deepEqual(out, step.out, place);
      if ('next' in step) assert.equal(link.timeout(), step.next, place);
      if ('kept' in step) assert.deepEqual([...sent.kept.values()].map(({ message }) => message), step.kept, place);
      const bytes = [...sent.kept.values()].length;
      assert.equal(sent.bytes, bytes, place);
    }
  });
}

test('each rule of the machine is in a vector', () => {
  const done = new Set(vectors.cases.flatMap(({ steps }) => steps.map(step => step.do)));
  assert.deepEqual([...done].sort(), Object.keys(end(1).steps).sort());
});
