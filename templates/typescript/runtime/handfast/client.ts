// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { Channels, type Membership } from './channels.js';
import { systemClock, type Clock } from './clock.js';
import { isRefusal } from './close-codes.js';
import { Connection, type ConnectionClosed } from './connection.js';
import { learn, parse, read, type Reader } from './decode.js';
import { tagOf } from './descriptor.js';
import type {
  Callable,
  Channel,
  ErrorDescriptor,
  ErrorsOf,
  Incoming,
  Joinable,
  Message,
  Outgoing,
  ParamsOf,
  PayloadOf,
  Protocol,
  ReplyOf,
  Request,
  Role,
  Sendable,
  Streamable,
  StreamRequest,
} from './descriptor.js';
import { Encoder } from './encoder.js';
import type { Address, Id, Tag } from './envelope.js';
import { SessionRefusedError, type CallError, type DeclaredError, type DecodeError, type RuntimeError } from './errors.js';
import type { ClientEvents } from './events.js';
import { Listeners, type Unsubscribe } from './listeners.js';
import type { CallOptions, ConnectOptions, ValueOrProvider } from './options.js';
import { Outbound, type PendingRequest, type Sending } from './outbound.js';
import { formatViolation } from './report.js';
import { err, CallFailedError, ok, type Failure, type Result } from './result.js';
import type { Subscription, SubscriptionOf } from './subscription.js';
import { callError, failure, sessionMessages, wireError, type ChannelGap, type Ready, type Refusal } from './session.js';
import { Store, type ClientState } from './state.js';
import { Stream, type StreamOf } from './stream.js';
import { webSocket } from './transport.js';
import { onWake } from './wake.js';
import { Warnings } from './warnings.js';

type Args<Payload, Options> = [Payload] extends [undefined]
  ? [payload?: undefined, options?: Options]
  : [payload: Payload, options?: Options];

/** What is sent and answered. */
type AnyRequest = Outgoing<unknown> & {
  readonly errors: readonly ErrorDescriptor<DeclaredError>[];
  readonly timeout?: number;
  readonly idempotent?: boolean;
};

