/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { Violation } from './report.js';

/** The value that identifies the type of a message. */
export type Tag = string | number;

/** A correlation id: ties a reply to its request. */
export type Id = string | number;

/** A field of the envelope. */
export interface EnvelopeField {
  /** Its name on the wire. */
  readonly name: string;
  readonly kind: 'text' | 'integer';
  readonly presence: 'required' | 'optional' | 'nullable';
}

/** The layout of messages in one direction. A part that is `null` is not part of the protocol. */
export interface Envelope {
  /** The name of the tag field, and the type of its value. */
  readonly tag: { readonly name: string; readonly kind: 'text' | 'integer' | 'either' };
  /** The name of the payload's field; `null` if the payload's fields are next to the tag. */
  readonly content: string | null;
  /** The correlation id. */
  readonly id: EnvelopeField | null;
  /** In replies: the id of the request, if that is not `id`. */
  readonly replyTo: EnvelopeField | null;
  /** How replies are correlated with requests. */
  readonly correlate: 'id' | 'order';
  /** The field that says whether the request succeeded, if the tag does not. */
  readonly outcome: { readonly field: string; readonly success: unknown; readonly failure: unknown } | null;
  /** The major version. */
  readonly version: EnvelopeField | null;
  /** The channel's key. */
  readonly channel: EnvelopeField | null;
  /** The number of a message within its channel. */
  readonly seq: EnvelopeField | null;
  /** The epoch of the numbering: it changes when the numbers begin anew. */
  readonly epoch: EnvelopeField | null;
  /** When the message was published, and the format of that. */
  readonly timestamp: { readonly field: EnvelopeField; readonly as: 'rfc3339' | 'unix-ms' | 'unix-s' } | null;
}

/** An optional field. */
function optional(name: string, kind: 'text' | 'integer'): EnvelopeField {
  return { name, kind, presence: 'optional' };
}

/** The envelope of a protocol that declares none. */
export const defaultEnvelope: Envelope = {
  tag: { name: 'type', kind: 'text' },
  content: 'payload',
  id: /*@__PURE__*/ optional('id', 'text'),
  replyTo: null,
  correlate: 'id',
  outcome: null,
  version: /*@__PURE__*/ optional('v', 'integer'),
  channel: /*@__PURE__*/ optional('channel', 'text'),
  seq: /*@__PURE__*/ optional('seq', 'integer'),
  epoch: /*@__PURE__*/ optional('epoch', 'text'),
  timestamp: { field: /*@__PURE__*/ optional('timestamp', 'text'), as: 'rfc3339' },
};

