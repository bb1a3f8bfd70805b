/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { deadline, type Clock } from './clock.js';
import { SequenceTracker } from './sequence.js';
import type { Channel, Message, Outgoing, Protocol, Published, Request } from './descriptor.js';
import type { Id, EnvelopeFields } from './envelope.js';
import type { BadReplyError, CallError, DeclaredError, DecodeError, RuntimeError } from './errors.js';
import { ABORTED, type Sending } from './outbound.js';
import { err, CallFailedError, ok, type Failure, type Result } from './result.js';
import { Subscription } from './subscription.js';
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

type AnySubscription = Pick<Subscription<string, unknown>, 'emit' | 'hear' | 'end'>;
type Left = Result<unknown, CallError<DeclaredError>>;
type AnyRequest = Request<unknown, unknown, DeclaredError>;

/** Somebody who waits for the answer to a join. */
interface Joining {
  settle(error?: Failure): void;
  /** Keeps its rejection from counting as one that nobody handles. */
  quiet(): void;
}

/** One channel that was joined, whoever holds it. A channel that is left and joined again is another one. */
export interface Membership {
  readonly key: string;
  readonly join: AnyRequest;
  readonly leave: AnyRequest;
  readonly params: unknown;
  readonly leaveParams: unknown;
  /** Everyone who joined it and has not left it, with what they wait for. */
  readonly subscriptions: Map<AnySubscription, Joining | undefined>;
  readonly count: SequenceTracker;
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
 * So many channels are joined again at a time. A server closeCodes by default after five messages in a row that came too fast:
 * these, and two more that come after a pause, are not as many.
 */
const REJOINS = 3;

/** The channels of a client: who holds them, and how they are joined again after a loss of the connection. */
export class Channels {
  readonly #host: ChannelsHost;
  readonly #clock: Clock;
  readonly #session: Protocol['session'];
  readonly #memberships: Map<string, Membership> = new Map();
  /** What has to be joined again on the connection there is. */
  readonly #queue: Set<Membership> = new Set();
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
    setup: ((subscription: Subscription<Name, Joined>) => void) | undefined,
    { timeout, signal }: JoinOptions,
  ): Promise<Subscription<Name, Joined>> {
    const promise = new Promise<Subscription<Name, Joined>>((resolve, reject) => {
      const key = channel.key(params);
      if (signal?.aborted === true) throw new CallFailedError(ABORTED);
      const known = this.#memberships.get(key);
      const membership = known ?? this.#membership(key, channel, params);
      const subscription: Subscription<Name, Joined> = new Subscription(key, {
        joined: () => membership.joined as Joined, // nobody has a subscription before it was joined, but for `setup`
        send: (message, payload) => this.#host.send(message, payload, key),
        leave: () => this.#release(membership, subscription, 'the subscription was left'),
        learn: message => this.#host.learn(message),
        threw: error => this.#host.threw(error),
      });
      membership.subscriptions.set(subscription, undefined);
      this.#memberships.set(key, membership);
      try {
        setup?.(subscription);
      } catch (error) {
        void this.#release(membership, subscription, 'its setup failed');
        throw error;
      }
      if (!membership.subscriptions.has(subscription)) throw new CallFailedError({ code: 'CLOSED', message: 'the subscription was left' });
      if (membership.entered) return resolve(subscription);
      const giveUp = (error: RuntimeError): void => {
        membership.subscriptions.get(subscription)?.settle(error);
        void this.#release(membership, subscription, error.message);
      };
      const most = timeout ?? this.#host.timeout(membership.join);
      const late = (): void => giveUp({ code: 'TIMEOUT', message: `no answer within ${most} ms` });
      const cancelTimer = deadline(this.#clock, most, late);
      const abort = (): void => giveUp(ABORTED);
      signal?.addEventListener('abort', abort);
      membership.subscriptions.set(subscription, {
        quiet: () => promise.catch(() => {}),
        settle: error => {
          cancelTimer();
          signal?.removeEventListener('abort', abort);
          if (error === undefined) resolve(subscription);
          else reject(new CallFailedError(error));
        },
      });
      if (membership.id === undefined) this.#enter(membership);
    });
    return promise;
  }

  #membership<Name extends string, Params, Joined, E extends DeclaredError>(
    key: string,
    channel: Channel<Name, Params, Joined, E>,
    params: Params,
  ): Membership {
    const own: ChannelKey = { channel: key };
    return {
      key,
      join: (channel.join ?? this.#host.ownRequest('join')) as AnyRequest,
      leave: (channel.leave ?? this.#host.ownRequest('leave')) as AnyRequest,
      params: channel.join ? params : own,
      leaveParams: channel.leave ? pick(params, channel.params) : own,
      subscriptions: new Map(),
      count: new SequenceTracker(),
      entered: false,
      member: false,
      id: undefined,
      refused: false,
      done() {},
    };
  }

  /** Joins it for the first time. Those who wait have timers of their own. */
  #enter(membership: Membership): void {
    const { join, params } = membership;
    const failed = (error: CallError<DeclaredError>): void => {
      membership.id = undefined;
      this.#drop(membership, error);
    };
    const answered = (message: Message): void => {
      if (isOf(message, membership)) this.#entered(membership, message);
      else failed(ofAnother(message));
    };
    membership.id = this.#host.ask(join, params, { timeout: null }, answered, failed);
  }

  #entered(membership: Membership, message: Message): void {
    const again = membership.entered;
    membership.joined = message.payload;
    membership.entered = membership.member = true;
    membership.refused = false;
    membership.id = undefined;
    if (again) this.#each(membership, subscription => subscription.emit('rejoined', message.payload));
    const { gap } = membership.count.joined(message);
    if (again && gap !== undefined) this.#missed(membership, gap);
    for (const [subscription, joining] of [...membership.subscriptions]) {
      if (membership.subscriptions.has(subscription)) membership.subscriptions.set(subscription, undefined);
      joining?.settle();
    }
  }

