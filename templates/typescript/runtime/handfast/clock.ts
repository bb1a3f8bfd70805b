// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

/** Time and chance, so that tests can own both. */
export interface Clock {
  /** Milliseconds since some fixed time. */
  now(): number;
  /** Calls back once after this many milliseconds. Returns a function that cancels it. */
  after(milliseconds: number, callback: () => void): () => void;
  /** A random number: at least 0 and less than 1. */
  random(): number;
}

/** The longest timeout of the platform, in milliseconds; a longer one would fire at once. */
const MAX_TIMEOUT = 2 ** 31 - 1;

/** The clock of the platform. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, Math.min(milliseconds, MAX_TIMEOUT));
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

/** A timer this late, in milliseconds, means that the program was blocked. */
const BLOCKED = 100;

/**
 * Calls back once after this many milliseconds, to give up on a peer. Returns a function that cancels it. If the program was
 * blocked meanwhile (a busy event loop, a machine that slept), the peer's answer may have arrived without being read yet: then
 * it gets one more turn.
 */
export function deadline(clock: Clock, milliseconds: number, callback: () => void): () => void {
  const due = clock.now() + milliseconds;
  let cancel = clock.after(milliseconds, () => {
    if (clock.now() < due + BLOCKED) callback();
    else cancel = clock.after(BLOCKED, callback);
  });
  return () => cancel();
}
