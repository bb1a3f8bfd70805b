// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { Channels, type Membership } from './channels.js';
import { type Clock, systemClock } from './clock.js';
import { isRefusal } from './close-codes.js';
import { Connection, type ConnectionClosed } from './connection.js';
import { parse, read, type Reader, register } from './decode.js';
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
import type { Id, OutgoingFields, Tag } from './envelope.js';
import {
  type CallError,
  type DeclaredError,
  type DecodeError,
  type RuntimeError,
  SessionRefusedError,
} from './errors.js';
import type { ClientEvents } from './events.js';
import { Listeners, type Unsubscribe } from './listeners.js';
import type { CallOptions, ConnectOptions, ValueOrProvider } from './options.js';
import { Outbound, type PendingRequest, type Sending } from './outbound.js';
import { formatViolation } from './report.js';
import { CallFailedError, err, type Failure, ok, type Result } from './result.js';
import type { Subscription, SubscriptionOf } from './subscription.js';
import {
  callError,
  type ChannelGap,
  failure,
  type Ready,
  type Refusal,
  sessionMessages,
  wireError,
} from './session.js';
import { type ClientState, Store } from './state.js';
import { Stream, type StreamOf } from './stream.js';
import { webSocket } from './transport.js';
import { onWake } from './wake.js';
import { Warnings } from './warnings.js';

type Args<Payload, Options> = [Payload] extends [undefined]
  ? [payload?: undefined, options?: Options]
  : [payload: Payload, options?: Options];

/** A request of any kind. */
type AnyRequest = Outgoing<unknown> & {
  readonly errors: readonly ErrorDescriptor<DeclaredError>[];
  readonly timeout?: number;
  readonly idempotent?: boolean;
};

