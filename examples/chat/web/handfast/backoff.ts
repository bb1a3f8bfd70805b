/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { Clock } from './clock.js';

/** The bounds of a wait, in milliseconds. */
export interface Backoff {
  readonly min: number;
  readonly max: number;
  /** How many tries in a row may fail before a client gives up; absent: any number. */
  readonly attempts?: number;
}

/** No wait is shorter, in milliseconds, unless `max` is: chance alone would sometimes make it nothing. */
const SHORTEST = 100;

/**
 * How long to wait before the next try, in milliseconds: a random time (full jitter, so that clients which lost the same
 * server do not come back together) between a floor and a bound that doubles with each failure.
 */
export function backoffDelay(clock: Clock, { min, max }: Backoff, failures: number): number {
  const floor = Math.min(max, Math.max(min / 2, SHORTEST));
  const bound = Math.max(floor, Math.min(max, min * 2 ** failures));
  return floor + clock.random() * (bound - floor);
}
