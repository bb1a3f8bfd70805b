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

const roomIdPattern = /^[a-z0-9-]{1,64}$/u;

export function checkRoomId(value: unknown, report: hf.Report): void {
  if (!hf.string(value, report)) return;
  hf.pattern(value, roomIdPattern, '^[a-z0-9-]{1,64}$', report);
}

/**
 * What a user is called.
 *
 * @minLength 1
 * @maxLength 40
 */
export type UserName = string;

export function checkUserName(value: unknown, report: hf.Report): void {
  if (!hf.string(value, report)) return;
  hf.minLength(value, 1, report);
  hf.maxLength(value, 40, report);
}

/** Somebody in a room. */
export interface Member {
  readonly name: UserName;
  readonly status: Status;
}

export function checkMember(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { name, status } = value;
  if (name !== undefined && !(typeof name === 'string' && name.length >= 1 && name.length <= 40)) {
    hf.textAt(name, '/name', report, 1, 40);
  }
  if (status !== undefined) {
    const before = report.size;
    checkStatus(status, report);
    report.below(before, '/status');
  }
  if (name === undefined || status === undefined) hf.required(value, ['name', 'status'], report);
}

/** Whether somebody is looking. Values that are not known yet may come. */
export type Status = 'online' | 'away' | (string & {});

export function checkStatus(value: unknown, report: hf.Report): void {
  hf.string(value, report);
}

/**
 * What is traded.
 *
 * @pattern ^[A-Z]{2,6}-[A-Z]{2,6}$
 */
export type Symbol = string;

const symbolPattern = /^[A-Z]{2,6}-[A-Z]{2,6}$/u;

export function checkSymbol(value: unknown, report: hf.Report): void {
  if (!hf.string(value, report)) return;
  hf.pattern(value, symbolPattern, '^[A-Z]{2,6}-[A-Z]{2,6}$', report);
}

/**
 * A decimal number as text, so that no digit is lost on the way.
 *
 * @pattern ^-?[0-9]{1,18}(\.[0-9]{1,12})?$
 */
export type Decimal = string;

const decimalPattern = /^-?[0-9]{1,18}(\.[0-9]{1,12})?$/u;

export function checkDecimal(value: unknown, report: hf.Report): void {
  if (!hf.string(value, report)) return;
  hf.pattern(value, decimalPattern, '^-?[0-9]{1,18}(\\.[0-9]{1,12})?$', report);
}

/** A price in the book, and how much is offered at it. */
export type Level = readonly [Decimal, Decimal];

export function checkLevel(value: unknown, report: hf.Report): void {
  if (!hf.array(value, report)) return;
  hf.item(value, 0, checkDecimal, report);
  hf.item(value, 1, checkDecimal, report);
  hf.noItems(value, 2, report);
  hf.minItems(value, 2, report);
}

/** What hangs on a message. */
export type Attachment = AttachmentImage | AttachmentSnippet;

export function checkAttachment(value: unknown, report: hf.Report): void {
  switch (hf.discriminant(value, 'kind')) {
    case 'image':
      return checkAttachmentImage(value, report);
    case 'snippet':
      return checkAttachmentSnippet(value, report);
    default:
      return hf.noVariant(value, 'kind', ['image', 'snippet'], report);
  }
}

/** Image */
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

const attachmentImageFields = /*@__PURE__*/ new Set(['kind', 'url', 'width', 'height', 'alt']);

export function checkAttachmentImage(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { kind, url, width, height, alt } = value;
  if (kind !== undefined) {
    const before = report.size;
    checkAttachmentImageKind(kind, report);
    report.below(before, '/kind');
  }
  if (url !== undefined && !(typeof url === 'string' && url.length <= 2000)) {
    hf.textAt(url, '/url', report, undefined, 2000);
  }
  if (width !== undefined && !(hf.isInteger(width) && width >= 1 && width <= 20000)) {
    hf.integerAt(width, '/width', report, 1, 20000);
  }
  if (height !== undefined && !(hf.isInteger(height) && height >= 1 && height <= 20000)) {
    hf.integerAt(height, '/height', report, 1, 20000);
  }
  if (alt !== undefined && !(typeof alt === 'string' && alt.length <= 500)) {
    hf.textAt(alt, '/alt', report, undefined, 500);
  }
  if (report.strict) hf.noOthers(value, attachmentImageFields, report);
  if (kind === undefined || url === undefined || width === undefined || height === undefined) {
    hf.required(value, ['kind', 'url', 'width', 'height'], report);
  }
}

function checkAttachmentImageKind(value: unknown, report: hf.Report): void {
  if (value !== 'image') hf.notConst('image', report);
}

/** Snippet */
export interface AttachmentSnippet {
  readonly kind: 'snippet';
  /** @maxLength 10000 */
  readonly text: string;
  /** @maxLength 40 */
  readonly language?: string | null;
}

const attachmentSnippetFields = /*@__PURE__*/ new Set(['kind', 'text', 'language']);

