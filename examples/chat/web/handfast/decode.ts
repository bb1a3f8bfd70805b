/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { isObject, type JsonObject, noPayload } from './validators.js';
import { type Incoming, type Message, type Outgoing, type PendingLookup, tagOf } from './descriptor.js';
import {
  type Envelope,
  type EnvelopeField,
  type EnvelopeFields,
  type Id,
  missing,
  readEnvelopeFields,
  type Tag,
  timeOf,
  wrongKind,
} from './envelope.js';
import type { DecodeError } from './errors.js';
import { formatViolation, passes, pointerSegment, type Violation, violationsAt, violationsOf } from './report.js';
import { err, ok, type Result } from './result.js';

/** A message, or the error with everything that could be read of it. */
export type Decoded<M> = Result<M, DecodeError>;

/** How messages of one direction are read. */
export interface Reader {
  readonly envelope: Envelope;
  /** Whether a server reads them. */
  readonly strict?: boolean;
  /** The message of a tag. */
  readonly lookup: (tag: Tag) => Incoming<unknown> | undefined;
  /** The messages whose tag field is not the envelope's. */
  readonly own?: readonly Incoming<unknown>[];
  /** The possible replies to a pending request. Consulted first, as replies may share a tag or have none. */
  readonly pending?: PendingLookup;
  /** The message that a reply is if its `outcome` says that the request failed. */
  readonly failure?: Incoming<unknown>;
}

/** A message with its descriptor. */
export interface Match {
  readonly incoming: Incoming<unknown>;
  readonly message: Message;
}

declare const union: unique symbol;

/** The messages of one direction, by tag. */
export interface MessageTable<M extends Message> {
  readonly envelope: Envelope;
  /** The maximum depth of nested arrays and objects. */
  readonly depth: number;
  readonly byTag: ReadonlyMap<Tag, Incoming<unknown>>;
  /** The messages whose tag field is not the envelope's. */
  readonly own: readonly Incoming<unknown>[];
  /** Whether a server receives them, which refuses unknown fields. */
  readonly strict: boolean;
  /** Never present; it carries the type. */
  readonly [union]?: M;
}

/**
 * Makes the table in which {@link decode} looks tags up.
 *
 * @param depth The maximum depth of nested arrays and objects.
 */
export function messageTable<M extends Message>(
  envelope: Envelope,
  depth: number,
  messages: readonly Incoming<unknown>[],
  strict: boolean = false,
): MessageTable<M> {
  const byTag = new Map<Tag, Incoming<unknown>>();
  const own: Incoming<unknown>[] = [];
  for (const message of messages) register(message, envelope, byTag, own);
  return { envelope, depth, byTag, own, strict };
}

/** Adds a message to those by tag, or to those that have a tag field of their own. */
export function register(
  message: Incoming<unknown>,
  envelope: Envelope,
  byTag: Map<Tag, Incoming<unknown>>,
  own: Incoming<unknown>[],
): void {
  const tag = tagOf(message);
  if (message.envelope !== undefined && message.envelope.tag.name !== envelope.tag.name) {
    if (!own.includes(message)) own.push(message);
  } else if (tag !== null) {
    byTag.set(tag, message);
  }
}

/**
 * Makes the table of the messages that a server receives.
 *
 * @param depth The maximum depth of nested arrays and objects.
 */
export function clientMessageTable<M extends Message>(
  envelope: Envelope,
  depth: number,
  messages: readonly Outgoing<unknown>[],
): MessageTable<M> {
  const received = messages.map(
    (message): Incoming<unknown> => ({
      name: message.name,
      receive: message.send,
      ...(message.tag !== undefined && { tag: message.tag }),
      ...(message.envelope !== undefined && { envelope: message.envelope }),
    }),
  );
  return messageTable(envelope, depth, received, true);
}

/** Decodes the text of a message. Unknown fields stay in the payload, although its type does not declare them. */
export function decode<M extends Message>(text: string, table: MessageTable<M>, pending?: PendingLookup): Decoded<M> {
  const value = parse(text, table.depth);
  return value.ok ? decodeShallow(value.value, table, pending) : value;
}

/** Decodes a message that has been parsed. */
export function decodeValue<M extends Message>(
  value: unknown,
  table: MessageTable<M>,
  pending?: PendingLookup,
): Decoded<M> {
  if (isDeeper(value, table.depth)) return refuse('syntax', TOO_DEEP, {});
  return decodeShallow(value, table, pending);
}

