// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

// Everything that generated code and applications import. The runtime has no dependencies, and needs nothing of the platform
// but timers and a WebSocket.

export * from './handfast/validators.js';
export * from './handfast/format.js';
export * from './handfast/rules.js';
export { automaton } from './handfast/automaton.js';
export type { Expression } from './handfast/automaton.js';
export { email, ipv4, ipv6 } from './handfast/address.js';
export * from './handfast/encoding.js';
export * from './handfast/idna.js';
export * from './handfast/regex.js';
export * from './handfast/uri.js';
export * from './handfast/evaluated.js';
export { Client } from './handfast/client.js';
export type { Clock } from './handfast/clock.js';
export type { CloseCodes } from './handfast/close-codes.js';
export type { ConnectionClosed } from './handfast/connection.js';
export { clientMessageTable, decode, decodeValue, messageTable } from './handfast/decode.js';
export type { Decoded, MessageTable } from './handfast/decode.js';
export type {
  Callable,
  Channel,
  ChannelMessage,
  ErrorDescriptor,
  ErrorsOf,
  Incoming,
  Joinable,
  Message,
  Outgoing,
  ParamsOf,
  PayloadOf,
  PendingLookup,
  Protocol,
  Published,
  ReplyOf,
  Request,
  Role,
  Sendable,
  Streamable,
  StreamRequest,
} from './handfast/descriptor.js';
export { dispatch } from './handfast/dispatch.js';
export type { HandlersOf } from './handfast/dispatch.js';
export { defaultEnvelope } from './handfast/envelope.js';
export type { Envelope, EnvelopeField, EnvelopeFields, Id, Tag } from './handfast/envelope.js';
export { SessionRefusedError } from './handfast/errors.js';
export type { CallError, DeclaredError, DecodeError, RuntimeError } from './handfast/errors.js';
export type { ClientEvents, VersionSkew } from './handfast/events.js';
export type { Unsubscribe } from './handfast/listeners.js';
export type { CallOptions, ConnectOptions, ValueOrProvider } from './handfast/options.js';
export { memoize } from './handfast/memoize.js';
export {
  deduplicate,
  fail,
  formatViolation,
  passes,
  prefixPath,
  violationsAt,
  violationsOf,
} from './handfast/report.js';
export type { Report, Validator, Violation } from './handfast/report.js';
export { CallFailedError, err, ok } from './handfast/result.js';
export type { Err, Failure, Ok, Result } from './handfast/result.js';
export type { Subscription, SubscriptionEvents, SubscriptionOf } from './handfast/subscription.js';
export type { Gap, Ready } from './handfast/session.js';
export { standardSchema } from './handfast/standard.js';
export type { SchemaDefinition, StandardSchema, ValidationResult } from './handfast/standard.js';
export type { ClientState, Store } from './handfast/state.js';
export type { Stream, StreamOf } from './handfast/stream.js';
export type {
  Transport,
  TransportEvents,
  TransportFactory,
  WebSocketConstructor,
  WebSocketLike,
} from './handfast/transport.js';