/** Calls it, hears it, and keeps the connection to it. Made by the `connect` of a protocol. */
export class Client<Auth = never> {
  /**
   * The server's welcome. Rejects with {@link SessionRefusedError} if the server refuses, and with {@link CallFailedError} if the client is
   * closed before. Calls need not wait for it.
   */
  readonly ready: Promise<Ready>;
  /** Where the client stands: a store for React and Svelte. */
  readonly state: Store<ClientState> = new Store<ClientState>({ status: 'connecting' }, error => this.#threw(error));
  readonly #protocol: Protocol<Auth>;
  readonly #options: ConnectOptions<Auth>;
  readonly #clock: Clock;
  readonly #connection: Connection;
  readonly #encoder: Encoder;
  readonly #outbound: Outbound;
  readonly #channels: Channels;
  readonly #events: Listeners<ClientEvents> = new Listeners(error => this.#threw(error));
  readonly #messages: Listeners<Record<string, Message>> = new Listeners(error => this.#threw(error));
  readonly #byTag: Map<Tag, Incoming<unknown>> = new Map();
  readonly #own: Incoming<unknown>[] = [];
  readonly #reader: Reader;
  readonly #warnings: Warnings = new Warnings();
  #sleep: Unsubscribe = () => {};
  #resolveReady!: (ready: Ready) => void;
  #rejectReady!: (error: Error) => void;
  #lastId = 0;
  /** Whether the server has welcomed this client on the connection there is. */
  #welcome = false;
  /** Whether it has on any. */
  #wasWelcome = false;
  /** A welcome that came before the hello was written, which may still fail. */
  #early: Ready | undefined;
  /** Whether the server, or this client itself, said no to the session. */
  #refused = false;
  /** Whether the application closed it. */
  #closing = false;
  /** Whether the listeners of `error` hear of what another threw. */
  #isThrowing = false;
  /** Why nothing can be sent any more. */
  #over: RuntimeError | undefined;

  /** @throws if there can be no connection: for an address that is none, and on a platform without a WebSocket. */
  constructor(protocol: Protocol<Auth>, url: string | URL, options: ConnectOptions<Auth> = {}) {
    const { clock = systemClock, reconnect = true, transport = webSocket(options.WebSocket) } = options;
    this.#protocol = protocol;
    this.#options = options;
    this.#clock = clock;
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    this.ready.catch(() => {}); // the `close` event tells those who do not ask
    this.#encoder = new Encoder(protocol);
    for (const message of Object.values(sessionMessages)) {
      const tag = this.#encoder.tag(message.name as Role);
      if (tag !== null) this.#byTag.set(tag, message);
    }
    this.#connection = new Connection(
      { url: String(url), protocol, connect: transport, clock, reconnect },
      {
        hello: () => this.#hello(),
        ping: this.#encoder.session('ping'),
        opened: () => this.#opened(),
        received: data => this.#received(data),
        closed: closed => this.#closed(closed),
        failed: error => this.#report('auth', error, 'could not connect, and tries again'),
        warn: (kind, words) => this.#warnings.warn(kind, words),
      },
    );
    this.#outbound = new Outbound(clock, protocol, this.#connection);
    this.#reader = {
      envelope: protocol.envelope.server,
      lookup: tag => this.#byTag.get(tag),
      own: this.#own,
      pending: id => this.#outbound.find(id)?.answers,
      failure,
    };
    this.#channels = new Channels(
      {
        ask: (request, payload, sending, answered, failed) =>
          this.#ask(request, payload, sending, [request.reply], {
            answered: message => {
              answered(message);
              return true;
            },
            failed,
          }),
        timeout: request => this.#timeout(request),
        isWritten: id => this.#outbound.isWritten(id),
        abandon: id => this.#outbound.abandon(id),
        send: (message, payload, channel) => this.#write(message, payload, { channel }),
        ownRequest: role => this.#encoder.channel(role),
        learn: message => this.#learn(message),
        threw: error => this.#threw(error),
      },
      clock,
      protocol.session,
    );
    this.#connection.start();
    this.#sleep = onWake(() => this.#connection.wake());
  }

  /**
   * Sends a request and waits for its reply. The result never rejects: errors that the message declares and those of
   * the runtime are value apart by `code`. Before there is a connection, it waits for one.
   */
  call<M>(
    request: Callable<M>,
    ...args: Args<PayloadOf<M>, CallOptions>
  ): Promise<Result<ReplyOf<M>, CallError<ErrorsOf<M>>>>;
  call(
    request: Request<unknown, unknown, DeclaredError>,
    payload?: unknown,
    options: CallOptions = {},
  ): Promise<Result<unknown, CallError<DeclaredError>>> {
    const { timeout = this.#timeout(request), signal } = options;
    return new Promise(resolve => {
      this.#ask(request, payload, { timeout, signal }, [request.reply], {
        answered: message => {
          resolve(ok(message.payload));
          return true;
        },
        failed: error => resolve(err(error)),
      });
    });
  }

  /**
   * Sends a request that is answered with a stream. Once it was sent, the stream fails when the connection is lost. A
   * stream that has no end message goes on until then, or until it fails or is cancelled.
   */
  stream<M>(request: Streamable<M>, ...args: Args<PayloadOf<M>, CallOptions>): StreamOf<M>;
  stream(
    request: StreamRequest<unknown, unknown, unknown, unknown, DeclaredError>,
    payload?: unknown,
    options: CallOptions = {},
  ): Stream<unknown, unknown, unknown, DeclaredError> {
    const { ack, stream: item, end, cancel } = request;
    const { timeout = this.#timeout(request), signal } = options;
    let id: Id | undefined;
    const abort = (): void => stream.cancel();
    const stream = new Stream<unknown, unknown, unknown, DeclaredError>(this.#clock, () => {
      signal?.removeEventListener('abort', abort);
      if (id === undefined) return;
      const wasWritten = this.#outbound.isWritten(id);
      this.#outbound.abandon(id);
      if (wasWritten && cancel !== undefined) this.#write(cancel, undefined, { id });
    });
    const answers = [item, ...(ack ? [ack] : []), ...(end ? [end] : [])];
    // What a stream has brought is not brought again. An aborted signal fails it before it is sent.
    const sending = { timeout, signal: signal?.aborted === true ? signal : undefined };
    id = this.#ask({ ...request, idempotent: false }, payload, sending, answers, {
      answered: (message, incoming) => {
        if (incoming === item) stream.push(message.payload, this.#length);
        else if (incoming === ack) stream.acknowledge(message.payload);
        else stream.complete(message.payload);
        return incoming === end;
      },
      failed: (error, wasWritten) => {
        stream.fail(error, this.#closing || error.code === 'CANCELLED');
        // The server goes on with what only this end has given up.
        const isOurs = error.code === 'TIMEOUT' || error.code === 'BAD_REPLY';
        if (isOurs && wasWritten === true && cancel !== undefined) this.#write(cancel, undefined, { id: id as Id });
      },
    });
    signal?.addEventListener('abort', abort);
    void stream.end.then(() => signal?.removeEventListener('abort', abort));
    return stream;
  }

  /** Sends a message that has no reply. Before there is a connection, it waits for one, unless it is volatile. */
  send<M>(message: Sendable<M>, ...args: Args<PayloadOf<M>, never>): Result<undefined, RuntimeError>;
  send(message: Outgoing<unknown>, payload?: unknown): Result<undefined, RuntimeError> {
    return this.#write(message, payload, {});
  }

  /** Hears what happens to the connection. Returns what ends that. */
  on<E extends keyof ClientEvents>(event: E, listener: (value: ClientEvents[E]) => void): Unsubscribe;
  /** Hears a message of the server's that answers nothing. Returns what ends that. */
  on<P>(message: Incoming<P>, listener: (payload: P, message: Message<string, P>) => void): Unsubscribe;
  on<P>(
    what: Incoming<P> | keyof ClientEvents,
    listener: ((payload: P, message: Message<string, P>) => void) | ((value: never) => void),
  ): Unsubscribe {
    if (typeof what === 'string') return this.#events.on(what, listener as (value: unknown) => void);
    this.#learn(what);
    const hear = listener as (payload: P, message: Message<string, P>) => void;
    return this.#messages.on(what.name, message => hear(message.payload as P, message as Message<string, P>));
  }

  /**
   * Joins a channel. Each join gives a room of its own, to be left by itself; the server is asked by the first, and hears
   * of the last that leaves. After a loss of the connection it is joined again by itself.
   *
   * @param setup is called before the request is sent, so that no message is missed by what it registers.
   * @throws {CallFailedError} with the error of the join.
   */
  join<C>(
    channel: Joinable<C>,
    params: NoInfer<ParamsOf<C>>,
    setup?: (subscription: SubscriptionOf<C>) => void,
    options?: CallOptions,
  ): Promise<SubscriptionOf<C>>;
  join(
    channel: Channel<string, unknown, unknown, DeclaredError>,
    params: unknown,
    setup?: (subscription: Subscription<string, unknown>) => void,
    options: CallOptions = {},
  ): Promise<Subscription<string, unknown>> {
    return this.#channels.join(channel, params, setup, options);
  }

  /**
   * Tries to connect now, if it waits to; while connected, asks the server whether it is there. It is called by itself when
   * the network or the page comes back.
   */
  retryNow(): void {
    this.#connection.retryNow();
  }

  /**
   * Ends the connection, fails what is pending, and ends every timer and listener. Loops over streams end, and joins that
   * are pending reject with `CLOSED`, which need not be handled.
   */
  close(): void {
    this.#closing = true;
    this.#channels.closing();
    this.#connection.end(1000, 'closed by the client');
  }

  // Sending

  #ask(
    request: AnyRequest,
    payload: unknown,
    sending: Sending,
    answers: readonly Incoming<unknown>[],
    settle: Pick<PendingRequest, 'answered' | 'failed'>,
  ): Id | undefined {
    const { id: field } = request.envelope ?? this.#protocol.envelope.client;
    const id = field?.kind === 'integer' ? ++this.#lastId : String(++this.#lastId);
    const text = this.#text(request, payload, { id });
    if (!text.ok) {
      settle.failed(text.error);
      return undefined;
    }
    const { errors, idempotent = false } = request;
    const inOrder = (request.envelope ?? this.#protocol.envelope.server).correlate === 'order';
    for (const answer of answers) this.#learn(answer);
    this.#outbound.ask({ id, text: text.value, inOrder, idempotent, answers, errors, ...settle }, sending);
    return id;
  }

  #timeout({ timeout }: Pick<AnyRequest, 'timeout'>): number {
    return timeout ?? this.#options.timeout ?? this.#protocol.session.timeout;
  }

  #write(message: Outgoing<unknown>, payload: unknown, address: Address): Result<undefined, RuntimeError> {
    const text = this.#text(message, payload, address);
    return text.ok ? this.#outbound.send(text.value, message.volatile === true) : text;
  }

  #text(message: Outgoing<unknown>, payload: unknown, address: Address): Result<string, RuntimeError> {
    return this.#over === undefined ? this.#encoder.text(message, payload, address) : err(this.#over);
  }

  // The session

  async #hello(): Promise<string | null> {
    const { version, hash, auth: validate } = this.#protocol;
    const proof = await this.#proof();
    if (validate !== undefined && proof !== undefined) {
      const violations = this.#encoder.violations(validate, proof, 2, null);
      if (violations.length > 0) {
        const words = `the proof of who the client is does not fit: ${violations.map(formatViolation).join('; ')}`;
        this.#end(new SessionRefusedError('INVALID', words, undefined, violations));
      }
    }
    return this.#encoder.session('hello', { version, hash, ...(proof !== undefined && { auth: proof }) });
  }

  async #proof(): Promise<unknown> {
    const { auth, token } = this.#options;
    const [proof, bearer] = await Promise.all([resolve(auth), resolve(token)]);
    return bearer === undefined ? proof : { ...(proof as object | undefined), token: bearer };
  }

  #opened(): void {
    this.#channels.opened();
    this.#outbound.flush();
    const { version, hash } = this.#protocol;
    if (this.#encoder.tag('hello') === null) this.#isReady({ version, hash });
    else if (this.#early !== undefined) this.#isReady(this.#early);
  }

  #isReady(ready: Ready): void {
    if (this.#welcome) return; // nothing a server repeats begins anything anew
    this.#early = ready;
    if (!this.#connection.writable) return;
    this.#early = undefined;
    this.#welcome = this.#wasWelcome = true;
    this.#connection.ready();
    this.#resolveReady(ready);
    this.state.set({ status: 'connected' });
    const { name, version, hash } = this.#protocol;
    if (ready.hash !== undefined && ready.hash !== hash) {
      const words =
        `this client was generated from ${name} ${version} (${hash}) and the server from ` +
        `${ready.version} (${ready.hash}). Generate the older end anew, from the protocol.yaml of the newer.`;
      this.#warnings.warn('skew', words);
      const theirs = { version: ready.version, hash: ready.hash };
      this.#events.emit('skew', { client: { version, hash }, server: theirs, message: `handfast: ${words}` });
    }
    this.#events.emit('open', ready);
  }

  #closed(closed: ConnectionClosed): void {
    const { closeCodes } = this.#connection;
    const { code, reason, final } = closed;
    const isNo = isRefusal(code, closeCodes);
    const refused = !this.#welcome && (this.#refused || isNo);
    this.#welcome = false;
    this.#early = undefined;
    if (final) this.#over ??= { code: 'CLOSED', message: reason || `the connection was closed with ${code}` };
    const over = final ? this.#over : undefined;
    this.#channels.lost();
    if (over !== undefined) this.#channels.loseAll(over);
    // What was too large once is so again.
    this.#outbound.lost(refused, code !== closeCodes.tooLarge);
    if (over !== undefined) {
      this.#sleep();
      this.#outbound.failAll(over);
      this.#rejectReady(isNo ? new SessionRefusedError(code, over.message) : new CallFailedError(over));
    }
    const waiting = this.#wasWelcome ? 'reconnecting' : 'connecting';
    this.state.set({ status: final ? 'closed' : waiting, closed });
    this.#events.emit('close', closed);
    if (!final) return;
    this.#events.clear();
    this.#messages.clear();
  }

  /** The server's no, or our own: nothing is tried again. */
  #end(refused: SessionRefusedError): void {
    const { version, unauthorized } = this.#connection.closeCodes;
    this.#over = { code: 'CLOSED', message: refused.message };
    this.#refused = true;
    this.#rejectReady(refused);
    this.#connection.end(refused.code === 'VERSION' ? version : unauthorized, refused.message);
  }

  // Receiving

  /** How long the message was, in UTF-16 units, that is being taken. */
  #length = 0;

  #received(data: unknown): void {
    const text = typeof data === 'string' ? data : '';
    this.#length = text.length;
    const parsed = parse(text, this.#protocol.depth);
    const decoded = parsed.ok ? read(parsed.value, this.#reader) : parsed;
    const around = decoded.ok ? decoded.value.message : decoded.error;
    const request = this.#outbound.find(around.id);
    if (decoded.ok && request?.answers.includes(decoded.value.incoming) === true) {
      return this.#outbound.answer(request, decoded.value.message, decoded.value.incoming);
    }
    const channel = this.#channels.find(around.channel);
    if (decoded.ok) {
      const { incoming, message } = decoded.value;
      // Its request was cancelled, or timed out.
      const isLate = message.id !== undefined && incoming.channel === undefined && !isOfSession(incoming);
      if (isLate || (channel !== undefined && !this.#channels.count(channel, around))) return;
      return this.#heard(incoming, message, request, channel);
    }
    if (channel !== undefined && !this.#channels.count(channel, around)) return;
    const { error } = decoded;
    if (request !== undefined && this.#isAnswer(error, request)) {
      return this.#outbound.fail(request.id, { code: 'BAD_REPLY', message: error.message, reply: error }, true);
    }
    if (error.kind === 'unknown-type') {
      if (error.id === undefined) this.#events.emit('unhandled', error);
    } else if (!this.#events.emit('invalid', error)) {
      const known = error.type === undefined ? undefined : this.#byTag.get(error.type)?.name;
      this.#warnings.warn(`invalid ${known}`, `a message could not be taken, and there may be more: ${error.message}`);
    }
  }

  /** Whether a message that could not be taken was meant for a request: without ids, only its tag can tell. */
  #isAnswer({ type }: DecodeError, { answers, inOrder }: PendingRequest): boolean {
    return !inOrder || answers.some(answer => tagOf(answer) === (type ?? null));
  }

  /** Takes a message that is not the answer to a request, or is an error. */
  #heard(incoming: Incoming<unknown>, message: Message, request?: PendingRequest, channel?: Membership): void {
    switch (incoming) {
      case sessionMessages.ready:
        return this.#isReady(message.payload as Ready);
      case sessionMessages.refuse: {
        const { code, message: words, side, violations, retryable } = message.payload as Refusal;
        if (retryable !== true) return this.#end(new SessionRefusedError(code, words, side, violations));
        // No for now: what was written behind the hello was not looked at, and goes with the next one.
        this.#refused = true;
        this.#connection.refused(words);
        this.#refused = false;
        return;
      }
      case failure:
      case sessionMessages.error: {
        const error = callError(wireError(message.payload), request?.errors ?? []);
        if (request !== undefined) return this.#outbound.fail(request.id, error, true);
        if (message.id !== undefined) return;
        return this.#report(`error ${error.code}`, new CallFailedError(error as Failure), 'the server reports an error');
      }
      case sessionMessages.gap: {
        const { channel: key, ...gap } = message.payload as ChannelGap;
        return this.#channels.miss(key, gap);
      }
      case sessionMessages.ping: {
        const pong = this.#encoder.session('pong');
        return pong === null ? undefined : this.#outbound.pong(pong);
      }
      case sessionMessages.pong:
        return;
    }
    const isHeard = channel !== undefined && this.#channels.hear(channel, message);
    if (this.#messages.emit(message.type, message) || isHeard) return;
    this.#events.emit('unhandled', message);
  }

  #learn(message: Incoming<unknown>): void {
    learn(message, this.#protocol.envelope.server, this.#byTag, this.#own);
  }

  /** Reports an error that nobody waits for and that is no mistake of the application's. */
  #report(kind: string, error: unknown, words: string): void {
    if (!this.#events.emit('error', error)) this.#warnings.warn(kind, `${words}: ${String(error)}`);
  }

  /** Reports what a listener threw; if nobody listens for that, to the platform. */
  #threw(error: unknown): void {
    const isOfListener = this.#isThrowing; // one of `error` itself is not asked again
    this.#isThrowing = true;
    const isHeard = !isOfListener && this.#events.emit('error', error);
    this.#isThrowing = isOfListener;
    if (isHeard) return;
    queueMicrotask(() => {
      throw error;
    });
  }
}

function resolve<T>(source: ValueOrProvider<T> | undefined): T | Promise<T> | undefined {
  return typeof source === 'function' ? (source as () => T | Promise<T>)() : source;
}

/** Whether a message is one of the session's own. */
function isOfSession(incoming: Incoming<unknown>): boolean {
  return incoming === failure || Object.values(sessionMessages).some(own => own === incoming);
}