export function checkAttachmentSnippet(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { kind, text, language } = value;
  if (kind !== undefined) {
    const before = report.size;
    checkAttachmentSnippetKind(kind, report);
    report.below(before, '/kind');
  }
  if (text !== undefined && !(typeof text === 'string' && text.length <= 10000)) {
    hf.textAt(text, '/text', report, undefined, 10000);
  }
  if (language !== undefined && !(language === null || (typeof language === 'string' && language.length <= 40))) {
    const before = report.size;
    checkAttachmentSnippetLanguage(language, report);
    report.below(before, '/language');
  }
  if (report.strict) hf.noOthers(value, attachmentSnippetFields, report);
  if (kind === undefined || text === undefined) hf.required(value, ['kind', 'text'], report);
}

function checkAttachmentSnippetKind(value: unknown, report: hf.Report): void {
  if (value !== 'snippet') hf.notConst('snippet', report);
}

function checkAttachmentSnippetLanguage(value: unknown, report: hf.Report): void {
  if (value === null) return;
  if (typeof value !== 'string') return hf.notOf(['null', 'string'], report);
  hf.maxLength(value, 40, report);
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
  data: checkRoomFullErrorData,
};

/** What comes with {@link RoomFullError}. */
export interface RoomFullErrorData {
  /**
   * How many fit.
   *
   * @minimum 1
   */
  readonly limit: number;
}

