/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { backoffDelay } from './backoff.js';
import { type Clock, deadline } from './clock.js';
import { type CloseCodes, closeCodesOf, isRefusal } from './close-codes.js';
import type { Protocol } from './descriptor.js';
import type { Transport, TransportFactory } from './transport.js';

/** A connection that ended. */
export interface ConnectionClosed {
  /** The close code (RFC 6455, section 7.4). */
  readonly code: number;
  readonly reason: string;
  /** Whether the client gives up; otherwise it reconnects in `retryIn` milliseconds. */
  readonly final: boolean;
  readonly retryIn?: number;
}

/** What a connection needs from its client. */
export interface ConnectionHost {
  /** The text of the hello, `null` if there is none. Called for each attempt, as a token may expire. */
  hello(): Promise<string | null>;
  /** The text of a ping. */
  readonly ping: string | null;
  /** The hello was written; messages may follow. */
  opened(): void;
  received(data: unknown): void;
  closed(closed: ConnectionClosed): void;
  /** An attempt to connect failed. Another follows. */
  failed(error: unknown): void;
  warn(kind: string, words: string): void;
}

/** The settings of a connection. */
export interface ConnectionSettings {
  readonly url: string;
  readonly protocol: Pick<Protocol<never>, 'subprotocol' | 'session' | 'closeCodes'>;
  readonly connect: TransportFactory;
  readonly clock: Clock;
  readonly reconnect: boolean;
}

/** The close code of a connection that ended without a close frame, or was never opened (RFC 6455, section 7.1.5). */
const ABNORMAL = 1006;

/** After an overloaded server closes, the backoff has doubled at least this often. */
const OVERLOADED_STEPS = 3;

/** Keeps a connection: connects, sends the hello, pings, and after a loss reconnects with backoff and full jitter. */
export class Connection {
  /** The close codes of the protocol. */
  readonly closeCodes: CloseCodes;
  readonly #settings: ConnectionSettings;
  readonly #host: ConnectionHost;
  #transport: Transport | undefined;
  /** Counts the transports, so that events of an earlier one are ignored. */
  #generation = 0;
  /** Consecutive attempts that led to no session, or to none that lasted. */
  #failedAttempts = 0;
  /** How often the bound of the backoff has doubled. */
  #backoffSteps = 0;
  /** Consecutive attempts that ended without a close frame. */
  #abnormalCloses = 0;
  #phase: 'connecting' | 'ready' | 'waiting' | 'ended' = 'connecting';
  #writable = false;
  /** Whether the server is overloaded, and reconnecting must not be hurried. */
  #isOverloaded = false;
  /** Whether a ping was written and nothing was received since. */
  #isProbing = false;
  #lastReceived = 0;
  #readyAt = 0;
  #cancelTimer: () => void = () => {};

  constructor(settings: ConnectionSettings, host: ConnectionHost) {
    this.#settings = settings;
    this.#host = host;
    this.closeCodes = closeCodesOf(settings.protocol);
  }

  /** Whether the hello was written, so that messages may follow. */
  get writable(): boolean {
    return this.#writable;
  }

  /** The number of written bytes that are still buffered on this machine. */
  get buffered(): number {
    return this.#transport?.buffered?.() ?? 0;
  }

  /**
   * Makes the first attempt to connect.
   *
   * @throws if the transport throws.
   */
  start(): void {
    try {
      this.#attempt();
    } catch (error) {
      this.#phase = 'ended';
      this.#cancelTimer();
      throw error;
    }
  }

