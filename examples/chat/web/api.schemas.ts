/* eslint-disable */
// @generated
// Made by Handfast from `protocol.yaml`, the protocol `chat`.
// Do not edit: change that file, then run `cargo run -p codegen`.

import * as hf from './handfast.js';
import * as api from './api.js';

// ---- Standard Schema ------------------------------------------------------------------------------------------------
// The types of the protocol, for tools that take a Standard Schema (https://standardschema.dev) or JSON Schema.
// A program that has no such tool need not import this file.

const sentAttachment: hf.SchemaDefinition = () => [{
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
}, [], 'server', 'types', 'Attachment'];

const sentRoomId: hf.SchemaDefinition = () => [{
  description: 'The name of a room, as it stands in an address.',
  type: 'string',
  pattern: '^[a-z0-9-]{1,64}$',
}, [], 'server', 'types', 'RoomId'];

const sentSymbol: hf.SchemaDefinition = () => [{
  description: 'What is traded.',
  type: 'string',
  pattern: '^[A-Z]{2,6}-[A-Z]{2,6}$',
}, [], 'server', 'types', 'Symbol'];

const sentUserName: hf.SchemaDefinition = () => [{
  description: 'What a user is called.',
  type: 'string',
  minLength: 1,
  maxLength: 40,
}, [], 'server', 'types', 'UserName'];

const receivedAttachment: hf.SchemaDefinition = () => [{
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
}, [], 'client', 'types', 'Attachment'];

const receivedDecimal: hf.SchemaDefinition = () => [{
  description: 'A decimal number as text, so that no digit is lost on the way.',
  type: 'string',
  pattern: '^-?[0-9]{1,18}(\\.[0-9]{1,12})?$',
}, [], 'client', 'types', 'Decimal'];

const receivedLevel: hf.SchemaDefinition = () => [{
  description: 'A price in the book, and how much is offered at it.',
  type: 'array',
  minItems: 2,
  prefixItems: [
    { $ref: '#/$defs/client/$defs/types/$defs/Decimal' },
    { $ref: '#/$defs/client/$defs/types/$defs/Decimal' },
  ],
  items: false,
}, [receivedDecimal], 'client', 'types', 'Level'];

const receivedMember: hf.SchemaDefinition = () => [{
  description: 'Somebody in a room.',
  type: 'object',
  required: ['name', 'status'],
  properties: {
    name: { $ref: '#/$defs/client/$defs/types/$defs/UserName' },
    status: { $ref: '#/$defs/client/$defs/types/$defs/Status' },
  },
}, [receivedStatus, receivedUserName], 'client', 'types', 'Member'];

const receivedStatus: hf.SchemaDefinition = () => [{
  description: 'Whether somebody is looking.',
  type: 'string',
  examples: ['online', 'away'],
}, [], 'client', 'types', 'Status'];

const receivedSymbol: hf.SchemaDefinition = () => [{
  description: 'What is traded.',
  type: 'string',
  pattern: '^[A-Z]{2,6}-[A-Z]{2,6}$',
}, [], 'client', 'types', 'Symbol'];

const receivedUserName: hf.SchemaDefinition = () => [{
  description: 'What a user is called.',
  type: 'string',
  minLength: 1,
  maxLength: 40,
}, [], 'client', 'types', 'UserName'];

/** {@link api.RoomId} as a Standard Schema. */
export const roomIdSchema: hf.StandardSchema<api.RoomId> = /*@__PURE__*/ hf.standardSchema(api.validateRoomId, 'sent', sentRoomId);

/** {@link api.UserName} as a Standard Schema. */
export const userNameSchema: hf.StandardSchema<api.UserName> = /*@__PURE__*/ hf.standardSchema(api.validateUserName, 'sent', sentUserName);

/** {@link api.Member} as a Standard Schema. */
export const memberSchema: hf.StandardSchema<api.Member> = /*@__PURE__*/ hf.standardSchema(api.validateMember, 'received', receivedMember);

/** {@link api.Status} as a Standard Schema. */
export const statusSchema: hf.StandardSchema<api.Status> = /*@__PURE__*/ hf.standardSchema(api.validateStatus, 'received', receivedStatus);

/** {@link api.Symbol} as a Standard Schema. */
export const symbolSchema: hf.StandardSchema<api.Symbol> = /*@__PURE__*/ hf.standardSchema(api.validateSymbol, 'sent', sentSymbol);

