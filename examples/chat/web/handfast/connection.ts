// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { Clock } from './clock.js';
import type { Protocol } from './descriptor.js';
import type { Connect, Transport } from './transport.js';

/** A connection that ended. */
export interface Closed {
  /** The close code (RFC 6455, section 7.4). */
  readonly code: number;
  readonly reason: string;
  /** Whether the client gives up; else it tries again in `retryIn` milliseconds. */
  readonly final: boolean;
  readonly retryIn?: number;
}

/** Whom a connection serves. */
export interface ConnectionHost {
  /** The text of the hello, `null` where there is none. Asked once for each attempt, as a proof may expire. */
  hello(): Promise<string | null>;
  /** The text of a ping. */
  readonly ping: string | null;
  /** The hello was written; messages may be written behind it. */
  opened(): void;
  received(data: unknown): void;
  closed(closed: Closed): void;
  /** An attempt failed before there was a connection. Another follows. */
  failed(error: unknown): void;
}

/** What a connection needs to know. */
export interface ConnectionSettings {
  readonly url: string;
  readonly protocol: Pick<Protocol<never>, 'subprotocol' | 'session' | 'finalCloses'>;
  readonly connect: Connect;
  readonly clock: Clock;
  readonly reconnect: boolean;
}

/** The close codes after which no client tries again, unless its protocol has others. */
export const FINAL: readonly number[] = [1008, 4401, 4403, 4406, 4409];
const SILENT = 4000;

/** Keeps a connection: connects, says hello, pings, and after a loss connects again with backoff and full jitter. */
export class Connection {
  readonly #settings: ConnectionSettings;
  readonly #host: ConnectionHost;
  #transport: Transport | undefined;
  /** Counts the transports, so that what an earlier one still says is not heard. */
  #generation = 0;
  #failures = 0;
  #writable = false;
  #ended = false;
  #heard = 0;
  #cancelTimer: () => void = () => {};

  constructor(settings: ConnectionSettings, host: ConnectionHost) {
    this.#settings = settings;
    this.#host = host;
  }

  /** Whether the hello is written, so that messages may follow. */
  get writable(): boolean {
    return this.#writable;
  }

  /** Makes an attempt to connect. */
  start(): void {
    const { url, protocol, connect, clock } = this.#settings;
    const generation = ++this.#generation;
    const isCurrent = (): boolean => generation === this.#generation;
    const { timeout } = protocol.session;
    this.#cancelTimer = clock.after(timeout, () => this.#drop(SILENT, `not ready within ${timeout} ms`));
    try {
      this.#transport = connect(url, protocol.subprotocol, {
        opened: () => {
          if (isCurrent()) void this.#sayHello(isCurrent);
        },
        received: data => {
          if (!isCurrent()) return;
          this.#heard = clock.now();
          this.#host.received(data);
        },
        closed: (code, reason) => {
          if (isCurrent()) this.#lost(code, reason);
        },
      });
    } catch (error) {
      this.#host.failed(error);
      this.#lost(1006, 'could not connect');
    }
  }

  async #sayHello(isCurrent: () => boolean): Promise<void> {
    try {
      const hello = await this.#host.hello();
      if (!isCurrent()) return;
      if (hello !== null) this.#transport?.send(hello);
    } catch (error) {
      if (!isCurrent()) return;
      this.#host.failed(error);
      if (isCurrent()) this.#drop(1000, 'no hello');
      return;
    }
    this.#writable = true;
    this.#host.opened();
  }

  /** Writes a message; only while {@link writable}. */
  write(text: string): void {
    this.#transport?.send(text);
  }

  /** The session is ready: from now on silence is watched, and the next loss is the first. */
  ready(): void {
    this.#failures = 0;
    this.#cancelTimer();
    const { heartbeat } = this.#settings.protocol.session;
    if (heartbeat !== null && this.#host.ping !== null) this.#listen(heartbeat, this.#host.ping);
  }

  /** Pings after a `heartbeat` without a word from the server. One timer, however much is heard. */
  #listen(heartbeat: number, ping: string): void {
    const { clock, protocol } = this.#settings;
    const { timeout } = protocol.session;
    const silence = (): number => clock.now() - this.#heard;
    this.#cancelTimer = clock.after(heartbeat - silence(), () => {
      if (silence() < heartbeat) return this.#listen(heartbeat, ping);
      const asked = clock.now();
      this.#cancelTimer = clock.after(timeout, () => {
        if (this.#heard >= asked) this.#listen(heartbeat, ping);
        else this.#drop(SILENT, `no answer to a ping within ${timeout} ms`);
      });
      this.write(ping);
    });
  }

  /** Ends it for good. */
  end(code: number, reason: string): void {
    this.#ended = true;
    this.#drop(code, reason);
  }

  #drop(code: number, reason: string): void {
    const transport = this.#transport;
    this.#lost(code, reason);
    transport?.close(code, reason);
  }

  #lost(code: number, reason: string): void {
    const { protocol, clock, reconnect } = this.#settings;
    const { min, max } = protocol.session.backoff;
    this.#generation++;
    this.#transport = undefined;
    this.#writable = false;
    this.#cancelTimer();
    if (this.#ended || !reconnect || (protocol.finalCloses ?? FINAL).includes(code)) {
      this.#host.closed({ code, reason, final: true });
      return;
    }
    const retryIn = clock.random() * Math.min(max, min * 2 ** this.#failures++);
    this.#cancelTimer = clock.after(retryIn, () => this.start());
    this.#host.closed({ code, reason, final: false, retryIn });
  }
}
