// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { Clock } from './clock.js';
import type { ErrorDescriptor, Incoming, Message } from './descriptor.js';
import type { Envelope, Id } from './envelope.js';
import type { DeclaredError, RuntimeError } from './errors.js';

/** A request and what becomes of it. */
export interface PendingRequest {
  readonly id: Id;
  /** As it goes over the wire. */
  readonly text: string;
  /** May be sent again after the connection broke. */
  readonly idempotent: boolean;
  /** What may answer it. */
  readonly answers: readonly Incoming<unknown>[];
  /** The errors it may be answered with. */
  readonly errors: readonly ErrorDescriptor<DeclaredError>[];
  /** Takes an answer; whether it was the last. */
  answered(message: Message, incoming: Incoming<unknown>): boolean;
  /** Takes the error that ends it. */
  failed(error: DeclaredError | RuntimeError): void;
}

interface Entry {
  readonly request: PendingRequest;
  written: boolean;
  /** It went out over a connection that was lost. */
  lost: boolean;
  /** Nobody waits any more, but without ids its answer still has to be counted off. */
  abandoned: boolean;
  cancelTimer: () => void;
}

const OUTCOME_UNKNOWN: RuntimeError = {
  code: 'OUTCOME_UNKNOWN',
  message: 'the connection ended before the answer was complete',
};

/** The requests that have not been answered, in the order they were made. */
export class Requests {
  readonly #clock: Clock;
  readonly #correlate: Envelope['correlate'];
  readonly #entries = new Map<Id, Entry>();

  constructor(clock: Clock, correlate: Envelope['correlate']) {
    this.#clock = clock;
    this.#correlate = correlate;
  }

  /**
   * Takes a request, and fails it with `TIMEOUT` where `timeout` milliseconds bring no answer; `null` waits for as long
   * as the connection lasts.
   */
  add(request: PendingRequest, timeout: number | null): void {
    const late = (): void => this.fail(request.id, { code: 'TIMEOUT', message: `no answer within ${timeout} ms` });
    const cancelTimer = timeout === null ? () => {} : this.#clock.after(timeout, late);
    this.#entries.set(request.id, { request, written: false, lost: false, abandoned: false, cancelTimer });
  }

  /** The request that a message answers: by its id, or the first in line where the protocol goes by order. */
  find(id: Id | undefined): PendingRequest | undefined {
    return this.#find(id)?.request;
  }

  #find(id: Id | undefined): Entry | undefined {
    if (this.#correlate === 'id') return id === undefined ? undefined : this.#entries.get(id);
    for (const entry of this.#entries.values()) if (entry.written) return entry;
    return undefined;
  }

  /** Whether a request that is pending went out over the connection there is. */
  isWritten(id: Id): boolean {
    return this.#entries.get(id)?.written ?? false;
  }

  /** Gives a request its answer. */
  answer(request: PendingRequest, message: Message, incoming: Incoming<unknown>): void {
    const entry = this.#entries.get(request.id);
    if (entry === undefined) return;
    entry.cancelTimer();
    if (entry.abandoned || request.answered(message, incoming)) this.#entries.delete(request.id);
  }

  /** Fails a request. */
  fail(id: Id, error: DeclaredError | RuntimeError, answered: boolean = false): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const wasAbandoned = entry.abandoned;
    this.abandon(id, answered);
    if (!wasAbandoned) entry.request.failed(error);
  }

  /**
   * Waits for a request no longer. Its place in line stays, until its answer comes, where the protocol goes by order.
   */
  abandon(id: Id, answered: boolean = false): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.cancelTimer();
    entry.abandoned = true;
    if (answered || !entry.written || this.#correlate === 'id') this.#entries.delete(id);
  }

  /** Writes a request, unless it has been written on this connection. */
  write(id: Id, write: (text: string) => void): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.written) return;
    entry.written = true;
    write(entry.request.text);
  }

  /** Writes every request that has not been written on this connection. */
  flush(write: (text: string) => void): void {
    for (const id of this.#entries.keys()) this.write(id, write);
  }

  /**
   * The connection broke: what may be sent again waits for the next one, the outcome of the rest is unknown. What was
   * written behind a hello that the server `refused` was not looked at.
   */
  disconnected(refused: boolean): void {
    for (const [id, entry] of [...this.#entries]) {
      if (!entry.written) continue;
      entry.written = false;
      if (refused) continue;
      entry.lost = true;
      if (entry.request.idempotent && !entry.abandoned) continue;
      this.fail(id, OUTCOME_UNKNOWN);
    }
  }

  /** Fails every request. */
  failAll(error: RuntimeError): void {
    for (const [id, { lost }] of [...this.#entries]) this.fail(id, lost ? OUTCOME_UNKNOWN : error, true);
  }
}
