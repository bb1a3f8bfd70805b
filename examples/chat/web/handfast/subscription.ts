/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { Channel, Message, Outgoing, PayloadOf, Published, Sendable } from './descriptor.js';
import type { CallError, DeclaredError, RuntimeError } from './errors.js';
import { Listeners, type Unsubscribe } from './listeners.js';
import { err, type Result } from './result.js';
import type { Gap } from './session.js';

/** What a room reports beside its messages. */
export interface SubscriptionEvents<Joined> {
  /** Messages were missed for good: load the state anew. */
  readonly gap: Gap;
  /** The room was joined again after the connection had been lost; the answer to it. */
  readonly rejoined: Joined;
  /** The room could not be joined again. Nothing more is heard of it. */
  readonly lost: CallError<DeclaredError>;
}

/** What a room needs of its client. */
export interface SubscriptionHost<Joined> {
  /** The last answer to a join. */
  joined(): Joined;
  send(message: Outgoing<unknown>, payload: unknown): Result<undefined, RuntimeError>;
  leave(): Promise<Result<unknown, CallError<DeclaredError>>>;
  /** Makes the client understand a message. */
  learn(message: Published<unknown, string>): void;
  threw(error: unknown): void;
}

/**
 * A channel that was joined, for one of those who joined it: each has a room with listeners of its own. It is joined
 * again by itself after each loss of the connection, and is left with the last of its rooms.
 */
export class Subscription<Name extends string, Joined> {
  /** The channel's key on the wire. */
  readonly key: string;
  readonly #host: SubscriptionHost<Joined>;
  readonly #events: Listeners<SubscriptionEvents<Joined>>;
  readonly #messages: Listeners<Record<string, Message>>;
  #over: RuntimeError | undefined;

  constructor(key: string, host: SubscriptionHost<Joined>) {
    this.key = key;
    this.#host = host;
    this.#events = new Listeners(error => host.threw(error));
    this.#messages = new Listeners(error => host.threw(error));
  }

  /** The last answer to a join. */
  get joined(): Joined {
    return this.#host.joined();
  }

  /** Hears what happens to the room. Returns what ends that. */
  on<E extends keyof SubscriptionEvents<Joined>>(event: E, listener: (value: SubscriptionEvents<Joined>[E]) => void): Unsubscribe;
  /** Hears a message of this room. Returns what ends that. */
  on<P>(message: Published<P, Name>, listener: (payload: P, message: Message<string, P>) => void): Unsubscribe;
  on<P>(
    what: Published<P, Name> | keyof SubscriptionEvents<Joined>,
    listener: ((payload: P, message: Message<string, P>) => void) | ((value: never) => void),
  ): Unsubscribe {
    if (typeof what === 'string') return this.#events.on(what, listener as (value: unknown) => void);
    this.#host.learn(what);
    const hear = listener as (payload: P, message: Message<string, P>) => void;
    return this.#messages.on(what.name, message => hear(message.payload as P, message as Message<string, P>));
  }

  /**
   * Sends a message that has no reply, with the room's key in its envelope. One that was left or lost fails with
   * `CLOSED`.
   */
  send<M>(message: Sendable<M>, payload: NoInfer<PayloadOf<M>>): Result<undefined, RuntimeError>;
  send(message: Outgoing<unknown>, payload: unknown): Result<undefined, RuntimeError> {
    return this.#over === undefined ? this.#host.send(message, payload) : err(this.#over);
  }

  /**
   * Leaves the room. Its listeners hear nothing more. The server is asked, and its answer waited for, only if nobody else
   * in this client has joined the channel; that is decided at once, so that a later join finds it left.
   */
  leave(): Promise<Result<unknown, CallError<DeclaredError>>> {
    return this.#host.leave();
  }

  /** @internal */
  emit<E extends keyof SubscriptionEvents<Joined>>(event: E, what: SubscriptionEvents<Joined>[E]): void {
    this.#events.emit(event, what);
  }

  /** @internal */
  hear(message: Message): boolean {
    return this.#messages.emit(message.type, message);
  }

  /** @internal Nothing more is heard or sent. */
  end(message: string): void {
    this.#over ??= { code: 'CLOSED', message };
    this.#events.clear();
    this.#messages.clear();
  }
}

/** What joining a channel gives. */
export type SubscriptionOf<C> = C extends Channel<infer Name, infer _Params, infer Joined, infer _Errors>
  ? Subscription<Name, Joined>
  : never;