function decodeShallow<M extends Message>(
  value: unknown,
  { envelope, byTag, own, strict }: MessageTable<M>,
  pending?: PendingLookup,
): Decoded<M> {
  if (pending === undefined) {
    let message: Message | undefined;
    try {
      message = readFast(value, envelope, byTag, strict);
    } catch (error) {
      return tooDeep(error);
    }
    if (message !== undefined) return ok(message as M); // the type of the table is that of what its validators let pass
  }
  const match = read(value, { envelope, strict, lookup: tag => byTag.get(tag), own, ...(pending && { pending }) });
  return match.ok ? ok(match.value.message as M) : match;
}

/**
 * The fast path: reads a message that is valid and has a usual envelope. `read` reads every other, and reports what is wrong.
 */
function readFast(
  value: unknown,
  envelope: Envelope,
  byTag: ReadonlyMap<Tag, Incoming<unknown>>,
  strict: boolean,
): Message | undefined {
  if (envelope.content === null || !isObject(value)) return undefined;
  const { slots, required } = slotsOf(envelope);
  const message: { -readonly [part in keyof Message]: Message[part] } = { type: '', payload: undefined };
  let incoming: Incoming<unknown> | undefined;
  let missing = required;
  for (const name in value) {
    const slot = slots.get(name);
    const held = value[name];
    if (held === undefined) continue;
    if (slot === undefined) {
      if (strict || name === envelope.outcome?.field) return undefined;
      continue;
    }
    if (slot.field !== undefined) {
      const fits = slot.field.kind === 'text' ? typeof held === 'string' : Number.isSafeInteger(held);
      if (!fits) return undefined;
      if (slot.field.presence !== 'optional') missing--;
    }
    // Each field is assigned by a literal name, which engines optimize.
    switch (slot.part) {
      case 'tag':
        incoming = byTag.get(held as Tag);
        break;
      case 'payload':
        message.payload = held;
        break;
      case 'id':
        message.id = held as Id;
        break;
      case 'version':
        message.version = held as number;
        break;
      case 'channel':
        message.channel = held as string;
        break;
      case 'seq':
        if ((held as number) < 0) return undefined;
        message.seq = held as number;
        break;
      case 'epoch':
        message.epoch = held as string;
        break;
      case 'timestamp': {
        const time = timeOf(held, envelope);
        if (Number.isNaN(time) || time < 0) return undefined;
        message.timestamp = time;
      }
    }
  }
  if (incoming === undefined || incoming.envelope !== undefined || missing > 0) return undefined;
  if (incoming.channel !== undefined && message.channel === undefined) return undefined;
  message.type = incoming.name;
  if (incoming.receive === noPayload && message.payload === undefined) return message;
  if (message.payload === undefined || !passes(message.payload, incoming.receive, strict)) return undefined;
  if (incoming.receive === noPayload) message.payload = undefined;
  return message;
}

/** The part of a message that a field holds. */
interface Slot {
  readonly part: 'tag' | keyof Omit<Message, 'type'>;
  readonly field?: EnvelopeField;
}

interface Slots {
  readonly slots: ReadonlyMap<string, Slot>;
  /** How many fields are required, other than tag and payload. */
  readonly required: number;
}

const known = /*@__PURE__*/ new WeakMap<Envelope, Slots>();

/** The slots of an envelope, computed once. */
function slotsOf(envelope: Envelope): Slots {
  const before = known.get(envelope);
  if (before !== undefined) return before;
  const slots = new Map<string, Slot>([[envelope.tag.name, { part: 'tag' }]]);
  if (envelope.content !== null) slots.set(envelope.content, { part: 'payload' });
  const fields = [
    ['id', envelope.replyTo ?? envelope.id],
    ['version', envelope.version],
    ['channel', envelope.channel],
    ['seq', envelope.seq],
    ['epoch', envelope.epoch],
    ['timestamp', envelope.timestamp?.field ?? null],
  ] as const;
  let required = 0;
  for (const [part, field] of fields) {
    if (field === null) continue;
    slots.set(field.name, { part, field });
    if (field.presence !== 'optional') required++;
  }
  const made = { slots, required };
  known.set(envelope, made);
  return made;
}

/** Only searched for if there is any escape, which `includes` finds faster. */
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|.)/g;
/** A number without one of these is no larger than a double. */
const LARGE_EXPONENT = /\d[eE]\+?\d\d\d/;
/** A number with fewer digits and no exponent is no larger than a double. */
const MANY_DIGITS = 309;
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

const TOO_DEEP = 'nested too deeply';

/**
 * Whether arrays and objects are nested deeper than `depth`. This is checked before validation, so that a recursive type cannot
 * be made to exhaust the stack.
 */
export function isDeeper(value: unknown, depth: number): boolean {
  return nests(value, Math.min(depth, MAX_DEPTH));
}

/** A depth that the stack of every engine can hold, whatever the protocol allows. */
const MAX_DEPTH = 512;

