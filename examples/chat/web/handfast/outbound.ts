/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { deadline, type Clock } from './clock.js';
import type { Connection } from './connection.js';
import type { ErrorDescriptor, Incoming, Message, Protocol } from './descriptor.js';
import { byteLength } from './encoder.js';
import type { Id } from './envelope.js';
import type { DeclaredError, RuntimeError } from './errors.js';
import { err, ok, type Result } from './result.js';

/** A request and what becomes of it. */
export interface PendingRequest {
  readonly id: Id;
  /** As it goes over the wire. */
  readonly text: string;
  /** Whether its answer is known by its place in line, and not by its id. */
  readonly inOrder: boolean;
  /** May be sent again after the connection broke. */
  readonly idempotent: boolean;
  /** What may answer it. */
  readonly answers: readonly Incoming<unknown>[];
  /** The errors it may be answered with. */
  readonly errors: readonly ErrorDescriptor<DeclaredError>[];
  /** Takes an answer; whether it was the last. */
  answered(message: Message, incoming: Incoming<unknown>): boolean;
  /** Takes the error that ends it, and whether the request was written over the connection that there is. */
  failed(error: DeclaredError | RuntimeError, wasWritten?: boolean): void;
}

/** How a request is sent. */
export interface Sending {
  /** Milliseconds until it fails with `TIMEOUT`; `null` waits for as long as the connection lasts. */
  readonly timeout: number | null;
  readonly signal?: AbortSignal | undefined;
  /**
   * `rejoin`: before everything that waits. `leave`: in order, but for this connection alone. Both are sent whatever
   * waits; there are no more of them than joined channels.
   */
  readonly as?: 'rejoin' | 'leave';
}

interface Entry {
  /** Its place in the order of the calls. */
  readonly order: number;
  /** It is kept until the answer: a server that refuses a hello for now has not looked at what came behind it. */
  readonly text: string;
  /** How much of the bound it takes. */
  size: number;
  /** Not worth sending later. */
  readonly volatile: boolean;
  readonly request?: PendingRequest;
  /** For this connection alone. */
  readonly fleeting?: boolean;
  /** It went out over a connection that was lost. */
  lost?: boolean;
  /** Nobody waits any more, but without ids its answer still has to be counted off. */
  abandoned?: boolean;
  /** Ends its timer, and stops listening to its signal. */
  release(): void;
}

const OUTCOME_UNKNOWN: RuntimeError = {
  code: 'OUTCOME_UNKNOWN',
  message: 'the connection ended before the answer was complete',
};

/** The call was aborted by its signal. */
export const ABORTED: RuntimeError = { code: 'CANCELLED', message: 'aborted by the caller' };

/** What waits takes this much of the bound beside its bytes: about what the objects around them take. */
const OVERHEAD = 256;

/** `limits.outbound` of a protocol that has none. */
const OUTBOUND = 1_048_576;

/** How often, in milliseconds, a socket that was full is asked how full it is. Sockets of browsers do not say when. */
const POLL = 20;

/**
 * What a client has to send, in the order of the calls, and the requests that have not been answered. Together they are
 * bounded by `limits.outbound`.
 */
export class Outbound {
  readonly #clock: Clock;
  /** Whether any request was known by its place in line. */
  #inOrder = false;
  readonly #most: number;
  readonly #connection: Connection;
  /** What is not written, in the order of the calls; a message without an answer by itself. */
  #waiting: Map<Id | object, Entry> = new Map();
  /** Requests that were written, in the order in which they were. */
  readonly #written: Map<Id, Entry> = new Map();
  #calls = 0;
  #used = 0;
  /** A pong that violations the socket full. Only the last is worth sending. */
  #pong: string | undefined;
  #cancelPoll: (() => void) | undefined;

  constructor(clock: Clock, protocol: Pick<Protocol, 'limits'>, connection: Connection) {
    this.#clock = clock;
    this.#most = protocol.limits?.outbound ?? OUTBOUND;
    this.#connection = connection;
  }

