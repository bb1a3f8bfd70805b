// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { Backoff } from './backoff.js';
import type { CloseCodes } from './close-codes.js';
import type { DeclaredError } from './errors.js';
import type { Envelope, EnvelopeFields, Id, Tag } from './envelope.js';
import type { Validator } from './report.js';

/** A received message: its name, its payload, and the fields of its envelope. */
export interface Message<Name extends string = string, Payload = unknown> extends EnvelopeFields {
  /** Its name in the protocol, whatever its tag is on the wire. */
  readonly type: Name;
  readonly payload: Payload;
}

/** A message that was published to a channel. */
export interface ChannelMessage<Name extends string, Payload> extends Message<Name, Payload> {
  readonly channel: string;
}

/** What descriptors of both directions have. */
interface MessageDescriptor {
  /** The name of the message in the protocol. */
  readonly name: string;
  /** Its tag, if that is not its name; `null` if it has none and is identified by the request it answers. */
  readonly tag?: Tag | null;
  /** Its envelope, if that is not the one of its direction. */
  readonly envelope?: Envelope;
}

/** A message that the server sends. */
export interface Incoming<Payload> extends MessageDescriptor {
  readonly receive: Validator<Payload>;
  /** The name of the channel it is published to. */
  readonly channel?: string;
}

/** A message that the server publishes to a channel. */
export interface Published<Payload, Channel extends string> extends Incoming<Payload> {
  readonly channel: Channel;
}

/** A message that the client sends. */
export interface Outgoing<Payload> extends MessageDescriptor {
  readonly send: Validator<Payload>;
  /** Not worth sending later: dropped while there is no connection. */
  readonly volatile?: boolean;
}

/** What descriptors of all requests have. */
interface BaseRequest<Payload, Errors extends DeclaredError> extends Outgoing<Payload> {
  /** The errors that it declares. */
  readonly errors: readonly ErrorDescriptor<Errors>[];
  /** The timeout of the reply, in milliseconds; by default the session's timeout. */
  readonly timeout?: number;
  /** Whether it may be sent again if its outcome is unknown; a stream is not. */
  readonly idempotent?: boolean;
}

/** A request with one reply. */
export interface Request<Payload, Reply, Errors extends DeclaredError = never> extends BaseRequest<Payload, Errors> {
  readonly reply: Incoming<Reply>;
}

/** A request that is answered with a stream. */
export interface StreamRequest<Payload, Ack, Item, End, Errors extends DeclaredError = never> extends BaseRequest<
  Payload,
  Errors
> {
  /** Says that the stream has begun. */
  readonly ack?: Incoming<Ack>;
  /** An item of the stream. */
  readonly stream: Incoming<Item>;
  /** Says that the stream has ended. */
  readonly end?: Incoming<End>;
  /** Cancels the stream. */
  readonly cancel?: Outgoing<undefined>;
}

/** An error that the protocol declares. */
export interface ErrorDescriptor<E extends DeclaredError> {
  readonly code: E['code'];
  /** Its data. */
  readonly data: Validator<E['data']>;
}

/** A channel to which messages are published, one for each value of its parameters. */
export interface Channel<Name extends string, Params, Joined, Errors extends DeclaredError = never> {
  readonly name: Name;
  /** The key on the wire. */
  readonly key: (params: Params) => string;
  /** The request that joins; by default the session's own message. */
  readonly join?: Request<Params, Joined, Errors>;
  /** The request that leaves; by default the session's own message. */
  readonly leave?: Request<unknown, unknown, DeclaredError>;
  /** The parameters in the key, which are sent to leave, if joining sends more than those. */
  readonly params?: readonly (keyof Params & string)[];
}

/** What a client needs to know about a protocol as a whole. */
export interface Protocol<Auth = never> {
  readonly name: string;
  readonly version: string;
  /** A hash of what the protocol means on the wire. */
  readonly hash: string;
  /** The WebSocket subprotocol of the JSON encoding. */
  readonly subprotocol: string;
  /** The envelopes of the client's and of the server's messages. */
  readonly envelope: { readonly client: Envelope; readonly server: Envelope };
  /** The maximum depth of nested arrays and objects in a message. */
  readonly depth: number;
  /** Times in milliseconds. A `heartbeat` of `null` is off. */
  readonly session: {
    readonly heartbeat: number | null;
    readonly timeout: number;
    readonly backoff: Backoff;
  };
  /** The validator of the auth payload in the hello. */
  readonly auth?: Validator<Auth>;
  /** Close codes that are not the defaults. */
  readonly closeCodes?: Partial<CloseCodes>;
  /**
   * In bytes. The server accepts no larger `message`, so none is sent. `outbound` bounds what is queued or pending, by default at
   * 1 MiB.
   */
  readonly limits?: { readonly message?: number; readonly outbound?: number; readonly inbound?: number };
  /** The tags of the session's own messages, if they are not their names; `null` is off. */
  readonly roles?: { readonly [R in Role]?: Tag | null };
}

/** A message of the session itself. */
export type Role = 'hello' | 'ready' | 'refuse' | 'gap' | 'join' | 'leave' | 'ping' | 'pong' | 'error';

/** The tag of a message on the wire. */
export function tagOf(message: MessageDescriptor): Tag | null {
  return message.tag === undefined ? message.name : message.tag;
}

/** Returns the possible replies to the request that is pending under an id, or to the first pending one if there are no ids. */
export type PendingLookup = (id: Id | undefined) => readonly Incoming<unknown>[] | undefined;

// What a method of the client takes. For anything else the parameter's type is a string literal, which the compiler shows.

/** A message as `call` takes it. */
export type Callable<M> = M extends Request<unknown, unknown, DeclaredError> ? M : Misuse<M>;

/** A message as `stream` takes it. */
export type Streamable<M> = M extends StreamRequest<unknown, unknown, unknown, unknown, DeclaredError> ? M : Misuse<M>;

/** A message as `send` takes it. */
export type Sendable<M> = M extends { readonly reply: unknown } | { readonly stream: unknown } ? Misuse<M>
  : M extends Outgoing<unknown> ? M
  : Misuse<M>;

/** A channel as `join` takes it. */
export type Joinable<C> = C extends { readonly key: (params: never) => string } ? C
  : 'only a channel can be joined: it is a constant whose name ends with `Channel`';

type Misuse<M> = M extends { readonly stream: unknown } ? 'this request is answered with a stream: use `client.stream`'
  : M extends { readonly reply: unknown } ? 'this request has one reply: use `client.call`'
  : M extends Outgoing<unknown> ? 'this message has no reply: use `client.send`'
  : M extends Incoming<unknown> ? 'the server sends this message: listen to it by `client.on`'
  : 'this is no message of the protocol';

/** The payload that is sent with a message. */
export type PayloadOf<M> = M extends Outgoing<infer Payload> ? Payload : never;

/** The payload of the reply to a request. */
export type ReplyOf<M> = M extends Request<unknown, infer Reply, DeclaredError> ? Reply : never;

/** The errors that a request declares. */
export type ErrorsOf<M> = M extends Outgoing<unknown> & { readonly errors: readonly ErrorDescriptor<infer Errors>[] } ? Errors
  : never;

/** The parameters of a channel. */
export type ParamsOf<C> = C extends { readonly key: (params: infer Params) => string } ? Params : never;
