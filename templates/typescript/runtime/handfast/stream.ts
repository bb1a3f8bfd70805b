// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { Clock } from './clock.js';
import type { StreamRequest } from './descriptor.js';
import type { CallError, DeclaredError } from './errors.js';
import { CallFailedError, err, ok, type Result } from './result.js';

/** A promise that is resolved from outside. */
interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

/** An item, and the length of its text. */
type Buffered<Item> = readonly [Item, number];

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>(settle => (resolve = settle));
  return { promise, resolve };
}

/** The maximum number of buffered items. */
const MAX_ITEMS = 1024;

/** The maximum length of the text of buffered items, in UTF-16 units (bytes, for ASCII). */
const MAX_TEXT = 1_048_576;

/**
 * By what factor one turn of the event loop may exceed these bounds. A reader had no chance to read any of it, so whether it is
 * slow is decided after the turn.
 */
const BURST = 8;

/**
 * The items that answer a stream request. Iterate it once: `for await (const item of stream)` ends when the server ends the
 * stream, {@link cancel} is called or the client is closed, throws a {@link CallFailedError} if the stream fails, and cancels the
 * stream if the loop is left early.
 *
 * Items are buffered until they are read: 1,024 of them, or 1 MiB of text. If there are more, the stream fails with `SLOW` and is
 * cancelled; the buffered ones can still be read.
 */
export class Stream<Ack, Item, End, Errors extends DeclaredError> implements AsyncIterable<Item> {
  readonly #ack = deferred<Result<Ack, CallError<Errors>>>();
  readonly #end = deferred<Result<End, CallError<Errors>>>();
  /** The buffer: first the rest of `#taken`, then `#arrived`. They are swapped when the first is exhausted. */
  #taken: Buffered<Item>[] = [];
  #next = 0;
  #arrived: Buffered<Item>[] = [];
  #items = 0;
  #text = 0;
  #cancelSlowCheck: (() => void) | undefined;
  #reader: Deferred<void> | undefined;
  #over: { readonly failure?: CallError<Errors> } | undefined;
  readonly #cancel: () => void;
  readonly #clock: Clock;

  /** @param cancel is called to cancel the stream at the server. */
  constructor(clock: Clock, cancel: () => void) {
    this.#clock = clock;
    this.#cancel = cancel;
  }

  /** The server's acknowledgement, or why the stream did not begin. Never rejects. */
  get ack(): Promise<Result<Ack, CallError<Errors>>> {
    return this.#ack.promise;
  }

  /**
   * The server's end message, or why the stream ended without: `CANCELLED` after a cancel. Never rejects.
   */
  get end(): Promise<Result<End, CallError<Errors>>> {
    return this.#end.promise;
  }

  /** Cancels the stream. Buffered items can still be read. */
  cancel(): void {
    if (this.#over !== undefined) return;
    this.#cancel();
    const error = { code: 'CANCELLED', message: 'the stream was cancelled' } as const;
    this.#finish(err<CallError<Errors>>(error), {});
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, void> {
    try {
      for (;;) {
        while (this.#items > 0) yield this.#take();
        if (this.#over?.failure !== undefined) throw new CallFailedError(this.#over.failure);
        if (this.#over !== undefined) return;
        this.#reader = deferred();
        await this.#reader.promise;
      }
    } finally {
      this.cancel();
    }
  }

  /** @internal */
  acknowledge(ack: Ack): void {
    this.#ack.resolve(ok(ack));
  }

  #take(): Item {
    if (this.#next === this.#taken.length) {
      [this.#taken, this.#next] = [this.#arrived, 0];
      this.#arrived = [];
    }
    const [item, text] = this.#taken[this.#next] as Buffered<Item>;
    this.#taken[this.#next++] = undefined as never; // so that it can be collected
    this.#items--;
    this.#text -= text;
    return item;
  }

  /** Whether the buffer exceeds `times` its bounds. */
  #exceeds(times: number): boolean {
    return this.#items > MAX_ITEMS * times || this.#text > MAX_TEXT * times;
  }

  /** @internal @param text The length of the item's text. */
  push(item: Item, text: number): void {
    if (this.#over !== undefined) return;
    this.#arrived.push([item, text]);
    this.#items++;
    this.#text += text;
    this.#wake();
    if (this.#exceeds(BURST)) return this.#slow();
    if (!this.#exceeds(1)) return;
    this.#cancelSlowCheck ??= this.#clock.after(0, () => {
      this.#cancelSlowCheck = undefined;
      if (this.#exceeds(1)) this.#slow();
    });
  }

  #slow(): void {
    if (this.#over !== undefined) return;
    while (this.#exceeds(1)) {
      const [, text] = (this.#arrived.pop() ?? this.#taken.pop()) as Buffered<Item>;
      this.#items--;
      this.#text -= text;
    }
    this.#cancel();
    this.fail({ code: 'SLOW', message: `more than ${MAX_ITEMS} items or ${MAX_TEXT} bytes wait to be read` });
  }

  /** @internal */
  complete(end: End): void {
    this.#finish(ok(end), {});
  }

  /** @internal @param quietly ends a loop over the items without throwing: the caller has closed the client. */
  fail(failure: CallError<Errors>, quietly: boolean = false): void {
    this.#finish(err(failure), quietly ? {} : { failure });
  }

  #finish(end: Result<End, CallError<Errors>>, over: { readonly failure?: CallError<Errors> }): void {
    if (this.#over !== undefined) return;
    this.#over = over;
    this.#cancelSlowCheck?.();
    this.#end.resolve(end);
    if (!end.ok) this.#ack.resolve(end); // no effect if the stream had begun
    this.#wake();
  }

  #wake(): void {
    this.#reader?.resolve();
    this.#reader = undefined;
  }
}

/** The stream that answers a request. */
export type StreamOf<M> = M extends StreamRequest<unknown, infer Ack, infer Item, infer End, infer Errors>
  ? Stream<Ack, Item, End, Errors>
  : never;
