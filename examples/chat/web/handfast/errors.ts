/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { Failure } from './result.js';
import type { Violation } from './report.js';

/** An error that the protocol declares, as the server answered it. */
export interface DeclaredError<Code extends string | number = string | number, Data = unknown> extends Failure {
  readonly code: Code;
  /** Whether the same request may be tried again. */
  readonly retryable: boolean;
  /** What the protocol declares to come with it. */
  readonly data: Data;
}

/** A payload that does not fit: violations here before it was sent, or by the server. */
export interface InvalidError extends Failure {
  readonly code: 'INVALID';
  readonly violations: readonly Violation[];
}

/** No answer came in time, or the server's handler took too long. The request may have been carried out. */
export interface TimeoutError extends Failure {
  readonly code: 'TIMEOUT';
}

/**
 * The client was closed before the request was sent, or the server refused it and has not looked at the request; or the
 * room was left or lost.
 */
export interface ClosedError extends Failure {
  readonly code: 'CLOSED';
}

/**
 * The connection ended between the request and its answer, or within a stream, and the request may not be sent again.
 */
export interface OutcomeUnknownError extends Failure {
  readonly code: 'OUTCOME_UNKNOWN';
}

/** The caller gave up: ended the stream before the server did, or aborted a call or a join by its signal. */
export interface CancelledError extends Failure {
  readonly code: 'CANCELLED';
}

/** Nothing was sent: `limits.outbound` bytes of this client wait to be sent or to be answered already. */
export interface QueueFullError extends Failure {
  readonly code: 'QUEUE_FULL';
  readonly retryable: true;
}

/** The items of a stream were taken more slowly than they came; it was cancelled. */
export interface SlowError extends Failure {
  readonly code: 'SLOW';
}

/** The server answered, but not with what the protocol says. */
export interface BadReplyError extends Failure {
  readonly code: 'BAD_REPLY';
  /** What was wrong with the answer. */
  readonly reply: DecodeError;
}

/** The server answered with an error that the protocol does not declare for the request. */
export interface UndeclaredError extends Failure {
  readonly code: 'UNDECLARED';
  /** The code as it came. */
  readonly received: string | number;
  readonly retryable: boolean;
  readonly data: unknown;
}

/** What a server may say of any message. */
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

/** Every way a call can fail: the errors its message declares, and the runtime's own. `code` tells them apart. */
export type CallError<Declared> = Declared | RuntimeError;

/** A message that could not be taken, with all that could be read of it. */
export interface DecodeError extends Failure {
  /** The wire's code for the kind. */
  readonly code: 'SYNTAX' | 'ENVELOPE' | 'UNKNOWN_TYPE' | 'INVALID';
  /**
   * `syntax`: no JSON object. `envelope`: a field beside the payload is missing or bad. `unknown-type`: no such
   * message.
   * `invalid`: the payload does not fit.
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
  /** The life of that count. */
  readonly epoch?: string;
  /** The payload as it came; where payloads lie flat, what is not of the envelope. */
  readonly payload?: unknown;
  /** What is wrong, where the kind is `envelope` or `invalid`. Paths start at the message. */
  readonly violations: readonly Violation[];
}

/** The server refused the session. It is final: the client does not try again. */
export class SessionRefusedError extends Error {
  override readonly name: string = 'SessionRefusedError';
  /** `VERSION`, an error of the auth message, or what the close code says. */
  readonly code: string | number;
  /** The end that is too old, where that is the reason. */
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