  #attempt(): void {
    const { url, protocol, connect, clock } = this.#settings;
    const generation = ++this.#generation;
    const isCurrent = (): boolean => generation === this.#generation;
    const { timeout } = protocol.session;
    this.#phase = 'connecting';
    this.#cancelTimer();
    this.#cancelTimer = deadline(clock, timeout, () => this.#drop(this.closeCodes.silent, `not ready within ${timeout} ms`));
    this.#transport = connect(url, protocol.subprotocol, {
      opened: () => {
        if (isCurrent()) void this.#sayHello(isCurrent);
      },
      received: data => {
        if (!isCurrent()) return;
        this.#lastReceived = clock.now();
        this.#isProbing = false;
        this.#host.received(data);
      },
      closed: (code, reason) => {
        if (isCurrent()) this.#lost(code, reason, this.#isFinal(code));
      },
    });
  }

  #retry(): void {
    try {
      this.#attempt();
    } catch (error) {
      this.#host.failed(error);
      this.#lost(ABNORMAL, 'could not connect');
    }
  }

  /** Skips the rest of the delay before the next attempt. While connected, pings the server. */
  retryNow(): void {
    if (this.#phase === 'waiting') this.#retry();
    else if (this.#phase === 'ready' && !this.#isProbing) this.#probe();
  }

  /** The network or the page is available again. An overloaded server is still left its delay. */
  wake(): void {
    if (this.#phase !== 'waiting' || !this.#isOverloaded) this.retryNow();
  }

  async #sayHello(isCurrent: () => boolean): Promise<void> {
    try {
      const hello = await this.#host.hello();
      if (!isCurrent()) return;
      this.#writable = true;
      if (hello !== null) this.write(hello);
    } catch (error) {
      if (!isCurrent()) return;
      this.#host.failed(error);
      this.#drop(ABNORMAL, 'no hello');
      return;
    }
    if (this.#writable) this.#host.opened();
  }

  /** Writes a message; only while {@link writable}. */
  write(text: string): void {
    try {
      this.#transport?.send(text);
    } catch (error) {
      this.#drop(ABNORMAL, String(error));
    }
  }

  /** The session is ready: the heartbeat begins. */
  ready(): void {
    const { clock } = this.#settings;
    this.#phase = 'ready';
    this.#readyAt = clock.now();
    this.#abnormalCloses = 0;
    this.#watch();
  }

  /** Pings after `heartbeat` without a message from the server. One timer, however much is received. */
  #watch(): void {
    const { clock, protocol } = this.#settings;
    const { heartbeat } = protocol.session;
    this.#cancelTimer();
    if (heartbeat === null || this.#host.ping === null) return;
    const idleTime = (): number => clock.now() - this.#lastReceived;
    this.#cancelTimer = deadline(clock, heartbeat - idleTime(), () => {
      if (idleTime() < heartbeat) this.#watch();
      else this.#probe();
    });
  }

  /** Pings, and drops the connection if nothing is received. */
  #probe(): void {
    const { clock, protocol } = this.#settings;
    const { timeout } = protocol.session;
    if (this.#host.ping === null) return;
    this.#isProbing = true;
    this.#cancelTimer();
    this.#cancelTimer = deadline(clock, timeout, () => {
      if (this.#isProbing) this.#drop(this.closeCodes.silent, `no answer to a ping within ${timeout} ms`);
      else this.#watch();
    });
    this.write(this.#host.ping);
  }

  /** The server refuses temporarily: the delay is that for an overloaded one. */
  refused(reason: string): void {
    this.#drop(this.closeCodes.rateLimited, reason);
  }

  /** Closes it for good. */
  end(code: number, reason: string): void {
    if (this.#phase !== 'ended') this.#drop(code, reason, true);
  }

  /** Whether a close code means that the client must not reconnect. */
  #isFinal(code: number): boolean {
    return code === 1000 || isRefusal(code, this.closeCodes);
  }

  #drop(code: number, reason: string, final: boolean = false): void {
    const transport = this.#transport;
    this.#lost(code, reason, final);
    transport?.close(code, reason);
  }

  #lost(code: number, reason: string, final: boolean = false): void {
    const { protocol, clock, reconnect } = this.#settings;
    const { backoff } = protocol.session;
    // A server that is ready and closes immediately has not recovered.
    if (this.#phase === 'ready' && clock.now() - this.#readyAt >= backoff.max) this.#failedAttempts = this.#backoffSteps = 0;
    else this.#failedAttempts++;
    this.#generation++;
    this.#transport = undefined;
    this.#writable = this.#isProbing = false;
    this.#cancelTimer();
    const hasGivenUp = this.#failedAttempts >= (backoff.attempts ?? Infinity);
    if (final || !reconnect || hasGivenUp) {
      this.#phase = 'ended';
      const words = hasGivenUp && !final && reconnect ? `gave up after ${this.#failedAttempts} attempts: ${reason || code}` : reason;
      this.#host.closed({ code, reason: words, final: true });
      return;
    }
    if (code === ABNORMAL && this.#phase === 'connecting' && ++this.#abnormalCloses === 2) this.#hint(reason);
    this.#isOverloaded = code === this.closeCodes.rateLimited || code === this.closeCodes.slow;
    if (this.#isOverloaded) this.#backoffSteps = Math.max(this.#backoffSteps, OVERLOADED_STEPS);
    const retryIn = backoffDelay(clock, backoff, this.#backoffSteps++);
    this.#phase = 'waiting';
    this.#cancelTimer = clock.after(retryIn, () => this.#retry());
    this.#host.closed({ code, reason, final: false, retryIn });
  }

  /** Logs what may be wrong, as browsers do not say. */
  #hint(reason: string): void {
    const { url, protocol } = this.#settings;
    const { location } = globalThis as { readonly location?: { readonly origin: string } };
    const origin = location === undefined ? '' : ` allows the origin ${location.origin},`;
    this.#host.warn(
      'hint',
      `no connection to ${url.replace(/[?#].*/, '')}, twice in a row${reason === '' ? '' : ` (${reason})`}. ` +
        `Does a server run there, is this its path (usually \`/ws\`), and is it one that${origin} speaks the ` +
        `subprotocol ${protocol.subprotocol} and is reached through every proxy between? The status of the upgrade ` +
        "says which: it is in the browser's network tab and in the server's log. The client goes on trying.",
    );
  }
}
