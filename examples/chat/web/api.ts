/* eslint-disable */
// @generated
// Made by Handfast from `protocol.yaml`, the protocol `chat`.
// Do not edit: change that file, then run `cargo run -p codegen`.

import * as hf from './handfast.js';

// ---- Types ----------------------------------------------------------------------------------------------------------

/**
 * The name of a room, as it stands in an address.
 *
 * @pattern ^[a-z0-9-]{1,64}$
 */
export type RoomId = string;

const roomIdPattern = /*@__PURE__*/ hf.charRun(/[a-z0-9-]/, 1, 64);

export function isRoomId(value: unknown, _strict: boolean = true): value is RoomId {
  return typeof value === 'string' && roomIdPattern.test(value);
}

export function validateRoomId(value: unknown, report: hf.Report): void {
  if (!isRoomId(value, report.strict)) {
    hf.reportString(value, report, { pattern: roomIdPattern, source: '^[a-z0-9-]{1,64}$' });
  }
}

/**
 * What a user is called.
 *
 * @minLength 1
 * @maxLength 40
 */
export type UserName = string;

export function isUserName(value: unknown, _strict: boolean = true): value is UserName {
  return hf.isStringOfLength(value, 1, 40);
}

export function validateUserName(value: unknown, report: hf.Report): void {
  if (!isUserName(value, report.strict)) hf.reportString(value, report, { minLength: 1, maxLength: 40 });
}

/** Somebody in a room. */
export interface Member {
  readonly name: UserName;
  readonly status: Status;
}

const memberRule: hf.ObjectRule = [hf.reportObject, {
  '?': [],
  name: [hf.reportString, { minLength: 1, maxLength: 40 }],
  status: validateStatus,
}];

export function isMember(value: unknown): value is Member {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { name, status } = value as hf.JsonObject;
  return (
    hf.isStringOfLength(name, 1, 40) &&
    status !== undefined && hf.passes(status, validateStatus, false)
  );
}

export function validateMember(value: unknown, report: hf.Report): void {
  if (!isMember(value)) hf.reportRule(value, report, memberRule);
}

/** Whether somebody is looking. Other values may be added later. */
export type Status = 'online' | 'away' | (string & {});

export function isStatus(value: unknown): value is Status {
  return hf.passes(value, validateStatus, false);
}

export function validateStatus(value: unknown, report: hf.Report): void {
  hf.string(value, report);
}

/**
 * What is traded.
 *
 * @pattern ^[A-Z]{2,6}-[A-Z]{2,6}$
 */
type Symbol$ = string;

const symbolPattern = /^[A-Z]{2,6}-[A-Z]{2,6}$/u;

export function isSymbol(value: unknown, _strict: boolean = true): value is Symbol$ {
  return typeof value === 'string' && symbolPattern.test(value);
}

export function validateSymbol(value: unknown, report: hf.Report): void {
  if (!isSymbol(value, report.strict)) {
    hf.reportString(value, report, { pattern: symbolPattern, source: '^[A-Z]{2,6}-[A-Z]{2,6}$' });
  }
}

/**
 * A decimal number as text, so that no digit is lost on the way.
 *
 * @pattern ^-?[0-9]{1,18}(\.[0-9]{1,12})?$
 */
export type Decimal = string;

const decimalPattern = /^-?[0-9]{1,18}(\.[0-9]{1,12})?$/u;

export function isDecimal(value: unknown): value is Decimal {
  return typeof value === 'string' && decimalPattern.test(value);
}

export function validateDecimal(value: unknown, report: hf.Report): void {
  if (!isDecimal(value)) {
    hf.reportString(value, report, { pattern: decimalPattern, source: '^-?[0-9]{1,18}(\\.[0-9]{1,12})?$' });
  }
}

/** A price in the book, and how much is offered at it. */
export type Level = readonly [Decimal, Decimal];

export function isLevel(value: unknown): value is Level {
  return hf.passes(value, validateLevel, false);
}

export function validateLevel(value: unknown, report: hf.Report): void {
  if (!hf.array(value, report)) return;
  hf.item(value, 0, validateDecimal, report);
  hf.item(value, 1, validateDecimal, report);
  hf.noItems(value, 2, report);
  if (!(value.length >= 2)) hf.reportArray(value, report, { minItems: 2 });
}

/** What hangs on a message. */
export type Attachment = AttachmentImage | AttachmentSnippet;

export function isAttachment(value: unknown, strict: boolean = true): value is Attachment {
  return hf.passes(value, validateAttachment, strict);
}

export function validateAttachment(value: unknown, report: hf.Report): void {
  hf.deduplicate(report);
  switch (hf.discriminant(value, 'kind')) {
    case 'image':
      return validateAttachmentImage(value, report);
    case 'snippet':
      return validateAttachmentSnippet(value, report);
    default:
      return hf.noVariant(value, 'kind', ['image', 'snippet'], report);
  }
}