/** {@link api.Decimal} as a Standard Schema. */
export const decimalSchema: hf.StandardSchema<api.Decimal> = /*@__PURE__*/ hf.standardSchema(api.validateDecimal, 'received', receivedDecimal);

/** {@link api.Level} as a Standard Schema. */
export const levelSchema: hf.StandardSchema<api.Level> = /*@__PURE__*/ hf.standardSchema(api.validateLevel, 'received', receivedLevel);

/** {@link api.Attachment} as a Standard Schema. */
export const attachmentSchema: hf.StandardSchema<api.Attachment> = /*@__PURE__*/ hf.standardSchema(api.validateAttachment, 'sent', sentAttachment);

/** {@link api.Auth} as a Standard Schema. */
export const authSchema: hf.StandardSchema<api.Auth> = /*@__PURE__*/ hf.standardSchema(api.validateAuth, 'sent', () => [{
  type: 'object',
  required: ['name'],
  properties: {
    name: { $ref: '#/$defs/server/$defs/types/$defs/UserName' },
    token: { description: 'Proof, where the server asks for one.', type: 'string', maxLength: 4096 },
  },
  additionalProperties: false,
}, [sentUserName]]);

/** {@link api.RoomJoin} as a Standard Schema. */
export const roomJoinSchema: hf.StandardSchema<api.RoomJoin> = /*@__PURE__*/ hf.standardSchema(api.validateRoomJoin, 'sent', () => [{
  type: 'object',
  required: ['roomId'],
  properties: { roomId: { $ref: '#/$defs/server/$defs/types/$defs/RoomId' } },
  additionalProperties: false,
}, [sentRoomId]]);

/** {@link api.RoomJoined} as a Standard Schema. */
export const roomJoinedSchema: hf.StandardSchema<api.RoomJoined> = /*@__PURE__*/ hf.standardSchema(api.validateRoomJoined, 'received', () => [{
  type: 'object',
  required: ['members', 'topic'],
  properties: {
    members: { type: 'array', maxItems: 1000, items: { $ref: '#/$defs/client/$defs/types/$defs/Member' } },
    topic: { description: 'What the room is about; null where nobody said.', type: ['null', 'string'] },
  },
}, [receivedMember]]);

/** {@link api.RoomLeave} as a Standard Schema. */
export const roomLeaveSchema: hf.StandardSchema<api.RoomLeave> = /*@__PURE__*/ hf.standardSchema(api.validateRoomLeave, 'sent', () => [{
  type: 'object',
  required: ['roomId'],
  properties: { roomId: { $ref: '#/$defs/server/$defs/types/$defs/RoomId' } },
  additionalProperties: false,
}, [sentRoomId]]);

/** {@link api.ChatSend} as a Standard Schema. */
export const chatSendSchema: hf.StandardSchema<api.ChatSend> = /*@__PURE__*/ hf.standardSchema(api.validateChatSend, 'sent', () => [{
  type: 'object',
  required: ['roomId', 'text'],
  properties: {
    roomId: { $ref: '#/$defs/server/$defs/types/$defs/RoomId' },
    text: { type: 'string', minLength: 1, maxLength: 2000 },
    attachments: { type: 'array', maxItems: 4, items: { $ref: '#/$defs/server/$defs/types/$defs/Attachment' } },
  },
  additionalProperties: false,
}, [sentAttachment, sentRoomId]]);

/** {@link api.ChatMessage} as a Standard Schema. */
export const chatMessageSchema: hf.StandardSchema<api.ChatMessage> = /*@__PURE__*/ hf.standardSchema(api.validateChatMessage, 'received', () => [{
  type: 'object',
  required: ['from', 'text'],
  properties: {
    from: { $ref: '#/$defs/client/$defs/types/$defs/UserName' },
    text: { type: 'string' },
    attachments: { type: 'array', items: { $ref: '#/$defs/client/$defs/types/$defs/Attachment' } },
  },
}, [receivedAttachment, receivedUserName]]);

/** {@link api.UserTypingClient} as a Standard Schema. */
export const userTypingClientSchema: hf.StandardSchema<api.UserTypingClient> = /*@__PURE__*/ hf.standardSchema(api.validateUserTypingClient, 'sent', () => [{
  type: 'object',
  required: ['roomId'],
  properties: { roomId: { $ref: '#/$defs/server/$defs/types/$defs/RoomId' } },
  additionalProperties: false,
}, [sentRoomId]]);

