/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

/**
 * What a client writes to the console. Each kind once: a server decides how often a thing happens, and a console keeps
 * what it is given. Kinds are a fixed number, and those of a protocol.
 */
export class Warnings {
  readonly #kinds: Set<string> = new Set();

  warn(kind: string, words: string): void {
    if (this.#kinds.has(kind)) return;
    this.#kinds.add(kind);
    console.warn(`handfast: ${words}`);
  }
}