export function checkRoomFullErrorData(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { limit } = value;
  if (limit !== undefined && !(hf.isSafeInteger(limit) && limit >= 1)) hf.integerAt(limit, '/limit', report, 1);
  if (limit === undefined) hf.required(value, ['limit'], report);
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

const authFields = /*@__PURE__*/ new Set(['name', 'token']);

export function checkAuth(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { name, token } = value;
  if (name !== undefined && !(typeof name === 'string' && name.length >= 1 && name.length <= 40)) {
    hf.textAt(name, '/name', report, 1, 40);
  }
  if (token !== undefined && !(typeof token === 'string' && token.length <= 4096)) {
    hf.textAt(token, '/token', report, undefined, 4096);
  }
  if (report.strict) hf.noOthers(value, authFields, report);
  if (name === undefined) hf.required(value, ['name'], report);
}

/** Enter a room, and hear what is said in it. */
export interface RoomJoin {
  readonly roomId: RoomId;
}

const roomJoinFields = /*@__PURE__*/ new Set(['roomId']);

export function checkRoomJoin(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { roomId } = value;
  if (roomId !== undefined) {
    const before = report.size;
    checkRoomId(roomId, report);
    report.below(before, '/roomId');
  }
  if (report.strict) hf.noOthers(value, roomJoinFields, report);
  if (roomId === undefined) hf.required(value, ['roomId'], report);
}

/** Who is in the room, and what was said last. */
export interface RoomJoined {
  /** @maxItems 1000 */
  readonly members: readonly Member[];
  /** What the room is about; null where nobody said. */
  readonly topic: string | null;
}

export function checkRoomJoined(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { members, topic } = value;
  if (members !== undefined) {
    const before = report.size;
    checkRoomJoinedMembers(members, report);
    report.below(before, '/members');
  }
  if (topic !== undefined && !(topic === null || typeof topic === 'string')) {
    const before = report.size;
    checkRoomJoinedTopic(topic, report);
    report.below(before, '/topic');
  }
  if (members === undefined || topic === undefined) hf.required(value, ['members', 'topic'], report);
}

function checkRoomJoinedMembers(value: unknown, report: hf.Report): void {
  if (!hf.array(value, report)) return;
  let before = report.size;
  for (let i = 0; i < value.length; i++) {
    checkMember(value[i], report);
    if (report.size > before) before = report.below(before, `/${i}`);
  }
  hf.maxItems(value, 1000, report);
}

function checkRoomJoinedTopic(value: unknown, report: hf.Report): void {
  if (value !== null && typeof value !== 'string') hf.notOf(['null', 'string'], report);
}

/** Leave a room. */
export interface RoomLeave {
  readonly roomId: RoomId;
}

const roomLeaveFields = /*@__PURE__*/ new Set(['roomId']);

export function checkRoomLeave(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { roomId } = value;
  if (roomId !== undefined) {
    const before = report.size;
    checkRoomId(roomId, report);
    report.below(before, '/roomId');
  }
  if (report.strict) hf.noOthers(value, roomLeaveFields, report);
  if (roomId === undefined) hf.required(value, ['roomId'], report);
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

const chatSendFields = /*@__PURE__*/ new Set(['roomId', 'text', 'attachments']);

export function checkChatSend(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { roomId, text, attachments } = value;
  if (roomId !== undefined) {
    const before = report.size;
    checkRoomId(roomId, report);
    report.below(before, '/roomId');
  }
  if (text !== undefined && !(typeof text === 'string' && text.length >= 1 && text.length <= 2000)) {
    hf.textAt(text, '/text', report, 1, 2000);
  }
  if (attachments !== undefined) {
    const before = report.size;
    checkChatSendAttachments(attachments, report);
    report.below(before, '/attachments');
  }
  if (report.strict) hf.noOthers(value, chatSendFields, report);
  if (roomId === undefined || text === undefined) hf.required(value, ['roomId', 'text'], report);
}

function checkChatSendAttachments(value: unknown, report: hf.Report): void {
  if (!hf.array(value, report)) return;
  let before = report.size;
  for (let i = 0; i < value.length; i++) {
    checkAttachment(value[i], report);
    if (report.size > before) before = report.below(before, `/${i}`);
  }
  hf.maxItems(value, 4, report);
}

/** Somebody said something. */
export interface ChatMessage {
  readonly from: UserName;
  readonly text: string;
  readonly attachments?: readonly Attachment[];
}

export function checkChatMessage(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { from: from$, text, attachments } = value;
  if (from$ !== undefined && !(typeof from$ === 'string' && from$.length >= 1 && from$.length <= 40)) {
    hf.textAt(from$, '/from', report, 1, 40);
  }
  if (text !== undefined && typeof text !== 'string') hf.textAt(text, '/text', report);
  if (attachments !== undefined) {
    const before = report.size;
    checkChatMessageAttachments(attachments, report);
    report.below(before, '/attachments');
  }
  if (from$ === undefined || text === undefined) hf.required(value, ['from', 'text'], report);
}

function checkChatMessageAttachments(value: unknown, report: hf.Report): void {
  if (!hf.array(value, report)) return;
  let before = report.size;
  for (let i = 0; i < value.length; i++) {
    checkAttachment(value[i], report);
    if (report.size > before) before = report.below(before, `/${i}`);
  }
}

/** Somebody is typing. As the client sends it. */
export interface UserTypingClient {
  readonly roomId: RoomId;
}

const userTypingClientFields = /*@__PURE__*/ new Set(['roomId']);

export function checkUserTypingClient(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { roomId } = value;
  if (roomId !== undefined) {
    const before = report.size;
    checkRoomId(roomId, report);
    report.below(before, '/roomId');
  }
  if (report.strict) hf.noOthers(value, userTypingClientFields, report);
  if (roomId === undefined) hf.required(value, ['roomId'], report);
}

/** Somebody is typing. As the server sends it. */
export interface UserTypingServer {
  readonly name: UserName;
}

export function checkUserTypingServer(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { name } = value;
  if (name !== undefined && !(typeof name === 'string' && name.length >= 1 && name.length <= 40)) {
    hf.textAt(name, '/name', report, 1, 40);
  }
  if (name === undefined) hf.required(value, ['name'], report);
}

/** Somebody came, went, or looked away. */
export interface UserPresence {
  readonly member: Member;
  readonly present: boolean;
}

export function checkUserPresence(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { member, present } = value;
  if (member !== undefined) {
    const before = report.size;
    checkMember(member, report);
    report.below(before, '/member');
  }
  if (present !== undefined && typeof present !== 'boolean') {
    const before = report.size;
    hf.boolean(present, report);
    report.below(before, '/present');
  }
  if (member === undefined || present === undefined) hf.required(value, ['member', 'present'], report);
}

/** Follow the price of some symbols until `prices.stop`. */
export interface PricesWatch {
  /**
   * @minItems 1
   * @maxItems 50
   * @uniqueItems
   */
  readonly symbols: readonly Symbol[];
  /**
   * How many milliseconds lie between two ticks, at the least.
   *
   * @minimum 50
   * @maximum 60000
   * @defaultValue 1000
   */
  readonly every?: number;
}

const pricesWatchFields = /*@__PURE__*/ new Set(['symbols', 'every']);

export function checkPricesWatch(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { symbols, every } = value;
  if (symbols !== undefined) {
    const before = report.size;
    checkPricesWatchSymbols(symbols, report);
    report.below(before, '/symbols');
  }
  if (every !== undefined && !(hf.isInteger(every) && every >= 50 && every <= 60000)) {
    hf.integerAt(every, '/every', report, 50, 60000);
  }
  if (report.strict) hf.noOthers(value, pricesWatchFields, report);
  if (symbols === undefined) hf.required(value, ['symbols'], report);
}

function checkPricesWatchSymbols(value: unknown, report: hf.Report): void {
  if (!hf.array(value, report)) return;
  let before = report.size;
  for (let i = 0; i < value.length; i++) {
    checkSymbol(value[i], report);
    if (report.size > before) before = report.below(before, `/${i}`);
  }
  hf.minItems(value, 1, report);
  hf.maxItems(value, 50, report);
  hf.uniqueItems(value, report);
}

/** What {@link PricesWatch.every} means where it is absent. */
export const pricesWatchEveryDefault: number = 1000;

/** The price of a symbol moved. */
export interface PricesTick {
  readonly symbol: Symbol;
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

export function checkPricesTick(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { symbol: symbol$, price, side, change } = value;
  if (symbol$ !== undefined) {
    const before = report.size;
    checkSymbol(symbol$, report);
    report.below(before, '/symbol');
  }
  if (price !== undefined) {
    const before = report.size;
    checkDecimal(price, report);
    report.below(before, '/price');
  }
  if (side !== undefined) {
    const before = report.size;
    checkPricesTickSide(side, report);
    report.below(before, '/side');
  }
  if (change !== undefined && !(typeof change === 'number' && change > -1 && change < Infinity)) {
    hf.aboveAt(change, '/change', report, -1);
  }
  if (symbol$ === undefined || price === undefined || side === undefined) {
    hf.required(value, ['symbol', 'price', 'side'], report);
  }
}

function checkPricesTickSide(value: unknown, report: hf.Report): void {
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

export function checkPricesDone(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { ticks } = value;
  if (ticks !== undefined && !(hf.isSafeInteger(ticks) && ticks >= 0)) hf.integerAt(ticks, '/ticks', report, 0);
  if (ticks === undefined) hf.required(value, ['ticks'], report);
}

/**
 * What is offered and wanted right now.
 *
 * @since 1.1.0
 */
export interface PricesBook {
  readonly symbol: Symbol;
  /**
   * @minimum 1
   * @maximum 100
   */
  readonly depth?: number;
}

const pricesBookFields = /*@__PURE__*/ new Set(['symbol', 'depth']);

export function checkPricesBook(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { symbol: symbol$, depth } = value;
  if (symbol$ !== undefined) {
    const before = report.size;
    checkSymbol(symbol$, report);
    report.below(before, '/symbol');
  }
  if (depth !== undefined && !(hf.isInteger(depth) && depth >= 1 && depth <= 100)) {
    hf.integerAt(depth, '/depth', report, 1, 100);
  }
  if (report.strict) hf.noOthers(value, pricesBookFields, report);
  if (symbol$ === undefined) hf.required(value, ['symbol'], report);
}

/** The order book. */
export interface PricesSnapshot {
  readonly symbol: Symbol;
  /** @maxItems 100 */
  readonly bids: readonly Level[];
  /** @maxItems 100 */
  readonly asks: readonly Level[];
}

export function checkPricesSnapshot(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { symbol: symbol$, bids, asks } = value;
  if (symbol$ !== undefined) {
    const before = report.size;
    checkSymbol(symbol$, report);
    report.below(before, '/symbol');
  }
  if (bids !== undefined) {
    const before = report.size;
    checkPricesSnapshotBids(bids, report);
    report.below(before, '/bids');
  }
  if (asks !== undefined) {
    const before = report.size;
    checkPricesSnapshotAsks(asks, report);
    report.below(before, '/asks');
  }
  if (symbol$ === undefined || bids === undefined || asks === undefined) {
    hf.required(value, ['symbol', 'bids', 'asks'], report);
  }
}

function checkPricesSnapshotBids(value: unknown, report: hf.Report): void {
  if (!hf.array(value, report)) return;
  let before = report.size;
  for (let i = 0; i < value.length; i++) {
    checkLevel(value[i], report);
    if (report.size > before) before = report.below(before, `/${i}`);
  }
  hf.maxItems(value, 100, report);
}

function checkPricesSnapshotAsks(value: unknown, report: hf.Report): void {
  if (!hf.array(value, report)) return;
  let before = report.size;
  for (let i = 0; i < value.length; i++) {
    checkLevel(value[i], report);
    if (report.size > before) before = report.below(before, `/${i}`);
  }
  hf.maxItems(value, 100, report);
}

/**
 * The last price of one symbol.
 *
 * @deprecated use prices.book, which has it on top
 */
export interface PricesQuote {
  readonly symbol: Symbol;
}

const pricesQuoteFields = /*@__PURE__*/ new Set(['symbol']);

export function checkPricesQuote(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { symbol: symbol$ } = value;
  if (symbol$ !== undefined) {
    const before = report.size;
    checkSymbol(symbol$, report);
    report.below(before, '/symbol');
  }
  if (report.strict) hf.noOthers(value, pricesQuoteFields, report);
  if (symbol$ === undefined) hf.required(value, ['symbol'], report);
}

/**
 * The last price.
 *
 * @deprecated
 */
export interface PricesQuoted {
  readonly price: Decimal;
}

export function checkPricesQuoted(value: unknown, report: hf.Report): void {
  if (!hf.isFields(value)) return hf.noObject(report);
  const { price } = value;
  if (price !== undefined) {
    const before = report.size;
    checkDecimal(price, report);
    report.below(before, '/price');
  }
  if (price === undefined) hf.required(value, ['price'], report);
}

// ---- Messages -------------------------------------------------------------------------------------------------------
// What is answered stands behind its answers.

/** Who is in the room, and what was said last. */
export const roomJoined: hf.Incoming<RoomJoined> = {
  name: 'room.joined',
  receive: checkRoomJoined,
};

/** Enter a room, and hear what is said in it. */
export const roomJoin: hf.Request<RoomJoin, RoomJoined, RoomFullError> = {
  name: 'room.join',
  send: checkRoomJoin,
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
  send: checkRoomLeave,
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
  send: checkChatSend,
  reply: chatSent,
  errors: [notInRoomError],
  timeout: 5000,
};

/** Somebody said something. */
export const chatMessage: hf.Published<ChatMessage, 'room'> = {
  name: 'chat.message',
  receive: checkChatMessage,
  channel: 'room',
};

/** Somebody is typing. */
export const userTyping: hf.Outgoing<UserTypingClient> & hf.Published<UserTypingServer, 'room'> = {
  name: 'user.typing',
  send: checkUserTypingClient,
  receive: checkUserTypingServer,
  channel: 'room',
  volatile: true,
};

/** Somebody came, went, or looked away. */
export const userPresence: hf.Published<UserPresence, 'room'> = {
  name: 'user.presence',
  receive: checkUserPresence,
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
  receive: checkPricesTick,
};

/** No more ticks come. */
export const pricesDone: hf.Incoming<PricesDone> = {
  name: 'prices.done',
  receive: checkPricesDone,
};

/** Stop following. */
export const pricesStop: hf.Outgoing<undefined> = {
  name: 'prices.stop',
  send: hf.noPayload,
};

/** Follow the price of some symbols until `prices.stop`. */
export const pricesWatch: hf.StreamRequest<PricesWatch, undefined, PricesTick, PricesDone, UnknownSymbolError> = {
  name: 'prices.watch',
  send: checkPricesWatch,
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
  receive: checkPricesSnapshot,
};

/**
 * What is offered and wanted right now.
 *
 * @since 1.1.0
 */
export const pricesBook: hf.Request<PricesBook, PricesSnapshot, UnknownSymbolError> = {
  name: 'prices.book',
  send: checkPricesBook,
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
  receive: checkPricesQuoted,
};

/**
 * The last price of one symbol.
 *
 * @deprecated use prices.book, which has it on top
 */
export const pricesQuote: hf.Request<PricesQuote, PricesQuoted, UnknownSymbolError> = {
  name: 'prices.quote',
  send: checkPricesQuote,
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

/** Decodes the text of a message of the server's. */
export function decode(text: string, pending?: hf.PendingLookup): hf.Decoded<ServerMessage> {
  return hf.decode(text, serverMessages, pending);
}

/** Decodes a message of the server's that has been parsed. */
export function decodeValue(value: unknown, pending?: hf.PendingLookup): hf.Decoded<ServerMessage> {
  return hf.decodeValue(value, serverMessages, pending);
}

/** One function for each message of the server's. */
export type Handlers<R = void> = hf.HandlersOf<ServerMessage, R>;

/** Hands a message to its handler. */
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
  limits: { message: 65536 },
  session: { heartbeat: 25000, timeout: 10000, backoff: { min: 500, max: 30000 } },
  auth: checkAuth,
};

/** Connects to a server of the protocol, and keeps the connection. */
export function connect(url: string | URL, options?: hf.ConnectOptions<Auth>): hf.Client<Auth> {
  return new hf.Client(protocol, url, options);
}

// ---- Standard Schema ------------------------------------------------------------------------------------------------
// The types, for tools that take validators of any make.

/** {@link RoomId}, for tools that take a Standard Schema. */
export const roomIdSchema: hf.Standard<RoomId> = /*@__PURE__*/ hf.standard(checkRoomId, 'sent', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  description: 'The name of a room, as it stands in an address.',
  type: 'string',
  pattern: '^[a-z0-9-]{1,64}$',
}));

/** {@link UserName}, for tools that take a Standard Schema. */
export const userNameSchema: hf.Standard<UserName> = /*@__PURE__*/ hf.standard(checkUserName, 'sent', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  description: 'What a user is called.',
  type: 'string',
  minLength: 1,
  maxLength: 40,
}));