function nests(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth <= 0) return true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (typeof value[i] === 'object' && nests(value[i], depth - 1)) return true;
    return false;
  }
  for (const name in value) {
    const item = (value as JsonObject)[name];
    if (typeof item === 'object' && nests(item, depth - 1)) return true;
  }
  return false;
}

/**
 * Parses JSON text. Lone surrogates and numbers that overflow a double are refused, as they are by the server; what they
 * stand in may be a duplicate that `JSON.parse` drops, so the text is asked and not the value.
 *
 * @param depth The maximum depth of nested arrays and objects.
 */
export function parse(text: string, depth: number): Result<unknown, DecodeError> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('syntax', 'not JSON', {});
  }
  if (hasMoreBrackets(text, Math.min(depth, MAX_DEPTH)) && isDeeper(value, depth)) return refuse('syntax', TOO_DEEP, {});
  // Text that came over a WebSocket has lone surrogates only where they are escaped.
  if (text.includes('\\') && SURROGATE_ESCAPE.test(text) && hasLoneSurrogate(text)) {
    return refuse('syntax', 'a string has half a surrogate pair', {});
  }
  if ((LARGE_EXPONENT.test(text) || hasManyDigits(text)) && overflows(text)) {
    return refuse('syntax', 'a number is too large', {});
  }
  return ok(value);
}

/** Whether JSON text has more opening brackets than `left`. With fewer, nothing in it can be nested deeper. */
function hasMoreBrackets(text: string, most: number): boolean {
  let left = most;
  for (const bracket of '{[') {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) if (left-- <= 0) return true;
  }
  return false;
}

/** Whether JSON text has a lone surrogate among its escapes. */
function hasLoneSurrogate(text: string): boolean {
  /** Where a high surrogate ended whose low surrogate must follow. */
  let open = -1;
  for (const { 1: digits, index } of text.matchAll(ESCAPE)) {
    const code = digits === undefined ? 0 : parseInt(digits, 16);
    const second = code >= 0xdc00 && code <= 0xdfff;
    // A low surrogate follows a high one directly, and nothing else does.
    if (second ? open !== index : open !== -1) return true;
    open = code >= 0xd800 && code <= 0xdbff ? index + 6 : -1;
  }
  return open !== -1;
}