  /** Takes a request. It fails, and never throws, if it cannot be sent. */
  ask(request: PendingRequest, { timeout, signal, as }: Sending): void {
    const { id, text } = request;
    if (signal?.aborted === true) return request.failed(ABORTED);
    this.#inOrder ||= request.inOrder;
    const size = byteLength(text) + OVERHEAD;
    if (as === undefined && this.#isFull(size, this.#most)) return request.failed(this.#full());
    const late = (): void => this.fail(id, { code: 'TIMEOUT', message: `no answer within ${timeout} ms` });
    const cancelTimer = timeout === null ? undefined : deadline(this.#clock, timeout, late);
    const abort = (): void => this.fail(id, ABORTED);
    signal?.addEventListener('abort', abort);
    const release = (): void => {
      cancelTimer?.();
      signal?.removeEventListener('abort', abort);
    };
    const fleeting = as !== undefined;
    const entry: Entry = { order: this.#calls++, text, size, volatile: false, request, fleeting, release };
    this.#used += size;
    if (as === 'rejoin') this.#write(id, entry);
    else this.#take(id, entry);
  }

  /** Takes a message without an answer. */
  send(text: string, volatile: boolean): Result<undefined, RuntimeError> {
    const size = byteLength(text) + OVERHEAD;
    if (volatile && (!this.#connection.writable || this.#isFull(size, this.#most / 2))) return ok(undefined);
    if (this.#isFull(size, this.#most)) return err(this.#full());
    if (this.#waiting.size === 0 && this.#connection.writable && !this.#isStuck()) {
      this.#connection.write(text); // most need not wait
      return ok(undefined);
    }
    this.#used += size;
    const entry: Entry = { order: this.#calls++, text, size, volatile, release() {} };
    this.#take(entry, entry);
    return ok(undefined);
  }

  /** Answers a ping. A server that pings and does not read gets one answer for all of them. */
  pong(text: string): void {
    if (!this.#connection.writable) return;
    this.#pong = text;
    this.#flushPong();
  }

  /** One message finds room always, so that none waits for ever. */
  #isFull(size: number, most: number): boolean {
    const used = this.#used + this.#connection.buffered;
    return used > 0 && used + size > most;
  }

  #full(): RuntimeError {
    const message = `${this.#most} bytes wait to be sent or answered already`;
    return { code: 'QUEUE_FULL', message, retryable: true };
  }

  #take(key: Id | object, entry: Entry): void {
    this.#waiting.set(key, entry);
    if (this.#waiting.size === 1) this.flush();
  }

  /** Writes what waits, as far as the connection takes it now. */
  flush(): void {
    if (!this.#connection.writable || !this.#flushPong()) return;
    for (const [key, entry] of this.#waiting) {
      if (this.#isStuck()) return;
      this.#write(key, entry);
      if (!this.#connection.writable) return;
    }
  }

  #flushPong(): boolean {
    if (this.#isStuck()) return false;
    if (this.#pong !== undefined) this.#connection.write(this.#pong);
    this.#pong = undefined;
    return true;
  }

  /** Whether the socket holds enough; then it is asked again later. */
  #isStuck(): boolean {
    if (this.#connection.buffered <= this.#most / 2) return false;
    this.#cancelPoll ??= this.#clock.after(POLL, () => {
      this.#cancelPoll = undefined;
      this.flush();
    });
    return true;
  }

  #write(key: Id | object, entry: Entry): void {
    const { text, request } = entry;
    this.#waiting.delete(key);
    if (request === undefined) this.#used -= entry.size;
    else this.#written.set(request.id, entry);
    this.#connection.write(text);
  }

  /** The request that a message answers: by its id, or the first in line of those that go by order. */
  find(id: Id | undefined): PendingRequest | undefined {
    const named = id === undefined ? undefined : this.#written.get(id)?.request;
    if (named?.inOrder === false || !this.#inOrder) return named;
    for (const { request } of this.#written.values()) if (request?.inOrder === true) return request;
    return undefined;
  }

  /** Whether a request that is pending went out over the connection there is. */
  isWritten(id: Id): boolean {
    return this.#written.has(id);
  }

  /** Gives a request its answer. */
  answer(request: PendingRequest, message: Message, incoming: Incoming<unknown>): void {
    const entry = this.#written.get(request.id);
    if (entry === undefined) return;
    entry.release();
    this.#used -= entry.size; // a stream that goes on waits for nothing
    entry.size = 0;
    if (entry.abandoned === true || request.answered(message, incoming)) this.#remove(request.id, entry);
  }

  /** Fails a request. */
  fail(id: Id, error: DeclaredError | RuntimeError, answered: boolean = false): void {
    const entry = this.#waiting.get(id) ?? this.#written.get(id);
    if (entry === undefined) return;
    const wasAbandoned = entry.abandoned;
    const wasWritten = this.#written.has(id);
    this.abandon(id, answered);
    if (wasAbandoned !== true) entry.request?.failed(error, wasWritten);
  }

  /** Waits for a request no longer. Its place in line stays, until its answer comes, if the protocol goes by order. */
  abandon(id: Id, answered: boolean = false): void {
    const entry = this.#waiting.get(id) ?? this.#written.get(id);
    if (entry === undefined) return;
    entry.release();
    entry.abandoned = true;
    if (answered || entry.request?.inOrder !== true || this.#waiting.has(id)) this.#remove(id, entry);
  }

  #remove(key: Id | object, entry: Entry): void {
    this.#used -= entry.size;
    entry.size = 0;
    this.#waiting.delete(key);
    this.#written.delete(key as Id);
  }

  /**
   * The connection broke: what may be sent again waits for the next one, the outcome of the rest is unknown.
   *
   * @param refused The server refused the hello, and did not look at what was written behind it.
   * @param again Whether what was written may be written again.
   */
  lost(refused: boolean, again: boolean): void {
    this.#cancelPoll?.();
    this.#cancelPoll = this.#pong = undefined;
    const waiting = [...this.#waiting];
    const written = [...this.#written];
    this.#written.clear();
    const kept = written.filter(([, entry]) => {
      if (!refused) entry.lost = true;
      const { request, fleeting, abandoned } = entry;
      return refused || (again && request?.idempotent === true && fleeting !== true && abandoned !== true);
    });
    this.#waiting = new Map([...kept, ...waiting].sort(([, a], [, b]) => a.order - b.order));
    for (const [id, entry] of written) {
      if (this.#waiting.has(id)) continue;
      this.#used -= entry.size;
      entry.release();
      if (entry.abandoned !== true) entry.request?.failed(OUTCOME_UNKNOWN);
    }
    for (const [key, entry] of waiting) {
      if (entry.volatile) this.#remove(key, entry);
      else if (entry.fleeting === true) this.fail(key as Id, OUTCOME_UNKNOWN);
    }
  }

  /** Fails every request, and drops the rest. */
  failAll(error: RuntimeError): void {
    for (const [key, entry] of [...this.#waiting, ...this.#written]) {
      if (entry.request === undefined) this.#remove(key, entry);
      else this.fail(entry.request.id, entry.lost === true ? OUTCOME_UNKNOWN : error, true);
    }
  }
}