/** {@link Member}, for tools that take a Standard Schema. */
export const memberSchema: hf.Standard<Member> = /*@__PURE__*/ hf.standard(checkMember, 'received', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  description: 'Somebody in a room.',
  type: 'object',
  required: ['name', 'status'],
  properties: {
    name: { $ref: '#/$defs/client/$defs/types/$defs/UserName' },
    status: { $ref: '#/$defs/client/$defs/types/$defs/Status' },
  },
  $defs: {
    client: {
      $defs: {
        types: {
          $defs: {
            Status: { description: 'Whether somebody is looking.', type: 'string', examples: ['online', 'away'] },
            UserName: { description: 'What a user is called.', type: 'string', minLength: 1, maxLength: 40 },
          },
        },
      },
    },
  },
}));

/** {@link Status}, for tools that take a Standard Schema. */
export const statusSchema: hf.Standard<Status> = /*@__PURE__*/ hf.standard(checkStatus, 'received', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  description: 'Whether somebody is looking.',
  type: 'string',
  examples: ['online', 'away'],
}));

/** {@link Symbol}, for tools that take a Standard Schema. */
export const symbolSchema: hf.Standard<Symbol> = /*@__PURE__*/ hf.standard(checkSymbol, 'sent', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  description: 'What is traded.',
  type: 'string',
  pattern: '^[A-Z]{2,6}-[A-Z]{2,6}$',
}));

