/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { type Clock, deadline } from './clock.js';
import { SequenceTracker } from './sequence.js';
import type { Channel, Message, Outgoing, Protocol, Published, Request } from './descriptor.js';
import type { EnvelopeFields, Id } from './envelope.js';
import type { BadReplyError, CallError, DeclaredError, DecodeError, RuntimeError } from './errors.js';
import { ABORTED, type Sending } from './outbound.js';
import { CallFailedError, err, type Failure, ok, type Result } from './result.js';
import { Subscription } from './subscription.js';
import type { ChannelKey, Gap } from './session.js';

/** What channels need from their client. */
export interface ChannelsHost {
  request(
    request: Request<unknown, unknown, DeclaredError>,
    payload: unknown,
    sending: Sending,
    answered: (message: Message) => void,
    failed: (error: CallError<DeclaredError>) => void,
  ): Id | undefined;
  /** The timeout of a request, in milliseconds. */
  timeout(request: Request<unknown, unknown, DeclaredError>): number;
  isWritten(id: Id): boolean;
  abandon(id: Id): void;
  send(message: Outgoing<unknown>, payload: unknown, channel: string): Result<undefined, RuntimeError>;
  ownRequest(role: 'join' | 'leave'): Request<ChannelKey, ChannelKey>;
  register(message: Published<unknown, string>): void;
  reportThrown(error: unknown): void;
}

/** Options of a join. */
export interface JoinOptions {
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

type AnySubscription = Pick<Subscription<string, unknown>, 'emit' | 'deliver' | 'end'>;
type LeaveResult = Result<unknown, CallError<DeclaredError>>;
type AnyRequest = Request<unknown, unknown, DeclaredError>;

/** A caller that waits for the reply to a join. */
interface PendingJoin {
  settle(error?: Failure): void;
  /** Keeps its rejection from being reported as unhandled. */
  ignoreRejection(): void;
}

/** The client's membership in one channel, shared by its subscriptions. A channel that is left and joined again gets a new one. */
export interface Membership {
  readonly key: string;
  readonly join: AnyRequest;
  readonly leave: AnyRequest;
  readonly params: unknown;
  readonly leaveParams: unknown;
  /** The subscriptions that have not left, each with its pending join. */
  readonly subscriptions: Map<AnySubscription, PendingJoin | undefined>;
  readonly sequence: SequenceTracker;
  /** The payload of the last reply to a join. */
  joinReply?: unknown;
  /** Whether it was ever joined. */
  wasJoined: boolean;
  /** Whether it is joined on the current connection. */
  isMember: boolean;
  /** The id of the pending join. */
  id: Id | undefined;
  /** Whether the last join was refused temporarily, and that was reported. */
  isRefused: boolean;
  /** Frees the slot of its rejoin. */
  releaseSlot(): void;
}

/**
 * The number of channels that are joined again at a time. By default a server closes after five messages in a row that come too
 * fast: these, and two more after a pause, are fewer.
 */
const MAX_REJOINS = 3;

/** The channels of a client: their subscriptions, and how they are joined again after a loss of the connection. */
export class Channels {
  readonly #host: ChannelsHost;
  readonly #clock: Clock;
  readonly #session: Protocol['session'];
  readonly #memberships: Map<string, Membership> = new Map();
  /** What must be joined again on the current connection. */
  readonly #queue: Set<Membership> = new Set();
  /** The number of pending rejoins. */
  #pendingRejoins = 0;
  #maxRejoins = MAX_REJOINS;
  /** How often rejoins were refused temporarily, minus how often they succeeded. */
  #refusals = 0;
  #cancelPause: (() => void) | undefined;

  constructor(host: ChannelsHost, clock: Clock, session: Protocol['session']) {
    this.#host = host;
    this.#clock = clock;
    this.#session = session;
  }

