// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { Channel, Message, Outgoing, PayloadOf, Published, Sendable } from './descriptor.js';
import type { CallError, DeclaredError, RuntimeError } from './errors.js';
import { Listeners, type Unsubscribe } from './listeners.js';
import { err, type Result } from './result.js';
import type { Gap } from './session.js';

/** The events of a subscription, other than its messages. */
export interface SubscriptionEvents<Joined> {
  /** Messages were missed and will not be delivered: load the state again. */
  readonly gap: Gap;
  /** The channel was joined again after a loss of the connection; the reply to the join. */
  readonly rejoined: Joined;
  /** The channel could not be joined again. The subscription has ended. */
  readonly lost: CallError<DeclaredError>;
}

/** What a subscription needs from its client. */
export interface SubscriptionHost<Joined> {
  /** The last reply to a join. */
  joined(): Joined;
  send(message: Outgoing<unknown>, payload: unknown): Result<undefined, RuntimeError>;
  leave(): Promise<Result<unknown, CallError<DeclaredError>>>;
  /** Registers a message, so that the client can decode it. */
  register(message: Published<unknown, string>): void;
  reportThrown(error: unknown): void;
}

/**
 * A subscription to a channel, with listeners of its own. The channel is joined again after each loss of the connection, and left
 * with the last of its subscriptions.
 */
export class Subscription<Name extends string, Joined> {
  /** The channel's key on the wire. */
  readonly key: string;
  readonly #host: SubscriptionHost<Joined>;
  readonly #events: Listeners<SubscriptionEvents<Joined>>;
  readonly #messages: Listeners<Record<string, Message>>;
  #ended: RuntimeError | undefined;

  constructor(key: string, host: SubscriptionHost<Joined>) {
    this.key = key;
    this.#host = host;
    this.#events = new Listeners(error => host.reportThrown(error));
    this.#messages = new Listeners(error => host.reportThrown(error));
  }

  /** The last reply to a join. */
  get joined(): Joined {
    return this.#host.joined();
  }

  /** Listens to an event of the subscription. Returns a function that removes the listener. */
  on<E extends keyof SubscriptionEvents<Joined>>(event: E, listener: (value: SubscriptionEvents<Joined>[E]) => void): Unsubscribe;
  /** Listens to a message of the channel. Returns a function that removes the listener. */
  on<P>(message: Published<P, Name>, listener: (payload: P, message: Message<string, P>) => void): Unsubscribe;
  on<P>(
    what: Published<P, Name> | keyof SubscriptionEvents<Joined>,
    listener: ((payload: P, message: Message<string, P>) => void) | ((value: never) => void),
  ): Unsubscribe {
    if (typeof what === 'string') return this.#events.on(what, listener as (value: unknown) => void);
    this.#host.register(what);
    const deliver = listener as (payload: P, message: Message<string, P>) => void;
    return this.#messages.on(what.name, message => deliver(message.payload as P, message as Message<string, P>));
  }

  /**
   * Sends a message that has no reply, with the channel's key in its envelope. Fails with `CLOSED` if the subscription has ended.
   */
  send<M>(message: Sendable<M>, payload: NoInfer<PayloadOf<M>>): Result<undefined, RuntimeError>;
  send(message: Outgoing<unknown>, payload: unknown): Result<undefined, RuntimeError> {
    return this.#ended === undefined ? this.#host.send(message, payload) : err(this.#ended);
  }

  /**
   * Ends the subscription; its listeners are not called any more. The last subscription to a channel leaves it at the server and
   * waits for the reply. That is decided immediately, so that a later call of `join` joins the channel again.
   */
  leave(): Promise<Result<unknown, CallError<DeclaredError>>> {
    return this.#host.leave();
  }

  /** @internal */
  emit<E extends keyof SubscriptionEvents<Joined>>(event: E, what: SubscriptionEvents<Joined>[E]): void {
    this.#events.emit(event, what);
  }

  /** @internal */
  deliver(message: Message): boolean {
    return this.#messages.emit(message.type, message);
  }

  /** @internal Ends the subscription. */
  end(message: string): void {
    this.#ended ??= { code: 'CLOSED', message };
    this.#events.clear();
    this.#messages.clear();
  }
}

/** What joining a channel gives. */
export type SubscriptionOf<C> = C extends Channel<infer Name, infer _Params, infer Joined, infer _Errors>
  ? Subscription<Name, Joined>
  : never;
