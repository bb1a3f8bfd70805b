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

/** The time of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};