export interface AttachmentImage {
  readonly kind: 'image';
  /** @maxLength 2000 */
  readonly url: string;
  /**
   * @minimum 1
   * @maximum 20000
   */
  readonly width: number;
  /**
   * @minimum 1
   * @maximum 20000
   */
  readonly height: number;
  /** @maxLength 500 */
  readonly alt?: string;
}

const attachmentImageRule: hf.ObjectRule = [hf.reportObject, {
  '?': ['alt'],
  kind: validateAttachmentImageKind,
  url: [hf.reportString, { maxLength: 2000 }],
  width: [hf.reportInteger, { minimum: 1, maximum: 20000 }],
  height: [hf.reportInteger, { minimum: 1, maximum: 20000 }],
  alt: [hf.reportString, { maxLength: 500 }],
}, hf.reportAdditionalIfSent];

const attachmentImageFields = /*@__PURE__*/ new Set(['kind', 'url', 'width', 'height', 'alt']);

export function isAttachmentImage(value: unknown, strict: boolean = true): value is AttachmentImage {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { kind, url, width, height, alt } = value as hf.JsonObject;
  return (
    kind !== undefined && hf.passes(kind, validateAttachmentImageKind, strict) &&
    hf.isStringOfLength(url, 0, 2000) &&
    hf.isSafeInteger(width) && width >= 1 && width <= 20000 &&
    hf.isSafeInteger(height) && height >= 1 && height <= 20000 &&
    (alt === undefined || hf.isStringOfLength(alt, 0, 500)) &&
    (!strict || hf.isClosed(value, attachmentImageFields))
  );
}

export function validateAttachmentImage(value: unknown, report: hf.Report): void {
  if (!isAttachmentImage(value, report.strict)) hf.reportRule(value, report, attachmentImageRule);
}

function validateAttachmentImageKind(value: unknown, report: hf.Report): void {
  if (value !== 'image') hf.notConst('image', report);
}

export interface AttachmentSnippet {
  readonly kind: 'snippet';
  /** @maxLength 10000 */
  readonly text: string;
  /** @maxLength 40 */
  readonly language?: string | null;
}

const attachmentSnippetRule: hf.ObjectRule = [hf.reportObject, {
  '?': ['language'],
  kind: validateAttachmentSnippetKind,
  text: [hf.reportString, { maxLength: 10000 }],
  language: validateAttachmentSnippetLanguage,
}, hf.reportAdditionalIfSent];

const attachmentSnippetFields = /*@__PURE__*/ new Set(['kind', 'text', 'language']);

export function isAttachmentSnippet(value: unknown, strict: boolean = true): value is AttachmentSnippet {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { kind, text, language } = value as hf.JsonObject;
  return (
    kind !== undefined && hf.passes(kind, validateAttachmentSnippetKind, strict) &&
    hf.isStringOfLength(text, 0, 10000) &&
    (language === undefined || language === null || hf.isStringOfLength(language, 0, 40)) &&
    (!strict || hf.isClosed(value, attachmentSnippetFields))
  );
}

export function validateAttachmentSnippet(value: unknown, report: hf.Report): void {
  if (!isAttachmentSnippet(value, report.strict)) hf.reportRule(value, report, attachmentSnippetRule);
}

function validateAttachmentSnippetKind(value: unknown, report: hf.Report): void {
  if (value !== 'snippet') hf.notConst('snippet', report);
}

function validateAttachmentSnippetLanguage(value: unknown, report: hf.Report): void {
  if (value === null) return;
  if (typeof value !== 'string') return hf.noneOfTypes(['null', 'a string'], report);
  if (!hf.isStringOfLength(value, 0, 40)) hf.reportString(value, report, { maxLength: 40 });
}

// ---- Errors ---------------------------------------------------------------------------------------------------------

/** The token is not one of ours, or it has expired. */
export type BadTokenError = hf.DeclaredError<'BAD_TOKEN', undefined>;

/** {@inheritDoc BadTokenError} */
export const badTokenError: hf.ErrorDescriptor<BadTokenError> = {
  code: 'BAD_TOKEN',
  data: hf.noPayload,
};

/** The room has no place left. */
export type RoomFullError = hf.DeclaredError<'ROOM_FULL', RoomFullErrorData>;

/** {@inheritDoc RoomFullError} */
export const roomFullError: hf.ErrorDescriptor<RoomFullError> = {
  code: 'ROOM_FULL',
  data: validateRoomFullErrorData,
};

/** The data of {@link RoomFullError}. */
export interface RoomFullErrorData {
  /**
   * How many fit.
   *
   * @minimum 1
   */
  readonly limit: number;
}