/** {@link Decimal}, for tools that take a Standard Schema. */
export const decimalSchema: hf.Standard<Decimal> = /*@__PURE__*/ hf.standard(checkDecimal, 'received', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  description: 'A decimal number as text, so that no digit is lost on the way.',
  type: 'string',
  pattern: '^-?[0-9]{1,18}(\\.[0-9]{1,12})?$',
}));

/** {@link Level}, for tools that take a Standard Schema. */
export const levelSchema: hf.Standard<Level> = /*@__PURE__*/ hf.standard(checkLevel, 'received', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  description: 'A price in the book, and how much is offered at it.',
  type: 'array',
  minItems: 2,
  prefixItems: [{ $ref: '#/$defs/client/$defs/types/$defs/Decimal' }, { $ref: '#/$defs/client/$defs/types/$defs/Decimal' }],
  items: false,
  $defs: {
    client: {
      $defs: {
        types: {
          $defs: {
            Decimal: {
              description: 'A decimal number as text, so that no digit is lost on the way.',
              type: 'string',
              pattern: '^-?[0-9]{1,18}(\\.[0-9]{1,12})?$',
            },
          },
        },
      },
    },
  },
}));

/** {@link Attachment}, for tools that take a Standard Schema. */
export const attachmentSchema: hf.Standard<Attachment> = /*@__PURE__*/ hf.standard(checkAttachment, 'sent', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  description: 'What hangs on a message.',
  oneOf: [
    {
      title: 'Image',
      type: 'object',
      required: ['kind', 'url', 'width', 'height'],
      properties: {
        kind: { const: 'image' },
        url: { type: 'string', maxLength: 2000 },
        width: { type: 'integer', minimum: 1, maximum: 20000 },
        height: { type: 'integer', minimum: 1, maximum: 20000 },
        alt: { type: 'string', maxLength: 500 },
      },
      additionalProperties: false,
    },
    {
      title: 'Snippet',
      type: 'object',
      required: ['kind', 'text'],
      properties: {
        kind: { const: 'snippet' },
        text: { type: 'string', maxLength: 10000 },
        language: { type: ['null', 'string'], maxLength: 40 },
      },
      additionalProperties: false,
    },
  ],
}));

