/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

/** Time and chance, so that tests can own both. */
export interface Clock {
  /** Milliseconds since some fixed time. */
  now(): number;
  /** Calls back once, after so many milliseconds; the result cancels it. */
  after(milliseconds: number, callback: () => void): () => void;
  /** A number from 0 up to, but not, 1. */
  random(): number;
}

/** The longest time a timer of the platform can be set to; a longer one would fire at once. */
const LONGEST = 2 ** 31 - 1;

/** The time of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, Math.min(milliseconds, LONGEST));
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

/** How late a timer has to be, in milliseconds, to say that this program was held up. */
const LATE = 100;

/**
 * Calls back once, after so many milliseconds, to give up on a peer; the result cancels it. If the program was held up
 * meanwhile (a blocked event loop, a machine that slept), the peer's answer may be here already and not have been read:
 * then there is one more turn for it.
 */
export function deadline(clock: Clock, milliseconds: number, callback: () => void): () => void {
  const due = clock.now() + milliseconds;
  let cancel = clock.after(milliseconds, () => {
    if (clock.now() < due + LATE) callback();
    else cancel = clock.after(LATE, callback);
  });
  return () => cancel();
}