const roomFullErrorDataRule: hf.ObjectRule = [hf.reportObject, {
  '?': [],
  limit: [hf.reportInteger, { minimum: 1, maximum: 9007199254740991 }],
}];

export function isRoomFullErrorData(value: unknown): value is RoomFullErrorData {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { limit } = value as hf.JsonObject;
  return hf.isSafeInteger(limit) && limit >= 1;
}

export function validateRoomFullErrorData(value: unknown, report: hf.Report): void {
  if (!isRoomFullErrorData(value)) hf.reportRule(value, report, roomFullErrorDataRule);
}

/** Join the room first. */
export type NotInRoomError = hf.DeclaredError<'NOT_IN_ROOM', undefined>;

/** {@inheritDoc NotInRoomError} */
export const notInRoomError: hf.ErrorDescriptor<NotInRoomError> = {
  code: 'NOT_IN_ROOM',
  data: hf.noPayload,
};

/** Nothing of that name is traded here. */
export type UnknownSymbolError = hf.DeclaredError<'UNKNOWN_SYMBOL', undefined>;

/** {@inheritDoc UnknownSymbolError} */
export const unknownSymbolError: hf.ErrorDescriptor<UnknownSymbolError> = {
  code: 'UNKNOWN_SYMBOL',
  data: hf.noPayload,
};

// ---- Payloads -------------------------------------------------------------------------------------------------------

/** Says who the user is. It travels inside the hello. */
export interface Auth {
  readonly name: UserName;
  /**
   * Proof, where the server asks for one.
   *
   * @maxLength 4096
   */
  readonly token?: string;
}

const authRule: hf.ObjectRule = [hf.reportObject, {
  '?': ['token'],
  name: [hf.reportString, { minLength: 1, maxLength: 40 }],
  token: [hf.reportString, { maxLength: 4096 }],
}, hf.reportAdditionalIfSent];

const authFields = /*@__PURE__*/ new Set(['name', 'token']);

export function isAuth(value: unknown, strict: boolean = true): value is Auth {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { name, token } = value as hf.JsonObject;
  return (
    hf.isStringOfLength(name, 1, 40) &&
    (token === undefined || hf.isStringOfLength(token, 0, 4096)) &&
    (!strict || hf.isClosed(value, authFields))
  );
}

export function validateAuth(value: unknown, report: hf.Report): void {
  if (!isAuth(value, report.strict)) hf.reportRule(value, report, authRule);
}

/** Enter a room, and hear what is said in it. */
export interface RoomJoin {
  readonly roomId: RoomId;
}

const roomJoinRule: hf.ObjectRule = [hf.reportObject, {
  '?': [],
  roomId: [hf.reportString, { pattern: roomIdPattern, source: '^[a-z0-9-]{1,64}$' }],
}, hf.reportAdditionalIfSent];

const roomJoinFields = /*@__PURE__*/ new Set(['roomId']);

export function isRoomJoin(value: unknown, strict: boolean = true): value is RoomJoin {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { roomId } = value as hf.JsonObject;
  return (
    typeof roomId === 'string' && roomIdPattern.test(roomId) &&
    (!strict || hf.isClosed(value, roomJoinFields))
  );
}

export function validateRoomJoin(value: unknown, report: hf.Report): void {
  if (!isRoomJoin(value, report.strict)) hf.reportRule(value, report, roomJoinRule);
}

/** Who is in the room, and what was said last. */
export interface RoomJoined {
  /** @maxItems 1000 */
  readonly members: readonly Member[];
  /** What the room is about; null where nobody said. */
  readonly topic: string | null;
}

const roomJoinedRule: hf.ObjectRule = [hf.reportObject, {
  '?': [],
  members: [hf.reportArray, { items: memberRule, maxItems: 1000 }],
  topic: validateRoomJoinedTopic,
}];

export function isRoomJoined(value: unknown): value is RoomJoined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { members, topic } = value as hf.JsonObject;
  return (
    Array.isArray(members) && members.length <= 1000 && members.every(item => isMember(item)) &&
    (topic === null || typeof topic === 'string')
  );
}

export function validateRoomJoined(value: unknown, report: hf.Report): void {
  if (!isRoomJoined(value)) hf.reportRule(value, report, roomJoinedRule);
}

function validateRoomJoinedTopic(value: unknown, report: hf.Report): void {
  if (value !== null && typeof value !== 'string') hf.noneOfTypes(['null', 'a string'], report);
}

/** Leave a room. */
export interface RoomLeave {
  readonly roomId: RoomId;
}

const roomLeaveRule: hf.ObjectRule = [hf.reportObject, {
  '?': [],
  roomId: [hf.reportString, { pattern: roomIdPattern, source: '^[a-z0-9-]{1,64}$' }],
}, hf.reportAdditionalIfSent];

const roomLeaveFields = /*@__PURE__*/ new Set(['roomId']);