/** {@link Auth}, for tools that take a Standard Schema. */
export const authSchema: hf.Standard<Auth> = /*@__PURE__*/ hf.standard(checkAuth, 'sent', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['name'],
  properties: {
    name: { $ref: '#/$defs/server/$defs/types/$defs/UserName' },
    token: { description: 'Proof, where the server asks for one.', type: 'string', maxLength: 4096 },
  },
  additionalProperties: false,
  $defs: {
    server: {
      $defs: {
        types: {
          $defs: { UserName: { description: 'What a user is called.', type: 'string', minLength: 1, maxLength: 40 } },
        },
      },
    },
  },
}));

/** {@link RoomJoin}, for tools that take a Standard Schema. */
export const roomJoinSchema: hf.Standard<RoomJoin> = /*@__PURE__*/ hf.standard(checkRoomJoin, 'sent', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['roomId'],
  properties: { roomId: { $ref: '#/$defs/server/$defs/types/$defs/RoomId' } },
  additionalProperties: false,
  $defs: {
    server: {
      $defs: {
        types: {
          $defs: {
            RoomId: {
              description: 'The name of a room, as it stands in an address.',
              type: 'string',
              pattern: '^[a-z0-9-]{1,64}$',
            },
          },
        },
      },
    },
  },
}));

/** {@link RoomJoined}, for tools that take a Standard Schema. */
export const roomJoinedSchema: hf.Standard<RoomJoined> = /*@__PURE__*/ hf.standard(checkRoomJoined, 'received', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['members', 'topic'],
  properties: {
    members: { type: 'array', maxItems: 1000, items: { $ref: '#/$defs/client/$defs/types/$defs/Member' } },
    topic: { description: 'What the room is about; null where nobody said.', type: ['null', 'string'] },
  },
  $defs: {
    client: {
      $defs: {
        types: {
          $defs: {
            Member: {
              description: 'Somebody in a room.',
              type: 'object',
              required: ['name', 'status'],
              properties: {
                name: { $ref: '#/$defs/client/$defs/types/$defs/UserName' },
                status: { $ref: '#/$defs/client/$defs/types/$defs/Status' },
              },
            },
            Status: { description: 'Whether somebody is looking.', type: 'string', examples: ['online', 'away'] },
            UserName: { description: 'What a user is called.', type: 'string', minLength: 1, maxLength: 40 },
          },
        },
      },
    },
  },
}));

/** {@link RoomLeave}, for tools that take a Standard Schema. */
export const roomLeaveSchema: hf.Standard<RoomLeave> = /*@__PURE__*/ hf.standard(checkRoomLeave, 'sent', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['roomId'],
  properties: { roomId: { $ref: '#/$defs/server/$defs/types/$defs/RoomId' } },
  additionalProperties: false,
  $defs: {
    server: {
      $defs: {
        types: {
          $defs: {
            RoomId: {
              description: 'The name of a room, as it stands in an address.',
              type: 'string',
              pattern: '^[a-z0-9-]{1,64}$',
            },
          },
        },
      },
    },
  },
}));

