/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

/**
 * The warnings of a client on the console, each kind once: a server could otherwise flood the console. The number of kinds is
 * bounded by the protocol.
 */
export class Warnings {
  readonly #kinds: Set<string> = new Set();

  warn(kind: string, words: string): void {
    if (this.#kinds.has(kind)) return;
    this.#kinds.add(kind);
    console.warn(`handfast: ${words}`);
  }
}