  /** One holder less. The last one leaves the channel, and the server is asked if it may know of it. */
  async #release(membership: Membership, subscription: AnySubscription, why: string): Promise<Left> {
    const joining = membership.subscriptions.get(subscription);
    const wasThere = membership.subscriptions.delete(subscription);
    subscription.end(why);
    joining?.settle({ code: 'CLOSED', message: why }); // does nothing if it was settled before
    if (!wasThere || membership.subscriptions.size > 0) return ok(undefined);
    const { id, member } = membership;
    this.#forget(membership);
    const isKnown = member || (id !== undefined && this.#host.isWritten(id));
    if (id !== undefined) this.#host.abandon(id);
    return isKnown ? this.#leave(membership) : ok(undefined);
  }

  #leave({ leave, leaveParams }: Membership): Promise<Left> {
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

  /** A later join of the same key is of another membership, which this one no longer disturbs. */
  #forget(membership: Membership): void {
    if (this.#memberships.get(membership.key) === membership) this.#memberships.delete(membership.key);
    this.#queue.delete(membership);
    membership.done();
  }

  /** It is lost, for all who hold it. */
  #drop(membership: Membership, error: CallError<DeclaredError>): void {
    this.#forget(membership);
    // The server may have let it in all the same.
    if (error.code === 'TIMEOUT' || error.code === 'BAD_REPLY') void this.#leave(membership);
    const subscriptions = [...membership.subscriptions];
    membership.subscriptions.clear();
    for (const [subscription, joining] of subscriptions) {
      if (joining === undefined) subscription.emit('lost', error);
      subscription.end(`the subscription was lost: ${error.message}`);
      joining?.settle(error);
    }
  }

  // After a loss of the connection

  /** Joins everything again that was joined. What was never joined waits with the other requests. */
  opened(): void {
    for (const membership of this.#memberships.values()) {
      if (membership.entered) this.#queue.add(membership);
    }
    this.#rejoin();
  }

  /** The connection is gone, and every channel with it. */
  lost(): void {
    this.#queue.clear();
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    this.#most = REJOINS;
    for (const membership of this.#memberships.values()) {
      membership.member = false;
      if (membership.entered) membership.id = undefined;
      membership.done();
    }
  }

  #rejoin(): void {
    for (const membership of this.#queue) {
      if (this.#unanswered >= this.#most || this.#cancelPause !== undefined) return;
      this.#queue.delete(membership);
      this.#enterAgain(membership);
    }
  }

  #enterAgain(membership: Membership): void {
    const { join, params } = membership;
    let isCurrent = true;
    this.#unanswered++;
    // An answer may still come late; if none does, the next connection tries again.
    const cancelTimer = deadline(this.#clock, this.#session.timeout, () => {
      this.#missed(membership, {});
      membership.done();
      this.#rejoin();
    });
    membership.done = () => {
      cancelTimer();
      membership.done = () => {};
      this.#unanswered--;
    };
    const answered = (message: Message): void => {
      if (!isOf(message, membership)) return failed(ofAnother(message));
      isCurrent = false;
      membership.done();
      this.#refusals = Math.max(0, this.#refusals - 1);
      this.#entered(membership, message);
      this.#rejoin();
    };
    const failed = (error: CallError<DeclaredError>): void => {
      if (error.code === 'OUTCOME_UNKNOWN' || !isCurrent) return;
      isCurrent = false;
      membership.id = undefined;
      membership.done();
      if (isRetryable(error)) this.#refused(membership);
      else this.#drop(membership, error);
      this.#rejoin();
    };
    const id = this.#host.ask(join, params, { timeout: null, as: 'rejoin' }, answered, failed);
    if (isCurrent) membership.id = id;
  }

  /** SessionRefusedError for now: it is tried again, as are all that wait, one at a time and after a while. */
  #refused(membership: Membership): void {
    const isNews = !membership.refused;
    membership.refused = true;
    this.#queue.add(membership);
    this.#most = 1;
    this.#pause();
    if (isNews) this.#missed(membership, {});
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
  find(key: string | undefined): Membership | undefined {
    const membership = key === undefined ? undefined : this.#memberships.get(key);
    return membership?.entered === true ? membership : undefined;
  }

  /** Counts a message off; whether it is new. */
  count(membership: Membership, around: EnvelopeFields): boolean {
    const { gap, repeated } = membership.count.message(around);
    if (gap !== undefined) this.#missed(membership, gap);
    return repeated !== true;
  }

  /** Takes the server's word that something is missing. */
  miss(key: string, gap: Gap): void {
    const membership = this.find(key);
    if (membership === undefined) return;
    membership.count.missed(gap);
    this.#missed(membership, gap);
  }

  /** Hands a message to everyone in its channel; whether anyone listens. */
  hear(membership: Membership, message: Message): boolean {
    let isHeard = false;
    this.#each(membership, subscription => {
      isHeard = subscription.hear(message) || isHeard;
    });
    return isHeard;
  }

  #missed(membership: Membership, gap: Gap): void {
    this.#each(membership, subscription => subscription.emit('gap', gap));
  }

  #each(membership: Membership, act: (subscription: AnySubscription) => void): void {
    for (const subscription of [...membership.subscriptions.keys()]) act(subscription);
  }

  // The end

  /** The application closeCodes the client: those who do not ask what became of their join need not. */
  closing(): void {
    for (const { subscriptions } of this.#memberships.values()) {
      for (const joining of subscriptions.values()) joining?.quiet();
    }
  }

  /** Nothing is joined again. */
  loseAll(error: RuntimeError): void {
    for (const membership of [...this.#memberships.values()]) this.#drop(membership, error);
  }
}

/** Whether the same join may succeed later. */
function isRetryable(error: CallError<DeclaredError>): boolean {
  return error.code === 'TIMEOUT' || ('retryable' in error && error.retryable === true);
}

/** Whether the answer to a join is of its channel, as far as it says. */
function isOf({ channel }: Message, { key }: Membership): boolean {
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