/** {@link ChatSend}, for tools that take a Standard Schema. */
export const chatSendSchema: hf.Standard<ChatSend> = /*@__PURE__*/ hf.standard(checkChatSend, 'sent', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['roomId', 'text'],
  properties: {
    roomId: { $ref: '#/$defs/server/$defs/types/$defs/RoomId' },
    text: { type: 'string', minLength: 1, maxLength: 2000 },
    attachments: { type: 'array', maxItems: 4, items: { $ref: '#/$defs/server/$defs/types/$defs/Attachment' } },
  },
  additionalProperties: false,
  $defs: {
    server: {
      $defs: {
        types: {
          $defs: {
            Attachment: {
              description: 'What hangs on a message.',
              oneOf: [
                {
                  title: 'Image',
                  type: 'object',
                  required: ['kind', 'url', 'width', 'height'],
                  properties: {
                    kind: { const: 'image' },
                    url: { type: 'string', maxLength: 2000 },
                    width: { type: 'integer', minimum: 1, maximum: 20000 },
                    height: { type: 'integer', minimum: 1, maximum: 20000 },
                    alt: { type: 'string', maxLength: 500 },
                  },
                  additionalProperties: false,
                },
                {
                  title: 'Snippet',
                  type: 'object',
                  required: ['kind', 'text'],
                  properties: {
                    kind: { const: 'snippet' },
                    text: { type: 'string', maxLength: 10000 },
                    language: { type: ['null', 'string'], maxLength: 40 },
                  },
                  additionalProperties: false,
                },
              ],
            },
            RoomId: {
              description: 'The name of a room, as it stands in an address.',
              type: 'string',
              pattern: '^[a-z0-9-]{1,64}$',
            },
          },
        },
      },
    },
  },
}));

/** {@link ChatMessage}, for tools that take a Standard Schema. */
export const chatMessageSchema: hf.Standard<ChatMessage> = /*@__PURE__*/ hf.standard(checkChatMessage, 'received', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['from', 'text'],
  properties: {
    from: { $ref: '#/$defs/client/$defs/types/$defs/UserName' },
    text: { type: 'string' },
    attachments: { type: 'array', items: { $ref: '#/$defs/client/$defs/types/$defs/Attachment' } },
  },
  $defs: {
    client: {
      $defs: {
        types: {
          $defs: {
            Attachment: {
              description: 'What hangs on a message.',
              oneOf: [
                {
                  title: 'Image',
                  type: 'object',
                  required: ['kind', 'url', 'width', 'height'],
                  properties: {
                    kind: { const: 'image' },
                    url: { type: 'string', maxLength: 2000 },
                    width: { type: 'integer', minimum: 1, maximum: 20000 },
                    height: { type: 'integer', minimum: 1, maximum: 20000 },
                    alt: { type: 'string', maxLength: 500 },
                  },
                },
                {
                  title: 'Snippet',
                  type: 'object',
                  required: ['kind', 'text'],
                  properties: {
                    kind: { const: 'snippet' },
                    text: { type: 'string', maxLength: 10000 },
                    language: { type: ['null', 'string'], maxLength: 40 },
                  },
                },
              ],
            },
            UserName: { description: 'What a user is called.', type: 'string', minLength: 1, maxLength: 40 },
          },
        },
      },
    },
  },
}));

/** {@link UserTypingClient}, for tools that take a Standard Schema. */
export const userTypingClientSchema: hf.Standard<UserTypingClient> = /*@__PURE__*/ hf.standard(checkUserTypingClient, 'sent', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['roomId'],
  properties: { roomId: { $ref: '#/$defs/server/$defs/types/$defs/RoomId' } },
  additionalProperties: false,
  $defs: {
    server: {
      $defs: {
        types: {
          $defs: {
            RoomId: {
              description: 'The name of a room, as it stands in an address.',
              type: 'string',
              pattern: '^[a-z0-9-]{1,64}$',
            },
          },
        },
      },
    },
  },
}));

/** {@link UserTypingServer}, for tools that take a Standard Schema. */
export const userTypingServerSchema: hf.Standard<UserTypingServer> = /*@__PURE__*/ hf.standard(checkUserTypingServer, 'received', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['name'],
  properties: { name: { $ref: '#/$defs/client/$defs/types/$defs/UserName' } },
  $defs: {
    client: {
      $defs: {
        types: {
          $defs: { UserName: { description: 'What a user is called.', type: 'string', minLength: 1, maxLength: 40 } },
        },
      },
    },
  },
}));

/** {@link UserPresence}, for tools that take a Standard Schema. */
export const userPresenceSchema: hf.Standard<UserPresence> = /*@__PURE__*/ hf.standard(checkUserPresence, 'received', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['member', 'present'],
  properties: { member: { $ref: '#/$defs/client/$defs/types/$defs/Member' }, present: { type: 'boolean' } },
  $defs: {
    client: {
      $defs: {
        types: {
          $defs: {
            Member: {
              description: 'Somebody in a room.',
              type: 'object',
              required: ['name', 'status'],
              properties: {
                name: { $ref: '#/$defs/client/$defs/types/$defs/UserName' },
                status: { $ref: '#/$defs/client/$defs/types/$defs/Status' },
              },
            },
            Status: { description: 'Whether somebody is looking.', type: 'string', examples: ['online', 'away'] },
            UserName: { description: 'What a user is called.', type: 'string', minLength: 1, maxLength: 40 },
          },
        },
      },
    },
  },
}));

/** {@link PricesWatch}, for tools that take a Standard Schema. */
export const pricesWatchSchema: hf.Standard<PricesWatch> = /*@__PURE__*/ hf.standard(checkPricesWatch, 'sent', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['symbols'],
  properties: {
    symbols: {
      type: 'array',
      minItems: 1,
      maxItems: 50,
      uniqueItems: true,
      items: { $ref: '#/$defs/server/$defs/types/$defs/Symbol' },
    },
    every: {
      description: 'How many milliseconds lie between two ticks, at the least.',
      default: 1000,
      type: 'integer',
      minimum: 50,
      maximum: 60000,
    },
  },
  additionalProperties: false,
  $defs: {
    server: {
      $defs: {
        types: { $defs: { Symbol: { description: 'What is traded.', type: 'string', pattern: '^[A-Z]{2,6}-[A-Z]{2,6}$' } } },
      },
    },
  },
}));