export function isRoomLeave(value: unknown, strict: boolean = true): value is RoomLeave {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { roomId } = value as hf.JsonObject;
  return (
    typeof roomId === 'string' && roomIdPattern.test(roomId) &&
    (!strict || hf.isClosed(value, roomLeaveFields))
  );
}

export function validateRoomLeave(value: unknown, report: hf.Report): void {
  if (!isRoomLeave(value, report.strict)) hf.reportRule(value, report, roomLeaveRule);
}

/** Say something in a room. */
export interface ChatSend {
  readonly roomId: RoomId;
  /**
   * @minLength 1
   * @maxLength 2000
   */
  readonly text: string;
  /** @maxItems 4 */
  readonly attachments?: readonly Attachment[];
}

const chatSendRule: hf.ObjectRule = [hf.reportObject, {
  '?': ['attachments'],
  roomId: [hf.reportString, { pattern: roomIdPattern, source: '^[a-z0-9-]{1,64}$' }],
  text: [hf.reportString, { minLength: 1, maxLength: 2000 }],
  attachments: validateChatSendAttachments,
}, hf.reportAdditionalIfSent];

const chatSendFields = /*@__PURE__*/ new Set(['roomId', 'text', 'attachments']);

export function isChatSend(value: unknown, strict: boolean = true): value is ChatSend {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { roomId, text, attachments } = value as hf.JsonObject;
  return (
    typeof roomId === 'string' && roomIdPattern.test(roomId) &&
    hf.isStringOfLength(text, 1, 2000) &&
    (attachments === undefined || hf.passes(attachments, validateChatSendAttachments, strict)) &&
    (!strict || hf.isClosed(value, chatSendFields))
  );
}

export function validateChatSend(value: unknown, report: hf.Report): void {
  if (!isChatSend(value, report.strict)) hf.reportRule(value, report, chatSendRule);
}

function validateChatSendAttachments(value: unknown, report: hf.Report): void {
  if (!hf.array(value, report)) return;
  for (let i = 0; i < value.length; i++) {
    const before = report.violations.length;
    validateAttachment(value[i], report);
    hf.prefixPath(report, before, i);
  }
  if (!(value.length <= 4)) hf.reportArray(value, report, { maxItems: 4 });
}

/** Somebody said something. */
export interface ChatMessage {
  readonly from: UserName;
  readonly text: string;
  readonly attachments?: readonly Attachment[];
}

const chatMessageRule: hf.ObjectRule = [hf.reportObject, {
  '?': ['attachments'],
  from: [hf.reportString, { minLength: 1, maxLength: 40 }],
  text: hf.string,
  attachments: validateChatMessageAttachments,
}];

export function isChatMessage(value: unknown): value is ChatMessage {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { from: from$, text, attachments } = value as hf.JsonObject;
  return (
    hf.isStringOfLength(from$, 1, 40) &&
    typeof text === 'string' &&
    (attachments === undefined || hf.passes(attachments, validateChatMessageAttachments, false))
  );
}

export function validateChatMessage(value: unknown, report: hf.Report): void {
  if (!isChatMessage(value)) hf.reportRule(value, report, chatMessageRule);
}

function validateChatMessageAttachments(value: unknown, report: hf.Report): void {
  if (!hf.array(value, report)) return;
  for (let i = 0; i < value.length; i++) {
    const before = report.violations.length;
    validateAttachment(value[i], report);
    hf.prefixPath(report, before, i);
  }
}

/** Somebody is typing. As the client sends it. */
export interface UserTypingClient {
  readonly roomId: RoomId;
}

const userTypingClientRule: hf.ObjectRule = [hf.reportObject, {
  '?': [],
  roomId: [hf.reportString, { pattern: roomIdPattern, source: '^[a-z0-9-]{1,64}$' }],
}, hf.reportAdditionalIfSent];

const userTypingClientFields = /*@__PURE__*/ new Set(['roomId']);

export function isUserTypingClient(value: unknown, strict: boolean = true): value is UserTypingClient {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { roomId } = value as hf.JsonObject;
  return (
    typeof roomId === 'string' && roomIdPattern.test(roomId) &&
    (!strict || hf.isClosed(value, userTypingClientFields))
  );
}

export function validateUserTypingClient(value: unknown, report: hf.Report): void {
  if (!isUserTypingClient(value, report.strict)) hf.reportRule(value, report, userTypingClientRule);
}

/** Somebody is typing. As the server sends it. */
export interface UserTypingServer {
  readonly name: UserName;
}

const userTypingServerRule: hf.ObjectRule = [hf.reportObject, {
  '?': [],
  name: [hf.reportString, { minLength: 1, maxLength: 40 }],
}];

export function isUserTypingServer(value: unknown): value is UserTypingServer {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { name } = value as hf.JsonObject;
  return hf.isStringOfLength(name, 1, 40);
}

