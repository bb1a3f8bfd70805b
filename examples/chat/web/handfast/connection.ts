/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { backoffDelay } from './backoff.js';
import { deadline, type Clock } from './clock.js';
import { closeCodesOf, isRefusal, type CloseCodes } from './close-codes.js';
import type { Protocol } from './descriptor.js';
import type { TransportFactory, Transport } from './transport.js';

/** A connection that ended. */
export interface ConnectionClosed {
  /** The close code (RFC 6455, section 7.4). */
  readonly code: number;
  readonly reason: string;
  /** Whether the client gives up; else it tries again in `retryIn` milliseconds. */
  readonly final: boolean;
  readonly retryIn?: number;
}

/** Whom a connection serves. */
export interface ConnectionHost {
  /** The text of the hello, `null` if there is none. Asked once for each attempt, as a proof may expire. */
  hello(): Promise<string | null>;
  /** The text of a ping. */
  readonly ping: string | null;
  /** The hello was written; messages may be written behind it. */
  opened(): void;
  received(data: unknown): void;
  closed(closed: ConnectionClosed): void;
  /** An attempt failed before there was a connection. Another follows. */
  failed(error: unknown): void;
  warn(kind: string, words: string): void;
}

/** What a connection needs to know. */
export interface ConnectionSettings {
  readonly url: string;
  readonly protocol: Pick<Protocol<never>, 'subprotocol' | 'session' | 'closeCodes'>;
  readonly connect: TransportFactory;
  readonly clock: Clock;
  readonly reconnect: boolean;
}

/** What a platform says of a connection that ended without a close frame, or never came to be. */
const ABNORMAL = 1006;

/** After a server that is overrun, the bound of the wait has doubled so often at the least. */
const OVERRUN = 3;

/** Keeps a connection: connects, says hello, pings, and after a loss connects again with backoff and full jitter. */
export class Connection {
  /** The close codes of the protocol. */
  readonly closeCodes: CloseCodes;
  readonly #settings: ConnectionSettings;
  readonly #host: ConnectionHost;
  #transport: Transport | undefined;
  /** Counts the transports, so that what an earlier one still says is not heard. */
  #generation = 0;
  /** Tries in a row that led to no session, or to none that lasted. */
  #tries = 0;
  /** How often the bound of the wait has doubled. */
  #doubled = 0;
  /** Tries in a row that did not even get a close frame. */
  #abnormal = 0;
  #phase: 'connecting' | 'ready' | 'waiting' | 'ended' = 'connecting';
  #writable = false;
  /** Whether the server has asked for a longer wait. */
  #overrun = false;
  /** Whether a ping was written and nothing was heard since. */
  #probing = false;
  #heard = 0;
  #readyAt = 0;
  #cancelTimer: () => void = () => {};

  constructor(settings: ConnectionSettings, host: ConnectionHost) {
    this.#settings = settings;
    this.#host = host;
    this.closeCodes = closeCodesOf(settings.protocol);
  }

  /** Whether the hello is written, so that messages may follow. */
  get writable(): boolean {
    return this.#writable;
  }

  /** How many bytes were written and have not left this machine. */
  get buffered(): number {
    return this.#transport?.buffered?.() ?? 0;
  }

  /**
   * Makes the first attempt to connect.
   *
   * @throws if the transport says at once that it cannot.
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
        this.#heard = clock.now();
        this.#probing = false;
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

  /** Does not wait any longer for the next try. A connection that seems to be there is asked whether it is. */
  retryNow(): void {
    if (this.#phase === 'waiting') this.#retry();
    else if (this.#phase === 'ready' && !this.#probing) this.#probe();
  }

  /** The network or the page came back. A server that is overrun is not asked sooner for it. */
  wake(): void {
    if (this.#phase !== 'waiting' || !this.#overrun) this.retryNow();
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

  /** The session is ready: from now on silence is watched. */
  ready(): void {
    const { clock } = this.#settings;
    this.#phase = 'ready';
    this.#readyAt = clock.now();
    this.#abnormal = 0;
    this.#listen();
  }

  /** Pings after a `heartbeat` without a word from the server. One timer, however much is heard. */
  #listen(): void {
    const { clock, protocol } = this.#settings;
    const { heartbeat } = protocol.session;
    this.#cancelTimer();
    if (heartbeat === null || this.#host.ping === null) return;
    const silence = (): number => clock.now() - this.#heard;
    this.#cancelTimer = deadline(clock, heartbeat - silence(), () => {
      if (silence() < heartbeat) this.#listen();
      else this.#probe();
    });
  }

  /** Pings, and drops the connection if nothing is heard. */
  #probe(): void {
    const { clock, protocol } = this.#settings;
    const { timeout } = protocol.session;
    if (this.#host.ping === null) return;
    this.#probing = true;
    this.#cancelTimer();
    this.#cancelTimer = deadline(clock, timeout, () => {
      if (this.#probing) this.#drop(this.closeCodes.silent, `no answer to a ping within ${timeout} ms`);
      else this.#listen();
    });
    this.write(this.#host.ping);
  }

  /** The server refuses for now: the next try has to wait as long as for one that is overrun. */
  refused(reason: string): void {
    this.#drop(this.closeCodes.rateLimited, reason);
  }

  /** Ends it for good. */
  end(code: number, reason: string): void {
    if (this.#phase !== 'ended') this.#drop(code, reason, true);
  }

  /** Whether a server that closeCodes with a code wants no other connection of this client. */
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
    // A server that says it is ready and closeCodes at once is not one that works again.
    if (this.#phase === 'ready' && clock.now() - this.#readyAt >= backoff.max) this.#tries = this.#doubled = 0;
    else this.#tries++;
    this.#generation++;
    this.#transport = undefined;
    this.#writable = this.#probing = false;
    this.#cancelTimer();
    const isOver = this.#tries >= (backoff.attempts ?? Infinity);
    if (final || !reconnect || isOver) {
      this.#phase = 'ended';
      const words = isOver && !final && reconnect ? `gave up after ${this.#tries} tries: ${reason || code}` : reason;
      this.#host.closed({ code, reason: words, final: true });
      return;
    }
    if (code === ABNORMAL && this.#phase === 'connecting' && ++this.#abnormal === 2) this.#hint(reason);
    this.#overrun = code === this.closeCodes.rateLimited || code === this.closeCodes.slow;
    if (this.#overrun) this.#doubled = Math.max(this.#doubled, OVERRUN);
    const retryIn = backoffDelay(clock, backoff, this.#doubled++);
    this.#phase = 'waiting';
    this.#cancelTimer = clock.after(retryIn, () => this.#retry());
    this.#host.closed({ code, reason, final: false, retryIn });
  }

  /** Says what may be wrong, as no browser does. */
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