/** {@link PricesTick}, for tools that take a Standard Schema. */
export const pricesTickSchema: hf.Standard<PricesTick> = /*@__PURE__*/ hf.standard(checkPricesTick, 'received', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['symbol', 'price', 'side'],
  properties: {
    symbol: { $ref: '#/$defs/client/$defs/types/$defs/Symbol' },
    price: { $ref: '#/$defs/client/$defs/types/$defs/Decimal' },
    side: { description: 'Which side took the trade.', enum: ['buy', 'sell'] },
    change: { description: 'Since yesterday; 0.01 is one per cent.', type: 'number', exclusiveMinimum: -1 },
  },
  $defs: {
    client: {
      $defs: {
        types: {
          $defs: {
            Decimal: {
              description: 'A decimal number as text, so that no digit is lost on the way.',
              type: 'string',
              pattern: '^-?[0-9]{1,18}(\\.[0-9]{1,12})?$',
            },
            Symbol: { description: 'What is traded.', type: 'string', pattern: '^[A-Z]{2,6}-[A-Z]{2,6}$' },
          },
        },
      },
    },
  },
}));

/** {@link PricesDone}, for tools that take a Standard Schema. */
export const pricesDoneSchema: hf.Standard<PricesDone> = /*@__PURE__*/ hf.standard(checkPricesDone, 'received', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['ticks'],
  properties: { ticks: { description: 'How many came.', type: 'integer', minimum: 0, maximum: 9007199254740991 } },
}));

/** {@link PricesBook}, for tools that take a Standard Schema. */
export const pricesBookSchema: hf.Standard<PricesBook> = /*@__PURE__*/ hf.standard(checkPricesBook, 'sent', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['symbol'],
  properties: {
    symbol: { $ref: '#/$defs/server/$defs/types/$defs/Symbol' },
    depth: { type: 'integer', minimum: 1, maximum: 100 },
  },
  additionalProperties: false,
  $defs: {
    server: {
      $defs: {
        types: { $defs: { Symbol: { description: 'What is traded.', type: 'string', pattern: '^[A-Z]{2,6}-[A-Z]{2,6}$' } } },
      },
    },
  },
}));

/** {@link PricesSnapshot}, for tools that take a Standard Schema. */
export const pricesSnapshotSchema: hf.Standard<PricesSnapshot> = /*@__PURE__*/ hf.standard(checkPricesSnapshot, 'received', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['symbol', 'bids', 'asks'],
  properties: {
    symbol: { $ref: '#/$defs/client/$defs/types/$defs/Symbol' },
    bids: { type: 'array', maxItems: 100, items: { $ref: '#/$defs/client/$defs/types/$defs/Level' } },
    asks: { type: 'array', maxItems: 100, items: { $ref: '#/$defs/client/$defs/types/$defs/Level' } },
  },
  $defs: {
    client: {
      $defs: {
        types: {
          $defs: {
            Decimal: {
              description: 'A decimal number as text, so that no digit is lost on the way.',
              type: 'string',
              pattern: '^-?[0-9]{1,18}(\\.[0-9]{1,12})?$',
            },
            Level: {
              description: 'A price in the book, and how much is offered at it.',
              type: 'array',
              minItems: 2,
              prefixItems: [
                { $ref: '#/$defs/client/$defs/types/$defs/Decimal' },
                { $ref: '#/$defs/client/$defs/types/$defs/Decimal' },
              ],
              items: false,
            },
            Symbol: { description: 'What is traded.', type: 'string', pattern: '^[A-Z]{2,6}-[A-Z]{2,6}$' },
          },
        },
      },
    },
  },
}));

/** {@link PricesQuote}, for tools that take a Standard Schema. */
export const pricesQuoteSchema: hf.Standard<PricesQuote> = /*@__PURE__*/ hf.standard(checkPricesQuote, 'sent', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['symbol'],
  properties: { symbol: { $ref: '#/$defs/server/$defs/types/$defs/Symbol' } },
  additionalProperties: false,
  $defs: {
    server: {
      $defs: {
        types: { $defs: { Symbol: { description: 'What is traded.', type: 'string', pattern: '^[A-Z]{2,6}-[A-Z]{2,6}$' } } },
      },
    },
  },
}));

/** {@link PricesQuoted}, for tools that take a Standard Schema. */
export const pricesQuotedSchema: hf.Standard<PricesQuoted> = /*@__PURE__*/ hf.standard(checkPricesQuoted, 'received', () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['price'],
  properties: { price: { $ref: '#/$defs/client/$defs/types/$defs/Decimal' } },
  $defs: {
    client: {
      $defs: {
        types: {
          $defs: {
            Decimal: {
              description: 'A decimal number as text, so that no digit is lost on the way.',
              type: 'string',
              pattern: '^-?[0-9]{1,18}(\\.[0-9]{1,12})?$',
            },
          },
        },
      },
    },
  },
}));
