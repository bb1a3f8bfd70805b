// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { deadline, type Clock } from './clock.js';
import { Count } from './count.js';
import type { Channel, Message, Outgoing, Protocol, Published, Request } from './descriptor.js';
import type { Id, Surroundings } from './envelope.js';
import type { BadReplyError, CallError, DeclaredError, DecodeError, RuntimeError } from './errors.js';
import { ABORTED, type Sending } from './outbound.js';
import { err, Failed, ok, type Failure, type Result } from './result.js';
import { Room } from './room.js';
import type { ChannelKey, Gap } from './session.js';

/** What channels need of their client. */
export interface ChannelsHost {
  ask(
    request: Request<unknown, unknown, DeclaredError>,
    payload: unknown,
    sending: Sending,
    answered: (message: Message) => void,
    failed: (error: CallError<DeclaredError>) => void,
  ): Id | undefined;
  /** How long an answer to a request is waited for, in milliseconds. */
  timeout(request: Request<unknown, unknown, DeclaredError>): number;
  isWritten(id: Id): boolean;
  abandon(id: Id): void;
  send(message: Outgoing<unknown>, payload: unknown, channel: string): Result<undefined, RuntimeError>;
  ownRequest(role: 'join' | 'leave'): Request<ChannelKey, ChannelKey>;
  learn(message: Published<unknown, string>): void;
  threw(error: unknown): void;
}

/** How a join is waited for. */
export interface JoinOptions {
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

type AnyRoom = Pick<Room<string, unknown>, 'emit' | 'hear' | 'end'>;
type Left = Result<unknown, CallError<DeclaredError>>;
type AnyRequest = Request<unknown, unknown, DeclaredError>;

/** Somebody who waits for the answer to a join. */
interface Joining {
  settle(error?: Failure): void;
  /** Keeps its rejection from counting as one that nobody handles. */
  quiet(): void;
}

/** One channel that was joined, whoever holds it. A channel that is left and joined again is another one. */
export interface Subscription {
  readonly key: string;
  readonly join: AnyRequest;
  readonly leave: AnyRequest;
  readonly params: unknown;
  readonly leaveParams: unknown;
  /** Everyone who joined it and has not left it, with what they wait for. */
  readonly rooms: Map<AnyRoom, Joining | undefined>;
  readonly count: Count;
  /** The last answer to a join. */
  joined?: unknown;
  /** Whether it was joined once. */
  entered: boolean;
  /** Whether the server has answered a join on the connection there is. */
  member: boolean;
  /** The join that is not answered. */
  id: Id | undefined;
  /** Whether the last join was refused for now, and that was reported. */
  refused: boolean;
  /** Gives the place of its rejoin to another. */
  done(): void;
}

/**
 * So many channels are joined again at a time. A server closes by default after five messages in a row that came too fast:
 * these, and two more that come after a pause, are not as many.
 */
const REJOINS = 3;

/** The channels of a client: who holds them, and how they are joined again after a loss of the connection. */
export class Channels {
  readonly #host: ChannelsHost;
  readonly #clock: Clock;
  readonly #session: Protocol['session'];
  readonly #subscriptions: Map<string, Subscription> = new Map();
  /** What has to be joined again on the connection there is. */
  readonly #queue: Set<Subscription> = new Set();
  /** How many rejoins have not been answered. */
  #unanswered = 0;
  #most = REJOINS;
  /** How often rejoins were refused for now, less how often they were not. */
  #refusals = 0;
  #cancelPause: (() => void) | undefined;

  constructor(host: ChannelsHost, clock: Clock, session: Protocol['session']) {
    this.#host = host;
    this.#clock = clock;
    this.#session = session;
  }

