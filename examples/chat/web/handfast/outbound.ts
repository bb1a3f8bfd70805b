/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { type Clock, deadline } from './clock.js';
import type { Connection } from './connection.js';
import type { ErrorDescriptor, Incoming, Message, Protocol } from './descriptor.js';
import { byteLength } from './encoder.js';
import type { Id } from './envelope.js';
import type { DeclaredError, RuntimeError } from './errors.js';
import { err, ok, type Result } from './result.js';

/** A pending request. */
export interface PendingRequest {
  readonly id: Id;
  /** Its encoded text. */
  readonly text: string;
  /** Whether its reply is identified by order, and not by id. */
  readonly inOrder: boolean;
  /** Whether it may be sent again after a loss of the connection. */
  readonly idempotent: boolean;
  /** The possible replies. */
  readonly answers: readonly Incoming<unknown>[];
  /** The errors that it declares. */
  readonly errors: readonly ErrorDescriptor<DeclaredError>[];
  /** Handles a reply. Returns whether it was the last. */
  answered(message: Message, incoming: Incoming<unknown>): boolean;
  /** Handles the error that ends it; `wasWritten` says whether the request was written to the current connection. */
  failed(error: DeclaredError | RuntimeError, wasWritten?: boolean): void;
}

/** How a request is sent. */
export interface Sending {
  /** Milliseconds until it fails with `TIMEOUT`; `null` waits as long as the connection lasts. */
  readonly timeout: number | null;
  readonly signal?: AbortSignal | undefined;
  /**
   * `rejoin`: before everything that is queued. `leave`: in order, but only on this connection. Both may exceed the bound; there
   * are no more of them than joined channels.
   */
  readonly as?: 'rejoin' | 'leave';
}

interface Entry {
  /** Its position in the order of the calls. */
  readonly order: number;
  /** Kept until the reply: a server that refuses a hello temporarily has not processed what followed. */
  readonly text: string;
  /** How many bytes of the bound it uses. */
  bytes: number;
  /** Dropped when the connection is lost. */
  readonly volatile: boolean;
  readonly request?: PendingRequest;
  /** Only sent on this connection. */
  readonly thisConnectionOnly?: boolean;
  /** It was written to a connection that was lost. */
  lost?: boolean;
  /** Given up, but without ids its reply must still be matched. */
  abandoned?: boolean;
  /** Cancels its timer, and removes the listener of its signal. */
  release(): void;
}

const OUTCOME_UNKNOWN: RuntimeError = {
  code: 'OUTCOME_UNKNOWN',
  message: 'the connection ended before the reply was complete',
};

/** The error of a call that was aborted by its signal. */
export const ABORTED: RuntimeError = { code: 'CANCELLED', message: 'aborted by the caller' };

/** Each entry counts as this many bytes more than its text: about the size of the objects around it. */
const OVERHEAD = 256;

/** The default of `limits.outbound`. */
const DEFAULT_MAX_BYTES = 1_048_576;

/** How often a full socket is polled, in milliseconds. WebSockets of browsers have no event for that. */
const POLL_INTERVAL = 20;

/**
 * The queue of what a client sends, in the order of the calls, and its pending requests. Together they are bounded by
 * `limits.outbound`.
 */
export class Outbound {
  readonly #clock: Clock;
  /** Whether any request was identified by order. */
  #hasOrdered = false;
  readonly #maxBytes: number;
  readonly #connection: Connection;
  /** What is not written yet, in the order of the calls. The key of a message without a reply is its entry. */
  #queued: Map<Id | object, Entry> = new Map();
  /** The pending requests that were written, in order. */
  readonly #written: Map<Id, Entry> = new Map();
  #nextOrder = 0;
  #usedBytes = 0;
  /** A pong that found the socket full. Only the last one is sent. */
  #pong: string | undefined;
  #cancelPoll: (() => void) | undefined;

