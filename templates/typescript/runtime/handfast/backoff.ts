// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { Clock } from './clock.js';

/** The bounds of the delay before a reconnect, in milliseconds. */
export interface Backoff {
  readonly min: number;
  readonly max: number;
  /** How many attempts in a row may fail before a client gives up; if absent, any number. */
  readonly attempts?: number;
}

/** The shortest delay in milliseconds, unless `max` is shorter: jitter alone would sometimes make it zero. */
const MIN_DELAY = 100;

/**
 * The delay before the next attempt, in milliseconds: random (full jitter, so that clients which lost the same server do not
 * come back together) between a floor and a bound that doubles with each failure.
 */
export function backoffDelay(clock: Clock, { min, max }: Backoff, failures: number): number {
  const floor = Math.min(max, Math.max(min / 2, MIN_DELAY));
  const bound = Math.max(floor, Math.min(max, min * 2 ** failures));
  return floor + clock.random() * (bound - floor);
}