  /** Joins a channel for one more holder. */
  join<Name extends string, Params, Joined, E extends DeclaredError>(
    channel: Channel<Name, Params, Joined, E>,
    params: Params,
    setup: ((room: Room<Name, Joined>) => void) | undefined,
    { timeout, signal }: JoinOptions,
  ): Promise<Room<Name, Joined>> {
    const promise = new Promise<Room<Name, Joined>>((resolve, reject) => {
      const key = channel.key(params);
      if (signal?.aborted === true) throw new Failed(ABORTED);
      const known = this.#subscriptions.get(key);
      const subscription = known ?? this.#subscription(key, channel, params);
      const room: Room<Name, Joined> = new Room(key, {
        joined: () => subscription.joined as Joined, // nobody has a room before it was joined, but for `setup`
        send: (message, payload) => this.#host.send(message, payload, key),
        leave: () => this.#release(subscription, room, 'the room was left'),
        learn: message => this.#host.learn(message),
        threw: error => this.#host.threw(error),
      });
      subscription.rooms.set(room, undefined);
      this.#subscriptions.set(key, subscription);
      try {
        setup?.(room);
      } catch (error) {
        void this.#release(subscription, room, 'its setup failed');
        throw error;
      }
      if (!subscription.rooms.has(room)) throw new Failed({ code: 'CLOSED', message: 'the room was left' });
      if (subscription.entered) return resolve(room);
      const giveUp = (error: RuntimeError): void => {
        subscription.rooms.get(room)?.settle(error);
        void this.#release(subscription, room, error.message);
      };
      const most = timeout ?? this.#host.timeout(subscription.join);
      const late = (): void => giveUp({ code: 'TIMEOUT', message: `no answer within ${most} ms` });
      const cancelTimer = deadline(this.#clock, most, late);
      const abort = (): void => giveUp(ABORTED);
      signal?.addEventListener('abort', abort);
      subscription.rooms.set(room, {
        quiet: () => promise.catch(() => {}),
        settle: error => {
          cancelTimer();
          signal?.removeEventListener('abort', abort);
          if (error === undefined) resolve(room);
          else reject(new Failed(error));
        },
      });
      if (subscription.id === undefined) this.#enter(subscription);
    });
    return promise;
  }

  #subscription<Name extends string, Params, Joined, E extends DeclaredError>(
    key: string,
    channel: Channel<Name, Params, Joined, E>,
    params: Params,
  ): Subscription {
    const own: ChannelKey = { channel: key };
    return {
      key,
      join: (channel.join ?? this.#host.ownRequest('join')) as AnyRequest,
      leave: (channel.leave ?? this.#host.ownRequest('leave')) as AnyRequest,
      params: channel.join ? params : own,
      leaveParams: channel.leave ? pick(params, channel.params) : own,
      rooms: new Map(),
      count: new Count(),
      entered: false,
      member: false,
      id: undefined,
      refused: false,
      done() {},
    };
  }

  /** Joins it for the first time. Those who wait have timers of their own. */
  #enter(subscription: Subscription): void {
    const { join, params } = subscription;
    const failed = (error: CallError<DeclaredError>): void => {
      subscription.id = undefined;
      this.#drop(subscription, error);
    };
    const answered = (message: Message): void => {
      if (isOf(message, subscription)) this.#entered(subscription, message);
      else failed(ofAnother(message));
    };
    subscription.id = this.#host.ask(join, params, { timeout: null }, answered, failed);
  }

  #entered(subscription: Subscription, message: Message): void {
    const again = subscription.entered;
    subscription.joined = message.payload;
    subscription.entered = subscription.member = true;
    subscription.refused = false;
    subscription.id = undefined;
    if (again) this.#each(subscription, room => room.emit('rejoined', message.payload));
    const { gap } = subscription.count.joined(message);
    if (again && gap !== undefined) this.#missed(subscription, gap);
    for (const [room, joining] of [...subscription.rooms]) {
      if (subscription.rooms.has(room)) subscription.rooms.set(room, undefined);
      joining?.settle();
    }
  }

  /** One holder less. The last one leaves the channel, and the server is asked if it may know of it. */
  async #release(subscription: Subscription, room: AnyRoom, why: string): Promise<Left> {
    const joining = subscription.rooms.get(room);
    const wasThere = subscription.rooms.delete(room);
    room.end(why);
    joining?.settle({ code: 'CLOSED', message: why }); // does nothing if it was settled before
    if (!wasThere || subscription.rooms.size > 0) return ok(undefined);
    const { id, member } = subscription;
    this.#forget(subscription);
    const isKnown = member || (id !== undefined && this.#host.isWritten(id));
    if (id !== undefined) this.#host.abandon(id);
    return isKnown ? this.#leave(subscription) : ok(undefined);
  }

  #leave({ leave, leaveParams }: Subscription): Promise<Left> {
    return new Promise(resolve => {
      this.#host.ask(
        leave,
        leaveParams,
        { timeout: this.#host.timeout(leave), as: 'leave' },
        message => resolve(ok(message.payload)),
        // A connection that ended has left every channel.
        error => resolve(error.code === 'OUTCOME_UNKNOWN' ? ok(undefined) : err(error)),
      );
    });
  }

  /** A later join of the same key is of another subscription, which this one no longer disturbs. */
  #forget(subscription: Subscription): void {
    if (this.#subscriptions.get(subscription.key) === subscription) this.#subscriptions.delete(subscription.key);
    this.#queue.delete(subscription);
    subscription.done();
  }