export function validateUserTypingServer(value: unknown, report: hf.Report): void {
  if (!isUserTypingServer(value)) hf.reportRule(value, report, userTypingServerRule);
}

/** Somebody came, went, or looked away. */
export interface UserPresence {
  readonly member: Member;
  readonly present: boolean;
}

const userPresenceRule: hf.ObjectRule = [hf.reportObject, {
  '?': [],
  member: memberRule,
  present: hf.boolean,
}];

export function isUserPresence(value: unknown): value is UserPresence {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { member, present } = value as hf.JsonObject;
  return (
    isMember(member) &&
    typeof present === 'boolean'
  );
}

export function validateUserPresence(value: unknown, report: hf.Report): void {
  if (!isUserPresence(value)) hf.reportRule(value, report, userPresenceRule);
}

/** Follow the price of some symbols until `prices.stop`. */
export interface PricesWatch {
  /**
   * @minItems 1
   * @maxItems 50
   * @uniqueItems
   */
  readonly symbols: readonly Symbol$[];
  /**
   * How many milliseconds lie between two ticks, at the least.
   *
   * @minimum 50
   * @maximum 60000
   * @defaultValue 1000
   */
  readonly every?: number;
}

const pricesWatchRule: hf.ObjectRule = [hf.reportObject, {
  '?': ['every'],
  symbols: validatePricesWatchSymbols,
  every: [hf.reportInteger, { minimum: 50, maximum: 60000 }],
}, hf.reportAdditionalIfSent];

const pricesWatchFields = /*@__PURE__*/ new Set(['symbols', 'every']);

export function isPricesWatch(value: unknown, strict: boolean = true): value is PricesWatch {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { symbols, every } = value as hf.JsonObject;
  return (
    symbols !== undefined && hf.passes(symbols, validatePricesWatchSymbols, strict) &&
    (every === undefined || (hf.isSafeInteger(every) && every >= 50 && every <= 60000)) &&
    (!strict || hf.isClosed(value, pricesWatchFields))
  );
}

export function validatePricesWatch(value: unknown, report: hf.Report): void {
  if (!isPricesWatch(value, report.strict)) hf.reportRule(value, report, pricesWatchRule);
}

function validatePricesWatchSymbols(value: unknown, report: hf.Report): void {
  if (!hf.array(value, report)) return;
  if (!value.every(item => typeof item === 'string' && symbolPattern.test(item))) {
    hf.items(value, 0, validateSymbol, report);
  }
  if (!(value.length >= 1 && value.length <= 50)) hf.reportArray(value, report, { minItems: 1, maxItems: 50 });
  hf.uniqueItems(value, report);
}

/** The default of {@link PricesWatch.every}. */
export const pricesWatchEveryDefault: number = 1000;

/** The price of a symbol moved. */
export interface PricesTick {
  readonly symbol: Symbol$;
  readonly price: Decimal;
  /** Which side took the trade. */
  readonly side: 'buy' | 'sell';
  /**
   * Since yesterday; 0.01 is one per cent.
   *
   * @exclusiveMinimum -1
   */
  readonly change?: number;
}

const pricesTickRule: hf.ObjectRule = [hf.reportObject, {
  '?': ['change'],
  symbol: [hf.reportString, { pattern: symbolPattern, source: '^[A-Z]{2,6}-[A-Z]{2,6}$' }],
  price: [hf.reportString, { pattern: decimalPattern, source: '^-?[0-9]{1,18}(\\.[0-9]{1,12})?$' }],
  side: validatePricesTickSide,
  change: [hf.reportNumber, { exclusiveMinimum: -1 }],
}];

export function isPricesTick(value: unknown): value is PricesTick {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { symbol: symbol$, price, side, change } = value as hf.JsonObject;
  return (
    typeof symbol$ === 'string' && symbolPattern.test(symbol$) &&
    typeof price === 'string' && decimalPattern.test(price) &&
    side !== undefined && hf.passes(side, validatePricesTickSide, false) &&
    (change === undefined || (typeof change === 'number' && change > -1 && change < Infinity))
  );
}

export function validatePricesTick(value: unknown, report: hf.Report): void {
  if (!isPricesTick(value)) hf.reportRule(value, report, pricesTickRule);
}

function validatePricesTickSide(value: unknown, report: hf.Report): void {
  if (value !== 'buy' && value !== 'sell') hf.notEnum(['buy', 'sell'], report);
}

/** No more ticks come. */
export interface PricesDone {
  /**
   * How many came.
   *
   * @minimum 0
   */
  readonly ticks: number;
}

const pricesDoneRule: hf.ObjectRule = [hf.reportObject, {
  '?': [],
  ticks: [hf.reportInteger, { minimum: 0, maximum: 9007199254740991 }],
}];

