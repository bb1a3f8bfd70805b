/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { Failure } from './result.js';
import type { Violation } from './report.js';

/** An error that the protocol declares, as the server answered it. */
export interface DeclaredError<Code extends string | number = string | number, Data = unknown> extends Failure {
  readonly code: Code;
  /** Whether the same request may be retried. */
  readonly retryable: boolean;
  /** The data that the protocol declares for the error. */
  readonly data: Data;
}

/** The payload is invalid: found here before it was sent, or by the server. */
export interface InvalidError extends Failure {
  readonly code: 'INVALID';
  readonly violations: readonly Violation[];
}

/** There was no reply in time, or the server's handler took too long. The request may have been carried out. */
export interface TimeoutError extends Failure {
  readonly code: 'TIMEOUT';
}

/**
 * The client was closed before the request was sent, or the server refused the session and has not processed the request; or
 * the subscription has ended.
 */
export interface ClosedError extends Failure {
  readonly code: 'CLOSED';
}

/**
 * The connection ended between the request and its reply, or within a stream, and the request must not be sent again.
 */
export interface OutcomeUnknownError extends Failure {
  readonly code: 'OUTCOME_UNKNOWN';
}

/** The caller cancelled the stream, or aborted the call or the join by its signal. */
export interface CancelledError extends Failure {
  readonly code: 'CANCELLED';
}

/** Nothing was sent: `limits.outbound` bytes of this client are already queued or pending. */
export interface QueueFullError extends Failure {
  readonly code: 'QUEUE_FULL';
  readonly retryable: true;
}

/** The items of a stream were read more slowly than they arrived; it was cancelled. */
export interface SlowError extends Failure {
  readonly code: 'SLOW';
}

/** The server's reply does not follow the protocol. */
export interface BadReplyError extends Failure {
  readonly code: 'BAD_REPLY';
  /** What is wrong with the reply. */
  readonly reply: DecodeError;
}

/** The server replied with an error that the protocol does not declare for the request. */
export interface UndeclaredError extends Failure {
  readonly code: 'UNDECLARED';
  /** The code as it was received. */
  readonly received: string | number;
  readonly retryable: boolean;
  readonly data: unknown;
}

/** The codes of errors with which a server may answer any message. */
export const SESSION_CODES = [
  'ENVELOPE',
  'SYNTAX',
  'UNKNOWN_TYPE',
  'NOT_READY',
  'NO_REPLY',
  'INTERNAL',
  'TOO_LARGE',
  'RATE_LIMITED',
  'ID_REUSED',
  'TOO_MANY',
] as const;

/** The session itself refused the message. */
export interface SessionError extends Failure {
  readonly code: (typeof SESSION_CODES)[number];
  readonly retryable: boolean;
}

/** Every way a call can fail beside the errors its message declares. */
export type RuntimeError =
  | InvalidError
  | TimeoutError
  | ClosedError
  | OutcomeUnknownError
  | CancelledError
  | QueueFullError
  | SlowError
  | BadReplyError
  | UndeclaredError
  | SessionError;

/** Every way a call can fail: the errors its message declares, and the runtime's own. Narrow by `code`. */
export type CallError<Declared> = Declared | RuntimeError;

/** A message that could not be decoded, with everything that could be read of it. */
export interface DecodeError extends Failure {
  /** The wire's code for the kind. */
  readonly code: 'SYNTAX' | 'ENVELOPE' | 'UNKNOWN_TYPE' | 'INVALID';
  /**
   * `syntax`: not a JSON object. `envelope`: a field of the envelope is missing or invalid. `unknown-type`: no message has this
   * tag. `invalid`: the payload is invalid.
   */
  readonly kind: 'syntax' | 'envelope' | 'unknown-type' | 'invalid';
  /** The value of the tag. */
  readonly type?: string | number;
  /** The correlation id. */
  readonly id?: string | number;
  /** The channel's key. */
  readonly channel?: string;
  /** The number within the channel. */
  readonly seq?: number;
  /** The epoch of the numbering: it changes when the numbers begin anew. */
  readonly epoch?: string;
  /** The payload as received; in flat messages, all fields that are not part of the envelope. */
  readonly payload?: unknown;
  /** What is wrong, if the kind is `envelope` or `invalid`. Paths start at the message. */
  readonly violations: readonly Violation[];
}

/** The server refused the session. This is final: the client does not reconnect. */
export class SessionRefusedError extends Error {
  override readonly name: string = 'SessionRefusedError';
  /** `VERSION`, an error of the auth message, or the close code. */
  readonly code: string | number;
  /** The side that is too old, if that is the reason. */
  readonly side: 'client' | 'server' | undefined;
  /** What is wrong with the auth message, if that is the reason. */
  readonly violations: readonly Violation[];

  constructor(
    code: string | number,
    message: string,
    side?: 'client' | 'server',
    violations: readonly Violation[] = [],
  ) {
    super(message);
    this.code = code;
    this.side = side;
    this.violations = violations;
  }
}