/** The fields of the envelope of a received message. */
export interface EnvelopeFields {
  /** The correlation id. */
  readonly id?: Id;
  /** The major version of the sender. */
  readonly version?: number;
  /** The channel's key. */
  readonly channel?: string;
  /** The number within the channel. */
  readonly seq?: number;
  /** The epoch of the numbering: it changes when the numbers begin anew. */
  readonly epoch?: string;
  /** When it was published, in milliseconds since 1970. */
  readonly timestamp?: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Reads the fields of the envelope, and adds their violations to `violations`. */
export function readEnvelopeFields(
  message: Readonly<Record<string, unknown>>,
  envelope: Envelope,
  violations: Violation[],
): EnvelopeFields {
  const read: Mutable<EnvelopeFields> = {};
  const id = readField(message, envelope.replyTo ?? envelope.id, violations);
  if (id !== undefined) read.id = id;
  const version = readField(message, envelope.version, violations);
  if (typeof version === 'number') read.version = version;
  const channel = readField(message, envelope.channel, violations);
  if (typeof channel === 'string') read.channel = channel;
  const seq = readField(message, envelope.seq, violations);
  if (typeof seq === 'number' && isCount(seq, envelope.seq, violations)) read.seq = seq;
  const epoch = readField(message, envelope.epoch, violations);
  if (typeof epoch === 'string') read.epoch = epoch;
  readOutcome(message, envelope, violations);
  const timestamp = readTimestamp(message, envelope, violations);
  if (timestamp !== undefined) read.timestamp = timestamp;
  return read;
}

/** The outcome of a request is one of two values, or absent. */
function readOutcome(message: Readonly<Record<string, unknown>>, { outcome }: Envelope, violations: Violation[]): void {
  if (outcome === null) return;
  const said = message[outcome.field];
  const values = [outcome.success, outcome.failure];
  if (said === undefined || values.includes(said)) return;
  const words = values.map(value => JSON.stringify(value)).join(', ');
  violations.push({ path: `/${outcome.field}`, keyword: 'enum', message: `must be one of ${words}`, allowed: values });
}

function readField(
  message: Readonly<Record<string, unknown>>,
  field: EnvelopeField | null,
  violations: Violation[],
): string | number | undefined {
  if (field === null) return undefined;
  const value = message[field.name];
  if (value === undefined) {
    if (field.presence !== 'optional') violations.push(missing(field.name));
    return undefined;
  }
  if (value === null && field.presence === 'nullable') return undefined;
  if (field.kind === 'text' ? typeof value === 'string' : Number.isSafeInteger(value)) return value as string | number;
  violations.push(wrongKind(field));
  return undefined;
}

function readTimestamp(
  message: Readonly<Record<string, unknown>>,
  { timestamp }: Envelope,
  violations: Violation[],
): number | undefined {
  if (timestamp === null) return undefined;
  const value = readField(message, timestamp.field, violations);
  if (value === undefined) return undefined;
  if (typeof value === 'number' && !isCount(value, timestamp.field, violations)) return undefined;
  const time = timeOf(value, { timestamp });
  if (!Number.isNaN(time)) return time;
  violations.push({ path: `/${timestamp.field.name}`, keyword: 'format', message: 'must be a valid date-time', allowed: 'date-time' });
  return undefined;
}

/** Sequence numbers and times are not negative. */
function isCount(value: number, field: EnvelopeField | null, violations: Violation[]): boolean {
  if (value >= 0) return true;
  violations.push({ path: `/${field?.name}`, keyword: 'minimum', message: 'must be at least 0', allowed: 0 });
  return false;
}

/** When a message was published, in milliseconds since 1970; not a number where that cannot be value. */
export function timeOf(value: unknown, { timestamp }: Pick<Envelope, 'timestamp'>): number {
  if (timestamp?.as === 'unix-s') return Number(value) * 1000;
  return timestamp?.as === 'unix-ms' ? Number(value) : Date.parse(String(value));
}

/** The violation of a missing field of the envelope. */
export function missing(name: string): Violation {
  return { path: '', keyword: 'required', message: `must have the property ${JSON.stringify(name)}`, allowed: name };
}

const WRONG_KIND = {
  text: ['must be a string', 'string'],
  integer: ['must be an integer', 'integer'],
  either: ['must be an integer or a string', ['integer', 'string']],
} as const;

/** The violation of a field of the envelope that has another type. */
export function wrongKind(field: { readonly name: string; readonly kind: Envelope['tag']['kind'] }): Violation {
  const [message, allowed] = WRONG_KIND[field.kind];
  return { path: `/${field.name}`, keyword: 'type', message, allowed };
}

/** The fields of the envelope of a message that is sent. */
export interface OutgoingFields {
  readonly id?: Id;
  readonly channel?: string;
  /** The sender's major version; written if the envelope requires it. */
  readonly version?: number;
}

/** The text of a message. */
export function writeMessage(envelope: Envelope, tag: Tag, payload: unknown, fields: OutgoingFields): string {
  const message: Record<string, unknown> = { [envelope.tag.name]: tag };
  if (envelope.content === null) Object.assign(message, payload);
  else if (payload !== undefined) message[envelope.content] = payload;
  if (envelope.id !== null && fields.id !== undefined) message[envelope.id.name] = fields.id;
  if (envelope.version?.presence === 'required') message[envelope.version.name] = fields.version;
  if (envelope.channel !== null && fields.channel !== undefined) message[envelope.channel.name] = fields.channel;
  return JSON.stringify(message);
}