export function isPricesDone(value: unknown): value is PricesDone {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { ticks } = value as hf.JsonObject;
  return hf.isSafeInteger(ticks) && ticks >= 0;
}

export function validatePricesDone(value: unknown, report: hf.Report): void {
  if (!isPricesDone(value)) hf.reportRule(value, report, pricesDoneRule);
}

/**
 * What is offered and wanted right now.
 *
 * @since 1.1.0
 */
export interface PricesBook {
  readonly symbol: Symbol$;
  /**
   * @minimum 1
   * @maximum 100
   */
  readonly depth?: number;
}

const pricesBookRule: hf.ObjectRule = [hf.reportObject, {
  '?': ['depth'],
  symbol: [hf.reportString, { pattern: symbolPattern, source: '^[A-Z]{2,6}-[A-Z]{2,6}$' }],
  depth: [hf.reportInteger, { minimum: 1, maximum: 100 }],
}, hf.reportAdditionalIfSent];

const pricesBookFields = /*@__PURE__*/ new Set(['symbol', 'depth']);

export function isPricesBook(value: unknown, strict: boolean = true): value is PricesBook {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { symbol: symbol$, depth } = value as hf.JsonObject;
  return (
    typeof symbol$ === 'string' && symbolPattern.test(symbol$) &&
    (depth === undefined || (hf.isSafeInteger(depth) && depth >= 1 && depth <= 100)) &&
    (!strict || hf.isClosed(value, pricesBookFields))
  );
}

export function validatePricesBook(value: unknown, report: hf.Report): void {
  if (!isPricesBook(value, report.strict)) hf.reportRule(value, report, pricesBookRule);
}

/** The order book. */
export interface PricesSnapshot {
  readonly symbol: Symbol$;
  /** @maxItems 100 */
  readonly bids: readonly Level[];
  /** @maxItems 100 */
  readonly asks: readonly Level[];
}

const pricesSnapshotRule: hf.ObjectRule = [hf.reportObject, {
  '?': [],
  symbol: [hf.reportString, { pattern: symbolPattern, source: '^[A-Z]{2,6}-[A-Z]{2,6}$' }],
  bids: validatePricesSnapshotBids,
  asks: validatePricesSnapshotAsks,
}];

export function isPricesSnapshot(value: unknown): value is PricesSnapshot {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { symbol: symbol$, bids, asks } = value as hf.JsonObject;
  return (
    typeof symbol$ === 'string' && symbolPattern.test(symbol$) &&
    bids !== undefined && hf.passes(bids, validatePricesSnapshotBids, false) &&
    asks !== undefined && hf.passes(asks, validatePricesSnapshotAsks, false)
  );
}

export function validatePricesSnapshot(value: unknown, report: hf.Report): void {
  if (!isPricesSnapshot(value)) hf.reportRule(value, report, pricesSnapshotRule);
}

function validatePricesSnapshotBids(value: unknown, report: hf.Report): void {
  if (!hf.array(value, report)) return;
  for (let i = 0; i < value.length; i++) {
    const before = report.violations.length;
    validateLevel(value[i], report);
    hf.prefixPath(report, before, i);
  }
  if (!(value.length <= 100)) hf.reportArray(value, report, { maxItems: 100 });
}

function validatePricesSnapshotAsks(value: unknown, report: hf.Report): void {
  if (!hf.array(value, report)) return;
  for (let i = 0; i < value.length; i++) {
    const before = report.violations.length;
    validateLevel(value[i], report);
    hf.prefixPath(report, before, i);
  }
  if (!(value.length <= 100)) hf.reportArray(value, report, { maxItems: 100 });
}

/**
 * The last price of one symbol.
 *
 * @deprecated use prices.book, which has it on top
 */
export interface PricesQuote {
  readonly symbol: Symbol$;
}

const pricesQuoteRule: hf.ObjectRule = [hf.reportObject, {
  '?': [],
  symbol: [hf.reportString, { pattern: symbolPattern, source: '^[A-Z]{2,6}-[A-Z]{2,6}$' }],
}, hf.reportAdditionalIfSent];

const pricesQuoteFields = /*@__PURE__*/ new Set(['symbol']);

export function isPricesQuote(value: unknown, strict: boolean = true): value is PricesQuote {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { symbol: symbol$ } = value as hf.JsonObject;
  return (
    typeof symbol$ === 'string' && symbolPattern.test(symbol$) &&
    (!strict || hf.isClosed(value, pricesQuoteFields))
  );
}

export function validatePricesQuote(value: unknown, report: hf.Report): void {
  if (!isPricesQuote(value, report.strict)) hf.reportRule(value, report, pricesQuoteRule);
}

/**
 * The last price.
 *
 * @deprecated
 */
export interface PricesQuoted {
  readonly price: Decimal;
}