/** A client of a server, which keeps its connection. Created by the `connect` of a protocol. */
export class Client<Auth = never> {
  /**
   * The server's ready message. Rejects with {@link SessionRefusedError} if the server refuses, and with {@link CallFailedError} if the client is
   * closed before that. Calls need not wait for it.
   */
  readonly ready: Promise<Ready>;
  /** The state of the connection: a store for React and Svelte. */
  readonly state: Store<ClientState> = new Store<ClientState>({ status: 'connecting' }, error => this.#reportThrown(error));
  readonly #protocol: Protocol<Auth>;
  readonly #options: ConnectOptions<Auth>;
  readonly #clock: Clock;
  readonly #connection: Connection;
  readonly #encoder: Encoder;
  readonly #outbound: Outbound;
  readonly #channels: Channels;
  readonly #events: Listeners<ClientEvents> = new Listeners(error => this.#reportThrown(error));
  readonly #messages: Listeners<Record<string, Message>> = new Listeners(error => this.#reportThrown(error));
  readonly #byTag: Map<Tag, Incoming<unknown>> = new Map();
  readonly #withOwnTag: Incoming<unknown>[] = [];
  readonly #reader: Reader;
  readonly #warnings: Warnings = new Warnings();
  #stopWaking: Unsubscribe = () => {};
  #resolveReady!: (ready: Ready) => void;
  #rejectReady!: (error: Error) => void;
  #lastId = 0;
  /** Whether the session of the current connection is ready. */
  #isReady = false;
  /** Whether any session was ready. */
  #wasReady = false;
  /** A ready message that was received before the hello was written, which may still fail. */
  #earlyReady: Ready | undefined;
  /** Whether the server, or this client itself, refused the session. */
  #refused = false;
  /** Whether the application has closed the client. */
  #isClosing = false;
  /** Whether the listeners of `error` are being called with what another listener threw. */
  #isReportingThrown = false;
  /** Why nothing can be sent any more. */
  #closedError: RuntimeError | undefined;

  /** @throws if there can be no connection: if the address is invalid, or the platform has no WebSocket. */
  constructor(protocol: Protocol<Auth>, url: string | URL, options: ConnectOptions<Auth> = {}) {
    const { clock = systemClock, reconnect = true, transport = webSocket(options.WebSocket) } = options;
    this.#protocol = protocol;
    this.#options = options;
    this.#clock = clock;
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    this.ready.catch(() => {}); // the `close` event reports it as well
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
      own: this.#withOwnTag,
      pending: id => this.#outbound.find(id)?.answers,
      failure,
    };
    this.#channels = new Channels(
      {
        request: (request, payload, sending, answered, failed) =>
          this.#request(request, payload, sending, [request.reply], {
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
        register: message => this.#register(message),
        reportThrown: error => this.#reportThrown(error),
      },
      clock,
      protocol.session,
    );
    this.#connection.start();
    this.#stopWaking = onWake(() => this.#connection.wake());
  }

  /**
   * Sends a request and waits for its reply. The promise never rejects: errors that the message declares and those of
   * the runtime differ by `code`. Without a connection, the request is queued.
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
      this.#request(request, payload, { timeout, signal }, [request.reply], {
        answered: message => {
          resolve(ok(message.payload));
          return true;
        },
        failed: error => resolve(err(error)),
      });
    });
  }

  /**
   * Sends a request that is answered with a stream. Once it is sent, the stream fails if the connection is lost. A stream without
   * an end message continues until then, or until it fails or is cancelled.
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
    // A stream is not restarted. A signal that is aborted already fails it before it is sent.
    const sending = { timeout, signal: signal?.aborted === true ? signal : undefined };
    id = this.#request({ ...request, idempotent: false }, payload, sending, answers, {
      answered: (message, incoming) => {
        if (incoming === item) stream.push(message.payload, this.#textLength);
        else if (incoming === ack) stream.acknowledge(message.payload);
        else stream.complete(message.payload);
        return incoming === end;
      },
      failed: (error, wasWritten) => {
        stream.fail(error, this.#isClosing || error.code === 'CANCELLED');
        // The server still sends what only the client has given up.
        const isOurs = error.code === 'TIMEOUT' || error.code === 'BAD_REPLY';
        if (isOurs && wasWritten === true && cancel !== undefined) this.#write(cancel, undefined, { id: id as Id });
      },
    });
    signal?.addEventListener('abort', abort);
    void stream.end.then(() => signal?.removeEventListener('abort', abort));
    return stream;
  }

  /** Sends a message that has no reply. Without a connection it is queued, unless it is volatile. */
  send<M>(message: Sendable<M>, ...args: Args<PayloadOf<M>, never>): Result<undefined, RuntimeError>;
  send(message: Outgoing<unknown>, payload?: unknown): Result<undefined, RuntimeError> {
    return this.#write(message, payload, {});
  }

  /** Listens to an event of the connection. Returns a function that removes the listener. */
  on<E extends keyof ClientEvents>(event: E, listener: (value: ClientEvents[E]) => void): Unsubscribe;
  /** Listens to a message of the server that is no reply. Returns a function that removes the listener. */
  on<P>(message: Incoming<P>, listener: (payload: P, message: Message<string, P>) => void): Unsubscribe;
  on<P>(
    what: Incoming<P> | keyof ClientEvents,
    listener: ((payload: P, message: Message<string, P>) => void) | ((value: never) => void),
  ): Unsubscribe {
    if (typeof what === 'string') return this.#events.on(what, listener as (value: unknown) => void);
    this.#register(what);
    const deliver = listener as (payload: P, message: Message<string, P>) => void;
    return this.#messages.on(what.name, message => deliver(message.payload as P, message as Message<string, P>));
  }

  /**
   * Subscribes to a channel. Each call returns a subscription of its own; the first one joins the channel at the server, and the
   * last one to leave leaves it. After a loss of the connection the channel is joined again.
   *
   * @param setup is called with the subscription before the request is sent, so that its listeners miss no message.
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
   * Reconnects now, if the client waits to; while connected, pings the server. Called automatically when the network or the page
   * becomes available again.
   */
  retryNow(): void {
    this.#connection.retryNow();
  }

  /**
   * Closes the connection, fails what is pending, and removes every timer and listener. Loops over streams end, and pending joins
   * reject with `CLOSED`, which need not be handled.
   */
  close(): void {
    this.#isClosing = true;
    this.#channels.ignoreRejections();
    this.#connection.end(1000, 'closed by the client');
  }

  // Sending

  #request(
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
    for (const answer of answers) this.#register(answer);
    this.#outbound.request({ id, text: text.value, inOrder, idempotent, answers, errors, ...settle }, sending);
    return id;
  }

  #timeout({ timeout }: Pick<AnyRequest, 'timeout'>): number {
    return timeout ?? this.#options.timeout ?? this.#protocol.session.timeout;
  }

  #write(message: Outgoing<unknown>, payload: unknown, fields: OutgoingFields): Result<undefined, RuntimeError> {
    const text = this.#text(message, payload, fields);
    return text.ok ? this.#outbound.send(text.value, message.volatile === true) : text;
  }

  #text(message: Outgoing<unknown>, payload: unknown, fields: OutgoingFields): Result<string, RuntimeError> {
    return this.#closedError === undefined ? this.#encoder.text(message, payload, fields) : err(this.#closedError);
  }

  // The session

  async #hello(): Promise<string | null> {
    const { version, hash, auth: validate } = this.#protocol;
    const auth = await this.#authPayload();
    if (validate !== undefined && auth !== undefined) {
      const violations = this.#encoder.violations(validate, auth, 2, null);
      if (violations.length > 0) {
        const words = `the auth of who the client is does not fit: ${violations.map(formatViolation).join('; ')}`;
        this.#refuse(new SessionRefusedError('INVALID', words, undefined, violations));
      }
    }
    return this.#encoder.session('hello', { version, hash, ...(auth !== undefined && { auth: auth }) });
  }

  async #authPayload(): Promise<unknown> {
    const [auth, token] = await Promise.all([resolve(this.#options.auth), resolve(this.#options.token)]);
    return token === undefined ? auth : { ...(auth as object | undefined), token };
  }

  #opened(): void {
    this.#channels.opened();
    this.#outbound.flush();
    const { version, hash } = this.#protocol;
    if (this.#encoder.tag('hello') === null) this.#becomeReady({ version, hash });
    else if (this.#earlyReady !== undefined) this.#becomeReady(this.#earlyReady);
  }

  #becomeReady(ready: Ready): void {
    if (this.#isReady) return; // a second ready message changes nothing
    this.#earlyReady = ready;
    if (!this.#connection.writable) return;
    this.#earlyReady = undefined;
    this.#isReady = this.#wasReady = true;
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
    const isRefusedCode = isRefusal(code, closeCodes);
    const refused = !this.#isReady && (this.#refused || isRefusedCode);
    this.#isReady = false;
    this.#earlyReady = undefined;
    if (final) this.#closedError ??= { code: 'CLOSED', message: reason || `the connection was closed with ${code}` };
    const closedError = final ? this.#closedError : undefined;
    this.#channels.disconnected();
    if (closedError !== undefined) this.#channels.loseAll(closedError);
    // A message that was too large once would be so again.
    this.#outbound.lost(refused, code !== closeCodes.tooLarge);
    if (closedError !== undefined) {
      this.#stopWaking();
      this.#outbound.failAll(closedError);
      this.#rejectReady(isRefusedCode ? new SessionRefusedError(code, closedError.message) : new CallFailedError(closedError));
    }
    const waitingStatus = this.#wasReady ? 'reconnecting' : 'connecting';
    this.state.set({ status: final ? 'closed' : waitingStatus, closed });
    this.#events.emit('close', closed);
    if (!final) return;
    this.#events.clear();
    this.#messages.clear();
  }

  /** The server or this client refuses the session for good: no reconnect. */
  #refuse(refused: SessionRefusedError): void {
    const { version, unauthorized } = this.#connection.closeCodes;
    this.#closedError = { code: 'CLOSED', message: refused.message };
    this.#refused = true;
    this.#rejectReady(refused);
    this.#connection.end(refused.code === 'VERSION' ? version : unauthorized, refused.message);
  }

  // Receiving

  /** The length in UTF-16 units of the message that is being processed. */
  #textLength = 0;

  #received(data: unknown): void {
    const text = typeof data === 'string' ? data : '';
    this.#textLength = text.length;
    const parsed = parse(text, this.#protocol.depth);
    const decoded = parsed.ok ? read(parsed.value, this.#reader) : parsed;
    const fields = decoded.ok ? decoded.value.message : decoded.error;
    const request = this.#outbound.find(fields.id);
    if (decoded.ok && request?.answers.includes(decoded.value.incoming) === true) {
      return this.#outbound.answer(request, decoded.value.message, decoded.value.incoming);
    }
    const channel = this.#channels.find(fields.channel);
    if (decoded.ok) {
      const { incoming, message } = decoded.value;
      // A reply whose request was cancelled, or timed out.
      const isLate = message.id !== undefined && incoming.channel === undefined && !isOfSession(incoming);
      if (isLate || (channel !== undefined && !this.#channels.count(channel, fields))) return;
      return this.#dispatch(incoming, message, request, channel);
    }
    if (channel !== undefined && !this.#channels.count(channel, fields)) return;
    const { error } = decoded;
    if (request !== undefined && this.#isAnswer(error, request)) {
      return this.#outbound.fail(request.id, { code: 'BAD_REPLY', message: error.message, reply: error }, true);
    }
    if (error.kind === 'unknown-type') {
      if (error.id === undefined) this.#events.emit('unhandled', error);
    } else if (!this.#events.emit('invalid', error)) {
      const known = error.type === undefined ? undefined : this.#byTag.get(error.type)?.name;
      this.#warnings.warn(`invalid ${known}`, `a message is invalid, and there may be more: ${error.message}`);
    }
  }

  /** Whether a message that could not be decoded is the reply to a request: without ids, its tag decides. */
  #isAnswer({ type }: DecodeError, { answers, inOrder }: PendingRequest): boolean {
    return !inOrder || answers.some(answer => tagOf(answer) === (type ?? null));
  }

  /** Processes a message that is not the reply to a request, or is an error. */
  #dispatch(incoming: Incoming<unknown>, message: Message, request?: PendingRequest, channel?: Membership): void {
    switch (incoming) {
      case sessionMessages.ready:
        return this.#becomeReady(message.payload as Ready);
      case sessionMessages.refuse: {
        const { code, message: words, side, violations, retryable } = message.payload as Refusal;
        if (retryable !== true) return this.#refuse(new SessionRefusedError(code, words, side, violations));
        // Refused for now: the server has not processed what followed the hello, so it is sent again after the next one.
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
        return this.#channels.gap(key, gap);
      }
      case sessionMessages.ping: {
        const pong = this.#encoder.session('pong');
        return pong === null ? undefined : this.#outbound.pong(pong);
      }
      case sessionMessages.pong:
        return;
    }
    const wasDelivered = channel !== undefined && this.#channels.deliver(channel, message);
    if (this.#messages.emit(message.type, message) || wasDelivered) return;
    this.#events.emit('unhandled', message);
  }

  #register(message: Incoming<unknown>): void {
    register(message, this.#protocol.envelope.server, this.#byTag, this.#withOwnTag);
  }

  /** Reports an error that no call waits for and that is no mistake of the application. */
  #report(kind: string, error: unknown, words: string): void {
    if (!this.#events.emit('error', error)) this.#warnings.warn(kind, `${words}: ${String(error)}`);
  }

  /** Reports what a listener threw; without a listener for that, as an uncaught error. */
  #reportThrown(error: unknown): void {
    const isOfListener = this.#isReportingThrown; // a listener of `error` is not called with its own exception
    this.#isReportingThrown = true;
    const wasDelivered = !isOfListener && this.#events.emit('error', error);
    this.#isReportingThrown = isOfListener;
    if (wasDelivered) return;
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