  /** Joins a channel for one more subscription. */
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
        joined: () => membership.joinReply as Joined, // only `setup` has a subscription before it is joined
        send: (message, payload) => this.#host.send(message, payload, key),
        leave: () => this.#release(membership, subscription, 'the subscription was left'),
        register: message => this.#host.register(message),
        reportThrown: error => this.#host.reportThrown(error),
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
      if (membership.wasJoined) return resolve(subscription);
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
        ignoreRejection: () => promise.catch(() => {}),
        settle: error => {
          cancelTimer();
          signal?.removeEventListener('abort', abort);
          if (error === undefined) resolve(subscription);
          else reject(new CallFailedError(error));
        },
      });
      if (membership.id === undefined) this.#join(membership);
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
      sequence: new SequenceTracker(),
      wasJoined: false,
      isMember: false,
      id: undefined,
      isRefused: false,
      releaseSlot() {},
    };
  }

  /** Joins it for the first time. Each pending join has a timer of its own. */
  #join(membership: Membership): void {
    const { join, params } = membership;
    const failed = (error: CallError<DeclaredError>): void => {
      membership.id = undefined;
      this.#lose(membership, error);
    };
    const answered = (message: Message): void => {
      if (isOfChannel(message, membership)) this.#joined(membership, message);
      else failed(wrongChannelError(message));
    };
    membership.id = this.#host.request(join, params, { timeout: null }, answered, failed);
  }

  #joined(membership: Membership, message: Message): void {
    const again = membership.wasJoined;
    membership.joinReply = message.payload;
    membership.wasJoined = membership.isMember = true;
    membership.isRefused = false;
    membership.id = undefined;
    if (again) this.#each(membership, subscription => subscription.emit('rejoined', message.payload));
    const { gap } = membership.sequence.joined(message);
    if (again && gap !== undefined) this.#emitGap(membership, gap);
    for (const [subscription, pending] of [...membership.subscriptions]) {
      if (membership.subscriptions.has(subscription)) membership.subscriptions.set(subscription, undefined);
      pending?.settle();
    }
  }

  /** Removes a subscription. The last one leaves the channel, at the server as well if it may have processed the join. */
  async #release(membership: Membership, subscription: AnySubscription, why: string): Promise<LeaveResult> {
    const pending = membership.subscriptions.get(subscription);
    const wasSubscribed = membership.subscriptions.delete(subscription);
    subscription.end(why);
    pending?.settle({ code: 'CLOSED', message: why }); // no effect if it is settled already
    if (!wasSubscribed || membership.subscriptions.size > 0) return ok(undefined);
    const { id, isMember } = membership;
    this.#remove(membership);
    const isKnown = isMember || (id !== undefined && this.#host.isWritten(id));
    if (id !== undefined) this.#host.abandon(id);
    return isKnown ? this.#leave(membership) : ok(undefined);
  }

  #leave({ leave, leaveParams }: Membership): Promise<LeaveResult> {
    return new Promise(resolve => {
      this.#host.request(
        leave,
        leaveParams,
        { timeout: this.#host.timeout(leave), as: 'leave' },
        message => resolve(ok(message.payload)),
        // Every channel is left when the connection ends.
        error => resolve(error.code === 'OUTCOME_UNKNOWN' ? ok(undefined) : err(error)),
      );
    });
  }

  /** A later join of the same key is of another membership, which this one no longer disturbs. */
  #remove(membership: Membership): void {
    if (this.#memberships.get(membership.key) === membership) this.#memberships.delete(membership.key);
    this.#queue.delete(membership);
    membership.releaseSlot();
  }

  /** The channel is lost, for all its subscriptions. */
  #lose(membership: Membership, error: CallError<DeclaredError>): void {
    this.#remove(membership);
    // The server may have processed the join nevertheless.
    if (error.code === 'TIMEOUT' || error.code === 'BAD_REPLY') void this.#leave(membership);
    const subscriptions = [...membership.subscriptions];
    membership.subscriptions.clear();
    for (const [subscription, pending] of subscriptions) {
      if (pending === undefined) subscription.emit('lost', error);
      subscription.end(`the subscription was lost: ${error.message}`);
      pending?.settle(error);
    }
  }

  // After a loss of the connection

  /** Joins every channel again that was joined. First joins are queued with the other requests. */
  opened(): void {
    for (const membership of this.#memberships.values()) {
      if (membership.wasJoined) this.#queue.add(membership);
    }
    this.#rejoin();
  }

  /** The connection was lost, and every membership with it. */
  disconnected(): void {
    this.#queue.clear();
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    this.#maxRejoins = MAX_REJOINS;
    for (const membership of this.#memberships.values()) {
      membership.isMember = false;
      if (membership.wasJoined) membership.id = undefined;
      membership.releaseSlot();
    }
  }

  #rejoin(): void {
    for (const membership of this.#queue) {
      if (this.#pendingRejoins >= this.#maxRejoins || this.#cancelPause !== undefined) return;
      this.#queue.delete(membership);
      this.#rejoinOne(membership);
    }
  }

  #rejoinOne(membership: Membership): void {
    const { join, params } = membership;
    let isCurrent = true;
    this.#pendingRejoins++;
    // The reply may still arrive; if it does not, the next connection tries again.
    const cancelTimer = deadline(this.#clock, this.#session.timeout, () => {
      this.#emitGap(membership, {});
      membership.releaseSlot();
      this.#rejoin();
    });
    membership.releaseSlot = () => {
      cancelTimer();
      membership.releaseSlot = () => {};
      this.#pendingRejoins--;
    };
    const answered = (message: Message): void => {
      if (!isOfChannel(message, membership)) return failed(wrongChannelError(message));
      isCurrent = false;
      membership.releaseSlot();
      this.#refusals = Math.max(0, this.#refusals - 1);
      this.#joined(membership, message);
      this.#rejoin();
    };
    const failed = (error: CallError<DeclaredError>): void => {
      if (error.code === 'OUTCOME_UNKNOWN' || !isCurrent) return;
      isCurrent = false;
      membership.id = undefined;
      membership.releaseSlot();
      if (isRetryable(error)) this.#refused(membership);
      else this.#lose(membership, error);
      this.#rejoin();
    };
    const id = this.#host.request(join, params, { timeout: null, as: 'rejoin' }, answered, failed);
    if (isCurrent) membership.id = id;
  }

  /** Refused temporarily: it is retried, as are all that are queued, one at a time and after a pause. */
  #refused(membership: Membership): void {
    const isNews = !membership.isRefused;
    membership.isRefused = true;
    this.#queue.add(membership);
    this.#maxRejoins = 1;
    this.#pause();
    if (isNews) this.#emitGap(membership, {});
  }

  #pause(): void {
    if (this.#cancelPause !== undefined) return;
    const { min, max } = this.#session.backoff;
    // Not full jitter: the server's rate limit has to recover, and it counts this client alone.
    const bound = Math.min(max, min * 2 ** (2 + this.#refusals++));
    this.#cancelPause = this.#clock.after((bound / 2) * (1 + this.#clock.random()), () => {
      this.#cancelPause = undefined;
      this.#rejoin();
    });
  }

  // Receiving

  /** The membership that a message belongs to, if the channel was joined. */
  find(key: string | undefined): Membership | undefined {
    const membership = key === undefined ? undefined : this.#memberships.get(key);
    return membership?.wasJoined === true ? membership : undefined;
  }

  /** Counts a message off; whether it is new. */
  count(membership: Membership, around: EnvelopeFields): boolean {
    const { gap, isDuplicate } = membership.sequence.message(around);
    if (gap !== undefined) this.#emitGap(membership, gap);
    return isDuplicate !== true;
  }

  /** Takes the server's word that something is missing. */
  gap(key: string, gap: Gap): void {
    const membership = this.find(key);
    if (membership === undefined) return;
    membership.sequence.missed(gap);
    this.#emitGap(membership, gap);
  }

  /** Delivers a message to every subscription of its channel. Returns whether one has a listener. */
  deliver(membership: Membership, message: Message): boolean {
    let wasDelivered = false;
    this.#each(membership, subscription => {
      wasDelivered = subscription.deliver(message) || wasDelivered;
    });
    return wasDelivered;
  }

  #emitGap(membership: Membership, gap: Gap): void {
    this.#each(membership, subscription => subscription.emit('gap', gap));
  }

  #each(membership: Membership, act: (subscription: AnySubscription) => void): void {
    for (const subscription of [...membership.subscriptions.keys()]) act(subscription);
  }

  // The end

  /** The application closes the client: callers need not handle the rejection of their joins. */
  ignoreRejections(): void {
    for (const { subscriptions } of this.#memberships.values()) {
      for (const pending of subscriptions.values()) pending?.ignoreRejection();
    }
  }

  /** No channel is joined again. */
  loseAll(error: RuntimeError): void {
    for (const membership of [...this.#memberships.values()]) this.#lose(membership, error);
  }
}

/** Whether the same join may succeed later. */
function isRetryable(error: CallError<DeclaredError>): boolean {
  return error.code === 'TIMEOUT' || ('retryable' in error && error.retryable === true);
}

/** Whether the reply to a join names its channel, or none. */
function isOfChannel({ channel }: Message, { key }: Membership): boolean {
  return channel === undefined || channel === key;
}

/** The error of a reply that has the key of another channel. */
function wrongChannelError({ id, channel, payload }: Message): BadReplyError {
  const message = 'the reply to a join is of another channel';
  const reply = { code: 'ENVELOPE', kind: 'envelope', message, id, channel, payload, violations: [] } as const;
  return { code: 'BAD_REPLY', message, reply: reply as DecodeError }; // a reply to a join has an id and a channel
}

/** Some properties of a value, or all if no names are given. */
function pick<T>(value: T, names: readonly (keyof T & string)[] | undefined): unknown {
  return names === undefined ? value : Object.fromEntries(names.map(name => [name, value[name]]));
}