const pricesQuotedRule: hf.ObjectRule = [hf.reportObject, {
  '?': [],
  price: [hf.reportString, { pattern: decimalPattern, source: '^-?[0-9]{1,18}(\\.[0-9]{1,12})?$' }],
}];

export function isPricesQuoted(value: unknown): value is PricesQuoted {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { price } = value as hf.JsonObject;
  return typeof price === 'string' && decimalPattern.test(price);
}

export function validatePricesQuoted(value: unknown, report: hf.Report): void {
  if (!isPricesQuoted(value)) hf.reportRule(value, report, pricesQuotedRule);
}

// ---- Messages -------------------------------------------------------------------------------------------------------
// A request comes after its replies.

/** Who is in the room, and what was said last. */
export const roomJoined: hf.Incoming<RoomJoined> = {
  name: 'room.joined',
  receive: validateRoomJoined,
};

/** Enter a room, and hear what is said in it. */
export const roomJoin: hf.Request<RoomJoin, RoomJoined, RoomFullError> = {
  name: 'room.join',
  send: validateRoomJoin,
  reply: roomJoined,
  errors: [roomFullError],
  timeout: 5000,
  idempotent: true,
};

/** You are out. */
export const roomLeft: hf.Incoming<undefined> = {
  name: 'room.left',
  receive: hf.noPayload,
};

/** Leave a room. */
export const roomLeave: hf.Request<RoomLeave, undefined, NotInRoomError> = {
  name: 'room.leave',
  send: validateRoomLeave,
  reply: roomLeft,
  errors: [notInRoomError],
  timeout: 5000,
  idempotent: true,
};

/** It was said. */
export const chatSent: hf.Incoming<undefined> = {
  name: 'chat.sent',
  receive: hf.noPayload,
};

/** Say something in a room. */
export const chatSend: hf.Request<ChatSend, undefined, NotInRoomError> = {
  name: 'chat.send',
  send: validateChatSend,
  reply: chatSent,
  errors: [notInRoomError],
  timeout: 5000,
};

/** Somebody said something. */
export const chatMessage: hf.Published<ChatMessage, 'room'> = {
  name: 'chat.message',
  receive: validateChatMessage,
  channel: 'room',
};

/** Somebody is typing. */
export const userTyping: hf.Outgoing<UserTypingClient> & hf.Published<UserTypingServer, 'room'> = {
  name: 'user.typing',
  send: validateUserTypingClient,
  receive: validateUserTypingServer,
  channel: 'room',
  volatile: true,
};

/** Somebody came, went, or looked away. */
export const userPresence: hf.Published<UserPresence, 'room'> = {
  name: 'user.presence',
  receive: validateUserPresence,
  channel: 'room',
};

/** The ticks begin. */
export const pricesWatching: hf.Incoming<undefined> = {
  name: 'prices.watching',
  receive: hf.noPayload,
};

/** The price of a symbol moved. */
export const pricesTick: hf.Incoming<PricesTick> = {
  name: 'prices.tick',
  receive: validatePricesTick,
};

/** No more ticks come. */
export const pricesDone: hf.Incoming<PricesDone> = {
  name: 'prices.done',
  receive: validatePricesDone,
};

/** Stop following. */
export const pricesStop: hf.Outgoing<undefined> = {
  name: 'prices.stop',
  send: hf.noPayload,
};

/** Follow the price of some symbols until `prices.stop`. */
export const pricesWatch: hf.StreamRequest<PricesWatch, undefined, PricesTick, PricesDone, UnknownSymbolError> = {
  name: 'prices.watch',
  send: validatePricesWatch,
  ack: pricesWatching,
  stream: pricesTick,
  end: pricesDone,
  cancel: pricesStop,
  errors: [unknownSymbolError],
  timeout: 5000,
};

/** The order book. */
export const pricesSnapshot: hf.Incoming<PricesSnapshot> = {
  name: 'prices.snapshot',
  receive: validatePricesSnapshot,
};

/**
 * What is offered and wanted right now.
 *
 * @since 1.1.0
 */
export const pricesBook: hf.Request<PricesBook, PricesSnapshot, UnknownSymbolError> = {
  name: 'prices.book',
  send: validatePricesBook,
  reply: pricesSnapshot,
  errors: [unknownSymbolError],
  timeout: 5000,
  idempotent: true,
};

/**
 * The last price.
 *
 * @deprecated
 */
export const pricesQuoted: hf.Incoming<PricesQuoted> = {
  name: 'prices.quoted',
  receive: validatePricesQuoted,
};

/**
 * The last price of one symbol.
 *
 * @deprecated use prices.book, which has it on top
 */
export const pricesQuote: hf.Request<PricesQuote, PricesQuoted, UnknownSymbolError> = {
  name: 'prices.quote',
  send: validatePricesQuote,
  reply: pricesQuoted,
  errors: [unknownSymbolError],
};