  /** It is lost, for all who hold it. */
  #drop(subscription: Subscription, error: CallError<DeclaredError>): void {
    this.#forget(subscription);
    // The server may have let it in all the same.
    if (error.code === 'TIMEOUT' || error.code === 'BAD_REPLY') void this.#leave(subscription);
    const rooms = [...subscription.rooms];
    subscription.rooms.clear();
    for (const [room, joining] of rooms) {
      if (joining === undefined) room.emit('lost', error);
      room.end(`the room was lost: ${error.message}`);
      joining?.settle(error);
    }
  }

  // After a loss of the connection

  /** Joins everything again that was joined. What was never joined waits with the other requests. */
  opened(): void {
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.entered) this.#queue.add(subscription);
    }
    this.#rejoin();
  }

  /** The connection is gone, and every channel with it. */
  lost(): void {
    this.#queue.clear();
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    this.#most = REJOINS;
    for (const subscription of this.#subscriptions.values()) {
      subscription.member = false;
      if (subscription.entered) subscription.id = undefined;
      subscription.done();
    }
  }

  #rejoin(): void {
    for (const subscription of this.#queue) {
      if (this.#unanswered >= this.#most || this.#cancelPause !== undefined) return;
      this.#queue.delete(subscription);
      this.#enterAgain(subscription);
    }
  }

  #enterAgain(subscription: Subscription): void {
    const { join, params } = subscription;
    let isCurrent = true;
    this.#unanswered++;
    // An answer may still come late; if none does, the next connection tries again.
    const cancelTimer = deadline(this.#clock, this.#session.timeout, () => {
      this.#missed(subscription, {});
      subscription.done();
      this.#rejoin();
    });
    subscription.done = () => {
      cancelTimer();
      subscription.done = () => {};
      this.#unanswered--;
    };
    const answered = (message: Message): void => {
      if (!isOf(message, subscription)) return failed(ofAnother(message));
      isCurrent = false;
      subscription.done();
      this.#refusals = Math.max(0, this.#refusals - 1);
      this.#entered(subscription, message);
      this.#rejoin();
    };
    const failed = (error: CallError<DeclaredError>): void => {
      if (error.code === 'OUTCOME_UNKNOWN' || !isCurrent) return;
      isCurrent = false;
      subscription.id = undefined;
      subscription.done();
      if (isRetryable(error)) this.#refused(subscription);
      else this.#drop(subscription, error);
      this.#rejoin();
    };
    const id = this.#host.ask(join, params, { timeout: null, as: 'rejoin' }, answered, failed);
    if (isCurrent) subscription.id = id;
  }

  /** Refused for now: it is tried again, as are all that wait, one at a time and after a while. */
  #refused(subscription: Subscription): void {
    const isNews = !subscription.refused;
    subscription.refused = true;
    this.#queue.add(subscription);
    this.#most = 1;
    this.#pause();
    if (isNews) this.#missed(subscription, {});
  }

  #pause(): void {
    if (this.#cancelPause !== undefined) return;
    const { min, max } = this.#session.backoff;
    // Not full jitter: it is the server's count that has to go on, and it is of this client alone.
    const bound = Math.min(max, min * 2 ** (2 + this.#refusals++));
    this.#cancelPause = this.#clock.after((bound / 2) * (1 + this.#clock.random()), () => {
      this.#cancelPause = undefined;
      this.#rejoin();
    });
  }

  // What is heard

  /** The channel that a message belongs to, if it was joined. */
  find(key: string | undefined): Subscription | undefined {
    const subscription = key === undefined ? undefined : this.#subscriptions.get(key);
    return subscription?.entered === true ? subscription : undefined;
  }

  /** Counts a message off; whether it is new. */
  count(subscription: Subscription, around: Surroundings): boolean {
    const { gap, repeated } = subscription.count.message(around);
    if (gap !== undefined) this.#missed(subscription, gap);
    return repeated !== true;
  }

  /** Takes the server's word that something is missing. */
  miss(key: string, gap: Gap): void {
    const subscription = this.find(key);
    if (subscription === undefined) return;
    subscription.count.missed(gap);
    this.#missed(subscription, gap);
  }

  /** Hands a message to everyone in its channel; whether anyone listens. */
  hear(subscription: Subscription, message: Message): boolean {
    let isHeard = false;
    this.#each(subscription, room => {
      isHeard = room.hear(message) || isHeard;
    });
    return isHeard;
  }

  #missed(subscription: Subscription, gap: Gap): void {
    this.#each(subscription, room => room.emit('gap', gap));
  }

  #each(subscription: Subscription, act: (room: AnyRoom) => void): void {
    for (const room of [...subscription.rooms.keys()]) act(room);
  }

  // The end

  /** The application closes the client: those who do not ask what became of their join need not. */
  closing(): void {
    for (const { rooms } of this.#subscriptions.values()) {
      for (const joining of rooms.values()) joining?.quiet();
    }
  }

  /** Nothing is joined again. */
  loseAll(error: RuntimeError): void {
    for (const subscription of [...this.#subscriptions.values()]) this.#drop(subscription, error);
  }
}

/** Whether the same join may succeed later. */
function isRetryable(error: CallError<DeclaredError>): boolean {
  return error.code === 'TIMEOUT' || ('retryable' in error && error.retryable === true);
}

/** Whether the answer to a join is of its channel, as far as it says. */
function isOf({ channel }: Message, { key }: Subscription): boolean {
  return channel === undefined || channel === key;
}

/** The error of an answer that has the key of another channel. */
function ofAnother({ id, channel, payload }: Message): BadReplyError {
  const message = 'the answer to a join is of another channel';
  const reply = { code: 'ENVELOPE', kind: 'envelope', message, id, channel, payload, violations: [] } as const;
  return { code: 'BAD_REPLY', message, reply: reply as DecodeError }; // an id and a channel are there, as it answers a join
}

/** Some properties of a value; if none are named, all. */
function pick<T>(value: T, names: readonly (keyof T & string)[] | undefined): unknown {
  return names === undefined ? value : Object.fromEntries(names.map(name => [name, value[name]]));
}
