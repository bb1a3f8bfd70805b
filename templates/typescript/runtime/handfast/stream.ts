// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { CallError, DeclaredError } from './errors.js';
import { err, Failed, ok, type Result } from './result.js';

/** A value that will be there, from outside the promise. */
interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>(settle => (resolve = settle));
  return { promise, resolve };
}

/**
 * What a stream request brings. Iterate it once: `for await (const item of stream)` ends when the server ends the
 * stream or {@link cancel} is called, throws a {@link Failed} when it fails, and cancels it when the loop is left
 * early.
 *
 * Items wait, without bound, until they are taken.
 */
export class Stream<Ack, Item, End, Errors extends DeclaredError> implements AsyncIterable<Item> {
  readonly #ack = deferred<Result<Ack, CallError<Errors>>>();
  readonly #end = deferred<Result<End, CallError<Errors>>>();
  readonly #waitingItems: Item[] = [];
  #waitingReader: Deferred<void> | undefined;
  #over: { readonly failure?: CallError<Errors> } | undefined;
  readonly #cancel: () => void;

  /** @param cancel tells the server. */
  constructor(cancel: () => void) {
    this.#cancel = cancel;
  }

  /** What the server said when the stream began, or why it did not. It never rejects. */
  get ack(): Promise<Result<Ack, CallError<Errors>>> {
    return this.#ack.promise;
  }

  /**
   * What the server said when the stream was over, or why it broke off: `CANCELLED` after a cancel. It never rejects.
   */
  get end(): Promise<Result<End, CallError<Errors>>> {
    return this.#end.promise;
  }

  /** Ends the stream early. Items that are already here can still be taken. */
  cancel(): void {
    if (this.#over !== undefined) return;
    this.#cancel();
    const error = { code: 'CANCELLED', message: 'the stream was cancelled' } as const;
    this.#finish(err<CallError<Errors>>(error), {});
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, void> {
    try {
      for (;;) {
        while (this.#waitingItems.length > 0) yield this.#waitingItems.shift() as Item;
        if (this.#over?.failure !== undefined) throw new Failed(this.#over.failure);
        if (this.#over !== undefined) return;
        this.#waitingReader = deferred();
        await this.#waitingReader.promise;
      }
    } finally {
      this.cancel();
    }
  }

  /** @internal */
  acknowledge(ack: Ack): void {
    this.#ack.resolve(ok(ack));
  }

  /** @internal */
  push(item: Item): void {
    this.#waitingItems.push(item);
    this.#wake();
  }

  /** @internal */
  complete(end: End): void {
    this.#finish(ok(end), {});
  }

  /** @internal */
  fail(failure: CallError<Errors>): void {
    this.#finish(err(failure), { failure });
  }

  #finish(end: Result<End, CallError<Errors>>, over: { readonly failure?: CallError<Errors> }): void {
    if (this.#over !== undefined) return;
    this.#over = over;
    this.#end.resolve(end);
    if (!end.ok) this.#ack.resolve(end); // does nothing where the stream had begun
    this.#wake();
  }

  #wake(): void {
    this.#waitingReader?.resolve();
    this.#waitingReader = undefined;
  }
}
