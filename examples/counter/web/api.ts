// Made by Handfast from `protocol.yaml`, the protocol `counter`.
// Do not edit: change that file, then run `cargo run -p codegen`.

import * as hf from './handfast.js';

// ---- Payloads -------------------------------------------------------------------------------------------------------

export interface CounterValue {
  readonly count: number;
}

const counterValueRule: hf.ObjectRule = [hf.reportObject, {
  '?': [],
  count: [hf.reportInteger, { minimum: -9007199254740991, maximum: 9007199254740991 }],
}];

export function isCounterValue(value: unknown): value is CounterValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { count } = value as hf.JsonObject;
  return hf.isSafeInteger(count);
}

export function validateCounterValue(value: unknown, report: hf.Report): void {
  if (!isCounterValue(value)) hf.reportRule(value, report, counterValueRule);
}

export interface CounterAdd {
  /**
   * @minimum -10
   * @maximum 10
   */
  readonly by: number;
}

const counterAddRule: hf.ObjectRule = [hf.reportObject, {
  '?': [],
  by: [hf.reportInteger, { minimum: -10, maximum: 10 }],
}, hf.reportAdditionalIfSent];

const counterAddFields = /*@__PURE__*/ new Set(['by']);

export function isCounterAdd(value: unknown, strict: boolean = true): value is CounterAdd {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { by } = value as hf.JsonObject;
  return (
    hf.isSafeInteger(by) && by >= -10 && by <= 10 &&
    (!strict || hf.isClosed(value, counterAddFields))
  );
}

export function validateCounterAdd(value: unknown, report: hf.Report): void {
  if (!isCounterAdd(value, report.strict)) hf.reportRule(value, report, counterAddRule);
}

export interface CounterChanged {
  readonly count: number;
}

const counterChangedRule: hf.ObjectRule = [hf.reportObject, {
  '?': [],
  count: [hf.reportInteger, { minimum: -9007199254740991, maximum: 9007199254740991 }],
}];

export function isCounterChanged(value: unknown): value is CounterChanged {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { count } = value as hf.JsonObject;
  return hf.isSafeInteger(count);
}

export function validateCounterChanged(value: unknown, report: hf.Report): void {
  if (!isCounterChanged(value)) hf.reportRule(value, report, counterChangedRule);
}

// ---- Messages -------------------------------------------------------------------------------------------------------
// What is answered stands behind its answers.

export const counterValue: hf.Incoming<CounterValue> = {
  name: 'counter.value',
  receive: validateCounterValue,
};

export const counterFollow: hf.Request<undefined, CounterValue> = {
  name: 'counter.follow',
  send: hf.noPayload,
  reply: counterValue,
  errors: [],
};

export const counterAdded: hf.Incoming<undefined> = {
  name: 'counter.added',
  receive: hf.noPayload,
};

export const counterAdd: hf.Request<CounterAdd, undefined> = {
  name: 'counter.add',
  send: validateCounterAdd,
  reply: counterAdded,
  errors: [],
};

export const counterChanged: hf.Published<CounterChanged, 'changes'> = {
  name: 'counter.changed',
  receive: validateCounterChanged,
  channel: 'changes',
};

/** Everything the client sends. */
export type ClientMessage = hf.Message<'counter.follow', undefined> | hf.Message<'counter.add', CounterAdd>;

/** Everything the server sends. */
export type ServerMessage =
  | hf.Message<'counter.value', CounterValue>
  | hf.Message<'counter.added', undefined>
  | hf.ChannelMessage<'counter.changed', CounterChanged>;

const serverMessages = /*@__PURE__*/ hf.messageTable<ServerMessage>(hf.defaultEnvelope, 64, [
  counterValue,
  counterAdded,
  counterChanged,
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

export const changesChannel: hf.Channel<'changes', undefined, CounterValue> = {
  name: 'changes',
  key: () => 'changes',
  join: counterFollow,
};

// ---- Session --------------------------------------------------------------------------------------------------------

/** A counter that everybody shares. */
export const protocol: hf.Protocol = {
  name: 'counter',
  version: '1.0.0',
  hash: '69c3b847d8284c28f2985c7684334680',
  subprotocol: 'counter.v1+json',
  envelope: { client: hf.defaultEnvelope, server: hf.defaultEnvelope },
  depth: 64,
  limits: { message: 65536, outbound: 1048576, inbound: 262144 },
  session: { heartbeat: 25000, timeout: 10000, backoff: { min: 500, max: 30000 } },
};

/** Connects to a server of the protocol, and keeps the connection. */
export function connect(url: string | URL, options?: hf.ConnectOptions): hf.Client {
  return new hf.Client(protocol, url, options);
}

// ---- Standard Schema ------------------------------------------------------------------------------------------------
// The types, for tools that take validators of any make.

/** {@link CounterValue}, for tools that take a Standard Schema. */
export const counterValueSchema: hf.StandardSchema<CounterValue> = /*@__PURE__*/ hf.standardSchema(validateCounterValue, 'received', () => [{
  type: 'object',
  required: ['count'],
  properties: { count: { type: 'integer', minimum: -9007199254740991, maximum: 9007199254740991 } },
}]);

/** {@link CounterAdd}, for tools that take a Standard Schema. */
export const counterAddSchema: hf.StandardSchema<CounterAdd> = /*@__PURE__*/ hf.standardSchema(validateCounterAdd, 'sent', () => [{
  type: 'object',
  required: ['by'],
  properties: { by: { type: 'integer', minimum: -10, maximum: 10 } },
  additionalProperties: false,
}]);

/** {@link CounterChanged}, for tools that take a Standard Schema. */
export const counterChangedSchema: hf.StandardSchema<CounterChanged> = /*@__PURE__*/ hf.standardSchema(validateCounterChanged, 'received', () => [{
  type: 'object',
  required: ['count'],
  properties: { count: { type: 'integer', minimum: -9007199254740991, maximum: 9007199254740991 } },
}]);
