// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

// The messages of the session itself, as docs/wire.md describes them.

import {
  array,
  boolean,
  integer,
  items,
  noneOfTypes,
  noPayload,
  object,
  property,
  required,
  string,
} from './validators.js';
import type { ErrorDescriptor, Incoming } from './descriptor.js';
import type { Tag } from './envelope.js';
import { type CallError, type DeclaredError, SESSION_CODES, type SessionError } from './errors.js';
import { deduplicate, formatViolation, type Report, type Violation, violationsOf } from './report.js';

/** The server's welcome. */
export interface Ready {
  /** The version of the protocol that the server was generated from. */
  readonly version: string;
  /** The hash of the server's protocol. If absent, nothing is compared. */
  readonly hash?: string;
  readonly session?: string;
}

/** The server refuses the session. */
export interface Refusal {
  readonly code: Tag;
  readonly message: string;
  readonly side?: 'client' | 'server';
  /** Whether another attempt may succeed. */
  readonly retryable?: boolean;
  readonly violations?: readonly Violation[];
}

/** The server's error. */
export interface WireError {
  readonly code: Tag;
  readonly message: string;
  readonly retryable?: boolean;
  readonly data?: unknown;
  readonly violations?: readonly Violation[];
}

/** Messages of a channel that were missed; the bounds are present if known. */
export interface Gap {
  /** The first number that is missing. */
  readonly from?: number;
  /** The last number that is missing. */
  readonly to?: number;
}

/** A gap, and the channel it is in. */
export interface ChannelGap extends Gap {
  readonly channel: string;
}

/** The session's own request to join or leave a channel, and its reply. */
export interface ChannelKey {
  readonly channel: string;
}

function validateReady(value: unknown, report: Report): void {
  if (!object(value, report)) return;
  property(value, 'version', string, report);
  property(value, 'hash', string, report);
  property(value, 'session', string, report);
  required(value, ['version'], report);
}

function validateRefusal(value: unknown, report: Report): void {
  if (!object(value, report)) return;
  property(value, 'code', validateCode, report);
  property(value, 'message', string, report);
  property(value, 'retryable', boolean, report);
  property(value, 'violations', validateViolations, report);
  required(value, ['code'], report);
  required(value, ['message'], report);
}

function validateError(value: unknown, report: Report): void {
  deduplicate(report);
  validateRefusal(value, report);
}

function validateCode(value: unknown, report: Report): void {
  if (typeof value !== 'string' && !Number.isInteger(value)) noneOfTypes(['integer', 'string'], report);
}

function validateViolations(value: unknown, report: Report): void {
  if (array(value, report)) items(value, 0, validateViolation, report);
}

function validateViolation(value: unknown, report: Report): void {
  if (!object(value, report)) return;
  for (const name of ['path', 'keyword', 'message']) {
    property(value, name, string, report);
    required(value, [name], report);
  }
}

function validateGap(value: unknown, report: Report): void {
  validateChannelKey(value, report);
  if (!object(value, report)) return;
  property(value, 'from', integer, report);
  property(value, 'to', integer, report);
}

/** The validator of {@link ChannelKey}. */
export function validateChannelKey(value: unknown, report: Report): void {
  if (!object(value, report)) return;
  property(value, 'channel', string, report);
  required(value, ['channel'], report);
}

function validateNothing(): void {}

/** The messages that a client's session handles itself. */
export const sessionMessages = {
  ready: { name: 'ready', receive: validateReady } as Incoming<Ready>,
  refuse: { name: 'refuse', receive: validateRefusal } as Incoming<Refusal>,
  error: { name: 'error', receive: validateError } as Incoming<WireError>,
  gap: { name: 'gap', receive: validateGap } as Incoming<ChannelGap>,
  ping: { name: 'ping', receive: validateNothing } as Incoming<unknown>,
  pong: { name: 'pong', receive: validateNothing } as Incoming<unknown>,
};

/** A reply whose envelope says that the request failed, with any payload. */
export const failure: Incoming<unknown> = { name: 'error', receive: validateNothing };

/** The error in a failure, if it has that form; otherwise all of it is the error's data. */
export function wireError(payload: unknown): WireError {
  if (violationsOf(validateError, payload, 'received').length === 0) return payload as WireError; // it was validated
  return { code: 'FAILED', message: 'the request failed', data: payload };
}

/** Converts an error on the wire to the error of a call. */
export function callError<E extends DeclaredError>(
  error: WireError,
  declared: readonly ErrorDescriptor<E>[],
): CallError<E> {
  const { code, message, retryable = false, data, violations = [] } = error;
  const descriptor = declared.find(candidate => candidate.code === code);
  if (descriptor !== undefined) {
    const wrong = descriptor.data === noPayload ? [] : violationsOf(descriptor.data, data, 'received');
    if (wrong.length === 0) return { code, message, retryable, data } as E; // its code and its data were validated
    const words = `the data of the error \`${code}\` does not fit: ${wrong.map(formatViolation).join('; ')}`;
    const reply = { code: 'INVALID', kind: 'invalid', message: words, payload: error, violations: wrong } as const;
    return { code: 'BAD_REPLY', message: words, reply };
  }
  if (code === 'INVALID') return { code, message, violations };
  if (code === 'TIMEOUT') return { code, message };
  if (isSessionCode(code)) return { code, message, retryable };
  return { code: 'UNDECLARED', received: code, message, retryable, data };
}

function isSessionCode(code: Tag): code is SessionError['code'] {
  return SESSION_CODES.some(known => known === code);
}
