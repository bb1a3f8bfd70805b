// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { Backoff } from './backoff.js';
import type { CloseCodes } from './close-codes.js';
import type { DeclaredError } from './errors.js';
import type { Envelope, Id, EnvelopeFields, Tag } from './envelope.js';
import type { Validator } from './report.js';

/** A message that was received: its name, its payload, and what stood around it. */
export interface Message<Name extends string = string, Payload = unknown> extends EnvelopeFields {
  /** The name the protocol gives it, whatever its tag is on the wire. */
  readonly type: Name;
  readonly payload: Payload;
}

/** A message that was published to a channel. */
export interface ChannelMessage<Name extends string, Payload> extends Message<Name, Payload> {
  readonly channel: string;
}

/** What both directions have. */
interface MessageDescriptor {
  /** The name the protocol gives the message. */
  readonly name: string;
  /** Its tag, where that is not its name; `null` where it has none and is known by the request it answers. */
  readonly tag?: Tag | null;
  /** Its envelope, where that is not the one of its direction. */
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
  /** Not worth sending later: dropped where there is no connection. */
  readonly volatile?: boolean;
}

/** What all requests have. */
interface BaseRequest<Payload, Errors extends DeclaredError> extends Outgoing<Payload> {
  /** The errors it may be answered with. */
  readonly errors: readonly ErrorDescriptor<Errors>[];
  /** How long an answer is waited for, in milliseconds; by default the session's timeout. */
  readonly timeout?: number;
  /** May be sent again when its outcome is unknown; a stream is not. */
  readonly idempotent?: boolean;
}

/** A message that is answered once. */
export interface Request<Payload, Reply, Errors extends DeclaredError = never> extends BaseRequest<Payload, Errors> {
  readonly reply: Incoming<Reply>;
}

/** A message that is answered with a stream. */
export interface StreamRequest<Payload, Ack, Item, End, Errors extends DeclaredError = never> extends BaseRequest<
  Payload,
  Errors
> {
  /** Says that the stream begins. */
  readonly ack?: Incoming<Ack>;
  /** What the stream carries. */
  readonly stream: Incoming<Item>;
  /** Says that it is over. */
  readonly end?: Incoming<End>;
  /** Ends it early. */
  readonly cancel?: Outgoing<undefined>;
}

/** An error that the protocol declares. */
export interface ErrorDescriptor<E extends DeclaredError> {
  readonly code: E['code'];
  /** What comes with it. */
  readonly data: Validator<E['data']>;
}

/** A channel: a place to which messages are published, one for each value of its parameters. */
export interface Channel<Name extends string, Params, Joined, Errors extends DeclaredError = never> {
  readonly name: Name;
  /** The key on the wire. */
  readonly key: (params: Params) => string;
  /** What joins; by default the session's own message. */
  readonly join?: Request<Params, Joined, Errors>;
  /** What leaves. */
  readonly leave?: Request<unknown, unknown, DeclaredError>;
  /** The names of what the key is made of: what is sent to leave, where it is not all that was sent to join. */
  readonly params?: readonly (keyof Params & string)[];
}

/** What a client has to know of a protocol as a whole. */
export interface Protocol<Auth = never> {
  readonly name: string;
  readonly version: string;
  /** What the wire means, hashed. */
  readonly hash: string;
  /** The WebSocket subprotocol of the JSON encoding. */
  readonly subprotocol: string;
  /** The envelope of what the client sends, and of what the server sends. */
  readonly envelope: { readonly client: Envelope; readonly server: Envelope };
  /** How many arrays and objects may lie in each other in a message. */
  readonly depth: number;
  /** Times, in milliseconds. A `heartbeat` of `null` is off. */
  readonly session: {
    readonly heartbeat: number | null;
    readonly timeout: number;
    readonly backoff: Backoff;
  };
  /** What proves who the client is, in the hello. */
  readonly auth?: Validator<Auth>;
  /** Close codes that are not the usual ones. */
  readonly closeCodes?: Partial<CloseCodes>;
  /**
   * In bytes. The server takes no larger `message`, so none is sent; what waits to be sent or to be answered is bounded
   * by `outbound`, by default 1 MiB.
   */
  readonly limits?: { readonly message?: number; readonly outbound?: number; readonly inbound?: number };
  /** The tags of the session's own messages, where they are not their names; `null` is off. */
  readonly roles?: { readonly [R in Role]?: Tag | null };
}

/** A message of the session itself. */
export type Role = 'hello' | 'ready' | 'refuse' | 'gap' | 'join' | 'leave' | 'ping' | 'pong' | 'error';

/** The tag a message bears on the wire. */
export function tagOf(message: MessageDescriptor): Tag | null {
  return message.tag === undefined ? message.name : message.tag;
}

/** Finds the messages that may answer what is pending under an id, or first in line where there are no ids. */
export type PendingLookup = (id: Id | undefined) => readonly Incoming<unknown>[] | undefined;

// What a method of the client takes. For anything else the parameter is a text, which the compiler shows.

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