/** {@link api.UserTypingServer} as a Standard Schema. */
export const userTypingServerSchema: hf.StandardSchema<api.UserTypingServer> = /*@__PURE__*/ hf.standardSchema(api.validateUserTypingServer, 'received', () => [{ type: 'object', required: ['name'], properties: { name: { $ref: '#/$defs/client/$defs/types/$defs/UserName' } } }, [receivedUserName]]);

/** {@link api.UserPresence} as a Standard Schema. */
export const userPresenceSchema: hf.StandardSchema<api.UserPresence> = /*@__PURE__*/ hf.standardSchema(api.validateUserPresence, 'received', () => [{
  type: 'object',
  required: ['member', 'present'],
  properties: { member: { $ref: '#/$defs/client/$defs/types/$defs/Member' }, present: { type: 'boolean' } },
}, [receivedMember]]);

/** {@link api.PricesWatch} as a Standard Schema. */
export const pricesWatchSchema: hf.StandardSchema<api.PricesWatch> = /*@__PURE__*/ hf.standardSchema(api.validatePricesWatch, 'sent', () => [{
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
}, [sentSymbol]]);

/** {@link api.PricesTick} as a Standard Schema. */
export const pricesTickSchema: hf.StandardSchema<api.PricesTick> = /*@__PURE__*/ hf.standardSchema(api.validatePricesTick, 'received', () => [{
  type: 'object',
  required: ['symbol', 'price', 'side'],
  properties: {
    symbol: { $ref: '#/$defs/client/$defs/types/$defs/Symbol' },
    price: { $ref: '#/$defs/client/$defs/types/$defs/Decimal' },
    side: { description: 'Which side took the trade.', enum: ['buy', 'sell'] },
    change: { description: 'Since yesterday; 0.01 is one per cent.', type: 'number', exclusiveMinimum: -1 },
  },
}, [receivedDecimal, receivedSymbol]]);

/** {@link api.PricesDone} as a Standard Schema. */
export const pricesDoneSchema: hf.StandardSchema<api.PricesDone> = /*@__PURE__*/ hf.standardSchema(api.validatePricesDone, 'received', () => [{
  type: 'object',
  required: ['ticks'],
  properties: { ticks: { description: 'How many came.', type: 'integer', minimum: 0, maximum: 9007199254740991 } },
}]);

/** {@link api.PricesBook} as a Standard Schema. */
export const pricesBookSchema: hf.StandardSchema<api.PricesBook> = /*@__PURE__*/ hf.standardSchema(api.validatePricesBook, 'sent', () => [{
  type: 'object',
  required: ['symbol'],
  properties: {
    symbol: { $ref: '#/$defs/server/$defs/types/$defs/Symbol' },
    depth: { type: 'integer', minimum: 1, maximum: 100 },
  },
  additionalProperties: false,
}, [sentSymbol]]);

/** {@link api.PricesSnapshot} as a Standard Schema. */
export const pricesSnapshotSchema: hf.StandardSchema<api.PricesSnapshot> = /*@__PURE__*/ hf.standardSchema(api.validatePricesSnapshot, 'received', () => [{
  type: 'object',
  required: ['symbol', 'bids', 'asks'],
  properties: {
    symbol: { $ref: '#/$defs/client/$defs/types/$defs/Symbol' },
    bids: { type: 'array', maxItems: 100, items: { $ref: '#/$defs/client/$defs/types/$defs/Level' } },
    asks: { type: 'array', maxItems: 100, items: { $ref: '#/$defs/client/$defs/types/$defs/Level' } },
  },
}, [receivedLevel, receivedSymbol]]);

/** {@link api.PricesQuote} as a Standard Schema. */
export const pricesQuoteSchema: hf.StandardSchema<api.PricesQuote> = /*@__PURE__*/ hf.standardSchema(api.validatePricesQuote, 'sent', () => [{
  type: 'object',
  required: ['symbol'],
  properties: { symbol: { $ref: '#/$defs/server/$defs/types/$defs/Symbol' } },
  additionalProperties: false,
}, [sentSymbol]]);

/** {@link api.PricesQuoted} as a Standard Schema. */
export const pricesQuotedSchema: hf.StandardSchema<api.PricesQuoted> = /*@__PURE__*/ hf.standardSchema(api.validatePricesQuoted, 'received', () => [{ type: 'object', required: ['price'], properties: { price: { $ref: '#/$defs/client/$defs/types/$defs/Decimal' } } }, [receivedDecimal]]);