/** Everything the client sends. */
export type ClientMessage =
  | hf.Message<'room.join', RoomJoin>
  | hf.Message<'room.leave', RoomLeave>
  | hf.Message<'chat.send', ChatSend>
  | hf.Message<'user.typing', UserTypingClient>
  | hf.Message<'prices.watch', PricesWatch>
  | hf.Message<'prices.stop', undefined>
  | hf.Message<'prices.book', PricesBook>
  | hf.Message<'prices.quote', PricesQuote>;

/** Everything the server sends. */
export type ServerMessage =
  | hf.Message<'room.joined', RoomJoined>
  | hf.Message<'room.left', undefined>
  | hf.Message<'chat.sent', undefined>
  | hf.ChannelMessage<'chat.message', ChatMessage>
  | hf.ChannelMessage<'user.typing', UserTypingServer>
  | hf.ChannelMessage<'user.presence', UserPresence>
  | hf.Message<'prices.watching', undefined>
  | hf.Message<'prices.tick', PricesTick>
  | hf.Message<'prices.done', PricesDone>
  | hf.Message<'prices.snapshot', PricesSnapshot>
  | hf.Message<'prices.quoted', PricesQuoted>;

const serverMessages = /*@__PURE__*/ hf.messageTable<ServerMessage>(hf.defaultEnvelope, 64, [
  roomJoined,
  roomLeft,
  chatSent,
  chatMessage,
  userTyping,
  userPresence,
  pricesWatching,
  pricesTick,
  pricesDone,
  pricesSnapshot,
  pricesQuoted,
]);

/** Decodes the text of a message from the server. */
export function decode(text: string, pending?: hf.PendingLookup): hf.Decoded<ServerMessage> {
  return hf.decode(text, serverMessages, pending);
}

/** Decodes a parsed message from the server. */
export function decodeValue(value: unknown, pending?: hf.PendingLookup): hf.Decoded<ServerMessage> {
  return hf.decodeValue(value, serverMessages, pending);
}

/** A handler for each message from the server. */
export type Handlers<R = void> = hf.HandlersOf<ServerMessage, R>;

/** Calls the handler of a message. */
export function dispatch<R>(message: ServerMessage, handlers: Handlers<R>): R {
  return hf.dispatch(message, handlers);
}

// ---- Channels -------------------------------------------------------------------------------------------------------

/** A chat room. */
export const roomChannel: hf.Channel<'room', RoomJoin, RoomJoined, RoomFullError> = {
  name: 'room',
  key: params => `room:${params.roomId}`,
  join: roomJoin,
  leave: roomLeave,
  params: ['roomId'],
};

// ---- Session --------------------------------------------------------------------------------------------------------

/** Chat rooms, typing and live prices. */
export const protocol: hf.Protocol<Auth> = {
  name: 'chat',
  version: '1.2.0',
  hash: 'f3db6df2e15998fded0a26f019e750d3',
  subprotocol: 'chat.v1+json',
  envelope: { client: hf.defaultEnvelope, server: hf.defaultEnvelope },
  depth: 64,
  limits: { message: 65536, outbound: 1048576, inbound: 262144 },
  session: { heartbeat: 25000, timeout: 10000, backoff: { min: 500, max: 30000, attempts: 1000 } },
  auth: validateAuth,
};

/** Connects to a server of the protocol, and keeps the connection. */
export function connect(url: string | URL, options?: hf.ConnectOptions<Auth>): hf.Client<Auth> {
  return new hf.Client(protocol, url, options);
}

// ---- The server's side ----------------------------------------------------------------------------------------------
// What a client sends, as a server receives it.

/** The messages that a server receives. */
const clientMessages = /*@__PURE__*/ hf.clientMessageTable<ClientMessage>(hf.defaultEnvelope, 64, [
  roomJoin,
  roomLeave,
  chatSend,
  userTyping,
  pricesWatch,
  pricesStop,
  pricesBook,
  pricesQuote,
]);

/** Decodes the text of a message from a client, as a server does: unknown fields are refused. */
export function decodeClientMessage(text: string): hf.Decoded<ClientMessage> {
  return hf.decode(text, clientMessages);
}

/** Decodes a parsed message from a client, as a server does. */
export function decodeClientMessageValue(value: unknown): hf.Decoded<ClientMessage> {
  return hf.decodeValue(value, clientMessages);
}

/** A handler for each message from a client. */
export type ServerHandlers<R = void> = hf.HandlersOf<ClientMessage, R>;

/** Calls the handler of a message from a client. */
export function dispatchClientMessage<R>(message: ClientMessage, handlers: ServerHandlers<R>): R {
  return hf.dispatch(message, handlers);
}

// ---- Names of globals -----------------------------------------------------------------------------------------------
// Under other names in this file, which uses the globals.

export type { Symbol$ as Symbol };