/** Whether there is a run of that many digits. Such a run covers one of the positions that are that far apart. */
function hasManyDigits(text: string): boolean {
  for (let at = MANY_DIGITS - 1; at < text.length; at += MANY_DIGITS) {
    let [from, to] = [at, at];
    while (isDigit(text.charCodeAt(from - 1))) from--;
    while (isDigit(text.charCodeAt(to))) to++;
    if (to - from >= MANY_DIGITS) return true;
  }
  return false;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Whether JSON text has a number that overflows a double. */
function overflows(text: string): boolean {
  for (const [token] of text.matchAll(STRING_OR_NUMBER)) {
    if (token[0] !== '"' && !Number.isFinite(Number(token))) return true;
  }
  return false;
}

/** Reads one message: envelope, then tag, then payload. */
export function read(value: unknown, reader: Reader): Result<Match, DecodeError> {
  try {
    return readWhole(value, reader);
  } catch (error) {
    return tooDeep(error);
  }
}

/** A value that exhausts the stack is refused: a validator may recurse more than once per level of a value. */
function tooDeep(error: unknown): Result<never, DecodeError> {
  if (error instanceof RangeError) return refuse('syntax', TOO_DEEP, {});
  throw error;
}

function readWhole(value: unknown, reader: Reader): Result<Match, DecodeError> {
  if (!isObject(value)) return refuse('syntax', 'not an object', {});
  const violations: Violation[] = [];
  let fields = readEnvelopeFields(value, reader.envelope, violations);
  const tag = readTag(value, reader.envelope);

  const incoming = find(value, tag, fields, reader);
  if (incoming === undefined) {
    const payload = payloadOf(value, reader.envelope);
    if (tag.problem !== undefined) violations.unshift(tag.problem);
    if (violations.length > 0)
      return refuse('envelope', 'the envelope does not fit', { ...fields, payload, violations });
    const words = `no message has the type \`${tag.value}\``;
    return refuse('unknown-type', words, { ...fields, type: tag.value, payload });
  }

  const envelope = incoming.envelope ?? reader.envelope;
  if (incoming.envelope !== undefined) {
    violations.length = 0;
    fields = readEnvelopeFields(value, envelope, violations);
  }
  if (reader.strict === true) refuseUnknown(value, envelope, violations);
  const payload = payloadOf(value, envelope);
  const type = tag.value === undefined ? {} : { type: tag.value };
  // A published message names its channel; if the field is required anyway, its absence was reported already.
  if (incoming.channel !== undefined && envelope.channel?.presence === 'optional') {
    if (value[envelope.channel.name] === undefined) violations.push(missing(envelope.channel.name));
  }
  const wrong = payloadViolations(value, payload, envelope, incoming, reader.strict === true);
  if (violations.length > 0) {
    violations.push(...wrong);
    return refuse('envelope', 'the envelope does not fit', { ...fields, ...type, payload, violations });
  }
  if (wrong.length > 0) {
    const words = `the payload of \`${incoming.name}\` does not fit`;
    return refuse('invalid', words, { ...fields, ...type, payload, violations: wrong });
  }
  const kept = incoming.receive === noPayload ? undefined : payload;
  return ok({ incoming, message: { type: incoming.name, payload: kept, ...fields } });
}

/** The violations of a payload. An absent one counts as `{}` if that is valid, and as missing otherwise. */
function payloadViolations(
  message: JsonObject,
  payload: unknown,
  { content }: Envelope,
  { receive }: Incoming<unknown>,
  strict: boolean,
): readonly Violation[] {
  const direction = strict ? 'sent' : 'received';
  if (content === null) return violationsOf(receive, payload, direction);
  const wrong = violationsAt(receive, payload, direction, content);
  return wrong.length > 0 && message[content] === undefined ? [missing(content)] : wrong;
}

interface ReadTag {
  readonly value?: Tag;
  readonly problem?: Violation;
}

function readTag(message: JsonObject, { tag }: Envelope): ReadTag {
  const value = message[tag.name];
  if (value === undefined) return { problem: missing(tag.name) };
  if (typeof value === 'string' || Number.isSafeInteger(value)) return { value: value as Tag };
  return { problem: wrongKind(tag) };
}

/** The descriptor of a message: that of a possible reply to the pending request with its tag, or else that of the tag. */
function find(value: JsonObject, tag: ReadTag, fields: EnvelopeFields, reader: Reader): Incoming<unknown> | undefined {
  const { outcome } = reader.envelope;
  const answers = reader.pending?.(fields.id) ?? [];
  const answer = answers.find(candidate => hasTagOf(value, candidate, reader.envelope));
  if (answer !== undefined) {
    return outcome !== null && value[outcome.field] === outcome.failure ? reader.failure : answer;
  }
  const known = tag.value === undefined ? undefined : reader.lookup(tag.value);
  return known ?? reader.own?.find(message => hasTagOf(value, message, reader.envelope));
}

/** Whether a value has the tag of a message, in the tag field of that message. */
function hasTagOf(value: JsonObject, message: Incoming<unknown>, envelope: Envelope): boolean {
  return value[(message.envelope ?? envelope).tag.name] === (tagOf(message) ?? undefined);
}

/** A server refuses fields that are not part of the envelope. */
function refuseUnknown(value: JsonObject, envelope: Envelope, violations: Violation[]): void {
  if (envelope.content === null) return;
  for (const name of Object.keys(withoutEnvelope(value, envelope))) {
    if (name === envelope.content) continue;
    violations.push({ path: `/${pointerSegment(name)}`, keyword: 'additionalProperties', message: 'is not a known property' });
  }
}

/** The payload of a message; an absent one counts as an empty object. */
function payloadOf(message: JsonObject, envelope: Envelope): unknown {
  if (envelope.content === null) return withoutEnvelope(message, envelope);
  const payload = message[envelope.content];
  return payload === undefined ? {} : payload;
}

/** A flat message without the fields of the envelope. */
function withoutEnvelope(message: JsonObject, envelope: Envelope): JsonObject {
  const { tag, outcome, id, replyTo, version, channel, seq, epoch, timestamp } = envelope;
  const fields = [tag, id, replyTo, version, channel, seq, epoch, timestamp?.field];
  const names = new Set([outcome?.field, ...fields.map(field => field?.name)]);
  return Object.fromEntries(Object.entries(message).filter(([name]) => !names.has(name)));
}

const CODES = { syntax: 'SYNTAX', envelope: 'ENVELOPE', 'unknown-type': 'UNKNOWN_TYPE', invalid: 'INVALID' } as const;

interface Remains extends EnvelopeFields {
  readonly type?: Tag | undefined;
  readonly payload?: unknown;
  readonly violations?: readonly Violation[];
}

function refuse(kind: DecodeError['kind'], words: string, remains: Remains): Result<never, DecodeError> {
  const { type, violations = [], ...rest } = remains;
  const message = [words, violations.map(formatViolation).join('; ')].filter(part => part !== '').join(': ');
  return err({ code: CODES[kind], kind, message, violations, ...(type !== undefined && { type }), ...rest });
}
