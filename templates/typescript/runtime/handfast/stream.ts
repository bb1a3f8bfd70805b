// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { Clock } from './clock.js';
import type { StreamRequest } from './descriptor.js';
import type { CallError, DeclaredError } from './errors.js';
import { err, CallFailedError, ok, type Result } from './result.js';

/** A value that will be there, from outside the promise. */
interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

/** An item, and how long it was as text. */
type Waiting<Item> = readonly [Item, number];

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>(settle => (resolve = settle));
  return { promise, resolve };
}

/** How many items may wait. */
const ITEMS = 1024;

/** How much text the items that wait may have been, in UTF-16 units, which are bytes as long as they are ASCII. */
const TEXT = 1_048_576;

/**
 * How many times these bounds may be passed by what arrives in one turn of the event loop. A reader could not have taken
 * any of it, so whether it is slow is judged after the turn.
 */
const BURST = 8;

/**
 * What a stream request brings. Iterate it once: `for await (const item of stream)` ends when the server ends the
 * stream, {@link cancel} is called or the client is closed, throws a {@link CallFailedError} when it fails, and cancels it when
 * the loop is left early.
 *
 * Items wait until they are taken: 1,024 of them, or 1 MiB as text. If more would wait, the stream fails with `SLOW` and
 * is cancelled; those can still be taken.
 */
export class Stream<Ack, Item, End, Errors extends DeclaredError> implements AsyncIterable<Item> {
  readonly #ack = deferred<Result<Ack, CallError<Errors>>>();
  readonly #end = deferred<Result<End, CallError<Errors>>>();
  /** What waits: first the rest of `#taken`, then `#arrived`. They change places when the first is at its end. */
  #taken: Waiting<Item>[] = [];
  #next = 0;
  #arrived: Waiting<Item>[] = [];
  #items = 0;
  #text = 0;
  #cancelJudgement: (() => void) | undefined;
  #waitingReader: Deferred<void> | undefined;
  #over: { readonly failure?: CallError<Errors> } | undefined;
  readonly #cancel: () => void;
  readonly #clock: Clock;

  /** @param cancel tells the server. */
  constructor(clock: Clock, cancel: () => void) {
    this.#clock = clock;
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
        while (this.#items > 0) yield this.#take();
        if (this.#over?.failure !== undefined) throw new CallFailedError(this.#over.failure);
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

  #take(): Item {
    if (this.#next === this.#taken.length) {
      [this.#taken, this.#next] = [this.#arrived, 0];
      this.#arrived = [];
    }
    const [item, text] = this.#taken[this.#next] as Waiting<Item>;
    this.#taken[this.#next++] = undefined as never; // so that it can be collected
    this.#items--;
    this.#text -= text;
    return item;
  }

  /** Whether more waits than `times` the bounds. */
  #exceeds(times: number): boolean {
    return this.#items > ITEMS * times || this.#text > TEXT * times;
  }

  /** @internal @param text how long the item was as text. */
  push(item: Item, text: number): void {
    if (this.#over !== undefined) return;
    this.#arrived.push([item, text]);
    this.#items++;
    this.#text += text;
    this.#wake();
    if (this.#exceeds(BURST)) return this.#slow();
    if (!this.#exceeds(1)) return;
    this.#cancelJudgement ??= this.#clock.after(0, () => {
      this.#cancelJudgement = undefined;
      if (this.#exceeds(1)) this.#slow();
    });
  }

  #slow(): void {
    if (this.#over !== undefined) return;
    while (this.#exceeds(1)) {
      const [, text] = (this.#arrived.pop() ?? this.#taken.pop()) as Waiting<Item>;
      this.#items--;
      this.#text -= text;
    }
    this.#cancel();
    this.fail({ code: 'SLOW', message: `more than ${ITEMS} items or ${TEXT} bytes wait to be taken` });
  }

  /** @internal */
  complete(end: End): void {
    this.#finish(ok(end), {});
  }

  /** @internal @param quietly ends a loop over the items without a throw: it is the caller who closed the client. */
  fail(failure: CallError<Errors>, quietly: boolean = false): void {
    this.#finish(err(failure), quietly ? {} : { failure });
  }

  #finish(end: Result<End, CallError<Errors>>, over: { readonly failure?: CallError<Errors> }): void {
    if (this.#over !== undefined) return;
    this.#over = over;
    this.#cancelJudgement?.();
    this.#end.resolve(end);
    if (!end.ok) this.#ack.resolve(end); // does nothing where the stream had begun
    this.#wake();
  }

  #wake(): void {
    this.#waitingReader?.resolve();
    this.#waitingReader = undefined;
  }
}

/** The stream that answers a request. */
export type StreamOf<M> = M extends StreamRequest<unknown, infer Ack, infer Item, infer End, infer Errors>
  ? Stream<Ack, Item, End, Errors>
  : never;
