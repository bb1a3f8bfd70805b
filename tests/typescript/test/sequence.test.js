// The position in a channel: the vectors that the Rust client runs as well.

import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SequenceTracker } from '../build/out/handfast/sequence.js';
import { assert } from './setup.js';

const vectors = JSON.parse(readFileSync(new URL('../../../runtime/tests/vectors/sequence.json', import.meta.url), 'utf8'));

/** What a subscription receives for an input. */
function outputs(tracker, [kind, value]) {
  const check = ({ gap, isDuplicate }, delivered) =>
    isDuplicate ? ['duplicate'] : [...(gap ? [{ gap }] : []), ...(delivered ? ['deliver'] : [])];
  switch (kind) {
    case 'joined':
      return check(tracker.joined(value), false);
    case 'message':
      return check(tracker.message(value), true);
    case 'skip':
      return check(tracker.message(value), false);
    case 'gap':
      const { seq, epoch, ...gap } = value;
      tracker.reported(gap, { seq, epoch });
      return [{ gap }];
  }
}

for (const { name, steps } of vectors) {
  test(name, () => {
    const tracker = new SequenceTracker();
    for (const [i, { input, outputs: expected = [] }] of steps.entries()) {
      assert.deepEqual(outputs(tracker, Object.entries(input)[0]), expected, `step ${i}`);
    }
  });
}