  constructor(clock: Clock, protocol: Pick<Protocol, 'limits'>, connection: Connection) {
    this.#clock = clock;
    this.#maxBytes = protocol.limits?.outbound ?? DEFAULT_MAX_BYTES;
    this.#connection = connection;
  }

  /** Enqueues a request. It fails, and never throws, if it cannot be sent. */
  request(request: PendingRequest, { timeout, signal, as }: Sending): void {
    const { id, text } = request;
    if (signal?.aborted === true) return request.failed(ABORTED);
    this.#hasOrdered ||= request.inOrder;
    const bytes = byteLength(text) + OVERHEAD;
    if (as === undefined && this.#isFull(bytes, this.#maxBytes)) return request.failed(this.#queueFull());
    const timedOut = (): void => this.fail(id, { code: 'TIMEOUT', message: `no reply within ${timeout} ms` });
    const cancelTimer = timeout === null ? undefined : deadline(this.#clock, timeout, timedOut);
    const abort = (): void => this.fail(id, ABORTED);
    signal?.addEventListener('abort', abort);
    const release = (): void => {
      cancelTimer?.();
      signal?.removeEventListener('abort', abort);
    };
    const thisConnectionOnly = as !== undefined;
    const entry: Entry = { order: this.#nextOrder++, text, bytes, volatile: false, request, thisConnectionOnly, release };
    this.#usedBytes += bytes;
    if (as === 'rejoin') this.#write(id, entry);
    else this.#enqueue(id, entry);
  }

  /** Enqueues a message without a reply. */
  send(text: string, volatile: boolean): Result<undefined, RuntimeError> {
    const bytes = byteLength(text) + OVERHEAD;
    if (volatile && (!this.#connection.writable || this.#isFull(bytes, this.#maxBytes / 2))) return ok(undefined);
    if (this.#isFull(bytes, this.#maxBytes)) return err(this.#queueFull());
    if (this.#queued.size === 0 && this.#connection.writable && !this.#isSocketFull()) {
      this.#connection.write(text); // usually the queue is empty
      return ok(undefined);
    }
    this.#usedBytes += bytes;
    const entry: Entry = { order: this.#nextOrder++, text, bytes, volatile, release() {} };
    this.#enqueue(entry, entry);
    return ok(undefined);
  }

  /** Sends a pong. A server that pings and does not read gets one pong for all pings. */
  pong(text: string): void {
    if (!this.#connection.writable) return;
    this.#pong = text;
    this.#flushPong();
  }

  /** There is always room for one message, so that none is queued for ever. */
  #isFull(bytes: number, max: number): boolean {
    const used = this.#usedBytes + this.#connection.buffered;
    return used > 0 && used + bytes > max;
  }

  #queueFull(): RuntimeError {
    const message = `${this.#maxBytes} bytes are queued or pending already`;
    return { code: 'QUEUE_FULL', message, retryable: true };
  }

  #enqueue(key: Id | object, entry: Entry): void {
    this.#queued.set(key, entry);
    if (this.#queued.size === 1) this.flush();
  }

  /** Writes what is queued, as far as the socket has room. */
  flush(): void {
    if (!this.#connection.writable || !this.#flushPong()) return;
    for (const [key, entry] of this.#queued) {
      if (this.#isSocketFull()) return;
      this.#write(key, entry);
      if (!this.#connection.writable) return;
    }
  }

  #flushPong(): boolean {
    if (this.#isSocketFull()) return false;
    if (this.#pong !== undefined) this.#connection.write(this.#pong);
    this.#pong = undefined;
    return true;
  }

  /** Whether the socket's buffer is full; then it is polled. */
  #isSocketFull(): boolean {
    if (this.#connection.buffered <= this.#maxBytes / 2) return false;
    this.#cancelPoll ??= this.#clock.after(POLL_INTERVAL, () => {
      this.#cancelPoll = undefined;
      this.flush();
    });
    return true;
  }

  #write(key: Id | object, entry: Entry): void {
    const { text, request } = entry;
    this.#queued.delete(key);
    if (request === undefined) this.#usedBytes -= entry.bytes;
    else this.#written.set(request.id, entry);
    this.#connection.write(text);
  }

  /** The request that a message replies to: by id, or the first of those that are identified by order. */
  find(id: Id | undefined): PendingRequest | undefined {
    const named = id === undefined ? undefined : this.#written.get(id)?.request;
    if (named?.inOrder === false || !this.#hasOrdered) return named;
    for (const { request } of this.#written.values()) if (request?.inOrder === true) return request;
    return undefined;
  }

  /** Whether a pending request was written to the current connection. */
  isWritten(id: Id): boolean {
    return this.#written.has(id);
  }

  /** Passes a reply to its request. */
  answer(request: PendingRequest, message: Message, incoming: Incoming<unknown>): void {
    const entry = this.#written.get(request.id);
    if (entry === undefined) return;
    entry.release();
    this.#usedBytes -= entry.bytes; // a stream that continues uses none of the bound
    entry.bytes = 0;
    if (entry.abandoned === true || request.answered(message, incoming)) this.#remove(request.id, entry);
  }

  /** Fails a request. */
  fail(id: Id, error: DeclaredError | RuntimeError, answered: boolean = false): void {
    const entry = this.#queued.get(id) ?? this.#written.get(id);
    if (entry === undefined) return;
    const wasAbandoned = entry.abandoned;
    const wasWritten = this.#written.has(id);
    this.abandon(id, answered);
    if (wasAbandoned !== true) entry.request?.failed(error, wasWritten);
  }

  /** Gives up a request. If the protocol goes by order, its position is kept until the reply arrives. */
  abandon(id: Id, answered: boolean = false): void {
    const entry = this.#queued.get(id) ?? this.#written.get(id);
    if (entry === undefined) return;
    entry.release();
    entry.abandoned = true;
    if (answered || entry.request?.inOrder !== true || this.#queued.has(id)) this.#remove(id, entry);
  }

  #remove(key: Id | object, entry: Entry): void {
    this.#usedBytes -= entry.bytes;
    entry.bytes = 0;
    this.#queued.delete(key);
    this.#written.delete(key as Id);
  }

  /**
   * The connection was lost: what may be sent again is queued for the next one; the outcome of the rest is unknown.
   *
   * @param refused Whether the server refused the hello, and has not processed what followed.
   * @param again Whether what was written may be written again.
   */
  lost(refused: boolean, again: boolean): void {
    this.#cancelPoll?.();
    this.#cancelPoll = this.#pong = undefined;
    const queued = [...this.#queued];
    const written = [...this.#written];
    this.#written.clear();
    const kept = written.filter(([, entry]) => {
      if (!refused) entry.lost = true;
      const { request, thisConnectionOnly, abandoned } = entry;
      return refused || (again && request?.idempotent === true && thisConnectionOnly !== true && abandoned !== true);
    });
    this.#queued = new Map([...kept, ...queued].sort(([, a], [, b]) => a.order - b.order));
    for (const [id, entry] of written) {
      if (this.#queued.has(id)) continue;
      this.#usedBytes -= entry.bytes;
      entry.release();
      if (entry.abandoned !== true) entry.request?.failed(OUTCOME_UNKNOWN);
    }
    for (const [key, entry] of queued) {
      if (entry.volatile) this.#remove(key, entry);
      else if (entry.thisConnectionOnly === true) this.fail(key as Id, OUTCOME_UNKNOWN);
    }
  }

  /** Fails every request, and drops the rest. */
  failAll(error: RuntimeError): void {
    for (const [key, entry] of [...this.#queued, ...this.#written]) {
      if (entry.request === undefined) this.#remove(key, entry);
      else this.fail(entry.request.id, entry.lost === true ? OUTCOME_UNKNOWN : error, true);
    }
  }
}
