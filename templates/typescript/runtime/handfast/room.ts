// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { Message, Outgoing, Published } from './descriptor.js';
import type { Surroundings } from './envelope.js';
import type { CallError, DeclaredError, RuntimeError } from './errors.js';
import { Listeners, type Off } from './listeners.js';
import type { Result } from './result.js';
import type { Gap } from './session.js';

/** What a room tells beside its messages. */
export interface RoomEvents<Joined> {
  /** Messages were missed for good: load the state anew. */
  readonly gap: Gap;
  /** The room was joined again after the connection had been lost; the answer to it. */
  readonly rejoined: Joined;
  /** The room could not be joined again. Nothing more is heard of it. */
  readonly lost: CallError<DeclaredError>;
}

/** What a room needs of its client. */
export interface RoomHost {
  send(message: Outgoing<unknown>, payload: unknown, channel: string): Result<undefined, RuntimeError>;
  leave(): Promise<Result<unknown, CallError<DeclaredError>>>;
  /** Makes the client understand a message. */
  learn(message: Published<unknown, string>): void;
  threw(error: unknown): void;
}

/** A room of any channel, as its client keeps it. */
export type AnyRoom = Pick<Room<string, unknown>, 'count' | 'miss' | 'hear' | 'lose'>;

/** A channel that was joined. It is joined again by itself after each loss of the connection. */
export class Room<Name extends string, Joined> {
  /** The channel's key on the wire. */
  readonly key: string;
  readonly #host: RoomHost;
  readonly #events: Listeners<RoomEvents<Joined>>;
  readonly #messages: Listeners<Record<string, Message>>;
  #joined: Joined | undefined;
  #seq: number | undefined;
  #epoch: string | undefined;

  constructor(key: string, host: RoomHost) {
    this.key = key;
    this.#host = host;
    this.#events = new Listeners(error => host.threw(error));
    this.#messages = new Listeners(error => host.threw(error));
  }

  /** The last answer to a join. */
  get joined(): Joined {
    return this.#joined as Joined; // nobody has a room before it was joined, but for the `setup` of a join
  }

  /** Hears what happens to the room. Returns what ends that. */
  on<E extends keyof RoomEvents<Joined>>(event: E, listener: (told: RoomEvents<Joined>[E]) => void): Off;
  /** Hears a message of this room. Returns what ends that. */
  on<P>(message: Published<P, Name>, listener: (payload: P, message: Message<string, P>) => void): Off;
  on<P>(
    what: Published<P, Name> | keyof RoomEvents<Joined>,
    listener: ((payload: P, message: Message<string, P>) => void) | ((told: never) => void),
  ): Off {
    if (typeof what === 'string') return this.#events.on(what, listener as (told: unknown) => void);
    this.#host.learn(what);
    const hear = listener as (payload: P, message: Message<string, P>) => void;
    return this.#messages.on(what.name, message => hear(message.payload as P, message as Message<string, P>));
  }

  /** Sends a message that has no reply, with the room's key in its envelope. */
  send<P>(
    message: Outgoing<P> & { readonly reply?: never; readonly stream?: never },
    payload: NoInfer<P>,
  ): Result<undefined, RuntimeError> {
    return this.#host.send(message, payload, this.key);
  }

  /** Leaves the room. Its listeners hear nothing more. */
  leave(): Promise<Result<unknown, CallError<DeclaredError>>> {
    return this.#host.leave();
  }

  /** @internal Takes the answer to a join. */
  enter(joined: Joined, { seq, epoch }: Surroundings, again: boolean): void {
    this.#joined = joined;
    if (again) this.#events.emit('rejoined', joined);
    const { gap } = this.#advance(seq, epoch, 0);
    if (again && gap !== undefined) this.#events.emit('gap', gap);
  }

  /** @internal Counts a message off; whether it is new. */
  count({ seq, epoch }: Surroundings): boolean {
    const { gap, repeated } = this.#advance(seq, epoch, 1);
    if (gap !== undefined) this.#events.emit('gap', gap);
    return !repeated;
  }

  /**
   * Moves on to a number, and tells what was missed.
   *
   * @param step what the number grows by where nothing was missed: 0 in the answer to a join, 1 in a message.
   */
  #advance(seq: number | undefined, epoch: string | undefined, step: 0 | 1): { gap?: Gap; repeated?: boolean } {
    const expected = this.#seq === undefined ? undefined : this.#seq + step;
    const anotherLife = epoch !== undefined && this.#epoch !== undefined && epoch !== this.#epoch;
    if (epoch !== undefined) this.#epoch = epoch;
    if (seq === undefined) return anotherLife ? { gap: {} } : {};
    if (!anotherLife && step === 1 && expected !== undefined && seq < expected) return { repeated: true };
    this.#seq = seq;
    if (anotherLife || (expected !== undefined && seq < expected)) return { gap: {} };
    if (expected === undefined || seq === expected) return {};
    return { gap: { from: expected + 1 - step, to: seq - step } };
  }

  /** @internal Takes the server's word that something is missing. */
  miss(gap: Gap): void {
    if (gap.to !== undefined && (this.#seq === undefined || gap.to > this.#seq)) this.#seq = gap.to;
    this.#events.emit('gap', gap);
  }

  /** @internal */
  hear(message: Message): boolean {
    return this.#messages.emit(message.type, message);
  }

  /** @internal */
  lose(error?: CallError<DeclaredError>): void {
    if (error !== undefined) this.#events.emit('lost', error);
    this.#events.clear();
    this.#messages.clear();
  }
}
