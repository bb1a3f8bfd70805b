// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { noPayload } from './check.js';
import { systemClock } from './clock.js';
import { Connection, FINAL, type Closed } from './connection.js';
import { isDeeper, parse, read, type Reader } from './decode.js';
import { tagOf } from './descriptor.js';
import type {
  Channel,
  ErrorDescriptor,
  Incoming,
  Message,
  Outgoing,
  Protocol,
  Request,
  Role,
  StreamRequest,
} from './descriptor.js';
import { writeMessage, type Address, type Envelope, type Id, type Tag } from './envelope.js';
import { Refused, type CallError, type DeclaredError, type DecodeError, type RuntimeError } from './errors.js';
import type { ClientEvents } from './events.js';
import { Listeners, type Off } from './listeners.js';
import type { CallOptions, ConnectOptions, Source } from './options.js';
import { fail, violationsOf, violationsUnder, wording, type Check, type Report, type Violation } from './report.js';
import { Requests, type PendingRequest } from './requests.js';
import { err, Failed, ok, type Failure, type Result } from './result.js';
import { Room, type AnyRoom } from './room.js';
import {
  callError,
  checkChannelKey,
  failure,
  sessionMessages,
  wireError,
  type ChannelKey,
  type ChannelGap,
  type Ready,
  type Refusal,
} from './session.js';
import { Stream } from './stream.js';
import { webSocket } from './transport.js';

type Args<Payload, Options> = [Payload] extends [undefined]
  ? [payload?: undefined, options?: Options]
  : [payload: Payload, options?: Options];

/** Calls it, hears it, and keeps the connection to it. Made by the `connect` of a protocol. */
export class Client<Auth = never> {
  /**
   * The server's welcome. Rejects with {@link Refused} where the server refuses, and with {@link Failed} where the
   * client is closed before. Calls need not wait for it.
   */
  readonly ready: Promise<Ready>;
  readonly #protocol: Protocol<Auth>;
  readonly #options: ConnectOptions<Auth>;
  readonly #connection: Connection;
  readonly #requests: Requests;
  readonly #rooms = new Map<string, AnyRoom>();
  /** Each join that succeeded or may yet, so that a channel is joined once. */
  readonly #joins = new Map<string, Promise<unknown>>();
  readonly #rejoin = new Map<string, () => void>();
  readonly #events: Listeners<ClientEvents> = new Listeners(error => this.#threw(error));
  readonly #messages: Listeners<Record<string, Message>> = new Listeners(error => this.#threw(error));
  readonly #byTag = new Map<Tag, Incoming<unknown>>();
  readonly #reader: Reader;
  /** Messages without a reply that wait for a connection. */
  readonly #unsent: string[] = [];
  #resolveReady!: (ready: Ready) => void;
  #rejectReady!: (error: Error) => void;
  #lastId = 0;
  /** Whether the server has welcomed this client on the connection there is. */
  #welcome = false;
  #warned = false;
  /** Whether the server, or this client itself, said no to the session. */
  #refused = false;
  /** Why nothing can be sent any more. */
  #over: RuntimeError | undefined;

  constructor(protocol: Protocol<Auth>, url: string | URL, options: ConnectOptions<Auth> = {}) {
    const { clock = systemClock, reconnect = true, transport = webSocket(options.WebSocket) } = options;
    this.#protocol = protocol;
    this.#options = options;
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    this.ready.catch(() => {}); // the `close` event tells those who do not ask
    this.#requests = new Requests(clock, protocol.envelope.server.correlate);
    this.#reader = {
      envelope: protocol.envelope.server,
      lookup: tag => this.#byTag.get(tag),
      pending: id => this.#requests.find(id)?.answers,
      failure,
    };
    for (const message of Object.values(sessionMessages)) {
      const tag = this.#roleTag(message.name as Role);
      if (tag !== null) this.#byTag.set(tag, message);
    }
    this.#connection = new Connection(
      { url: String(url), protocol, connect: transport, clock, reconnect },
      {
        hello: () => this.#hello(),
        ping: this.#roleText('ping'),
        opened: () => this.#opened(),
        received: data => this.#received(data),
        closed: closed => this.#closed(closed),
        failed: error => this.#threw(error),
      },
    );
    this.#connection.start();
  }

  /**
   * Sends a request and waits for its reply. The result never rejects: errors that the message declares and those of
   * the runtime are told apart by `code`. Before there is a connection, it waits for one.
   */
  call<P, R, E extends DeclaredError>(
    request: Request<P, R, E>,
    ...[payload, options]: Args<P, CallOptions>
  ): Promise<Result<R, CallError<E>>> {
    return this.#call(request, payload, options?.timeout);
  }

  #call<R, E extends DeclaredError>(
    request: Request<unknown, R, E>,
    payload: unknown,
    timeout?: number | null,
    answered?: (message: Message) => void,
  ): Promise<Result<R, CallError<E>>> {
    return new Promise(resolve => {
      this.#ask(request, payload, timeout, [request.reply], {
        answered: message => {
          answered?.(message);
          resolve(ok(message.payload as R));
          return true;
        },
        failed: error => resolve(err(error as CallError<E>)),
      });
    });
  }

  /**
   * Sends a request that is answered with a stream. Once it was sent, the stream fails when the connection is lost. A
   * stream that has no end message goes on until then, or until it fails or is cancelled.
   */
  stream<P, A, I, N, E extends DeclaredError>(
    request: StreamRequest<P, A, I, N, E>,
    ...[payload, options]: Args<P, CallOptions>
  ): Stream<A, I, N, E> {
    const { ack, stream: item, end, cancel } = request;
    let id: Id | undefined;
    const stream = new Stream<A, I, N, E>(() => {
      if (id === undefined) return;
      const wasWritten = this.#requests.isWritten(id);
      this.#requests.abandon(id);
      if (wasWritten && cancel !== undefined) this.#write(cancel, undefined, { id });
    });
    const answers = [item, ...(ack ? [ack] : []), ...(end ? [end] : [])];
    // What a stream has brought is not brought again.
    id = this.#ask({ ...request, idempotent: false }, payload, options?.timeout, answers, {
      answered: (message, incoming) => {
        if (incoming === item) stream.push(message.payload as I);
        else if (incoming === ack) stream.acknowledge(message.payload as A);
        else stream.complete(message.payload as N);
        return incoming === end;
      },
      failed: error => stream.fail(error as CallError<E>),
    });
    return stream;
  }

  /** Sends a message that has no reply. Before there is a connection, it waits for one, unless it is volatile. */
  send<P>(
    message: Outgoing<P> & { readonly reply?: never; readonly stream?: never },
    ...[payload]: Args<P, never>
  ): Result<undefined, RuntimeError> {
    return this.#write(message, payload, {});
  }

  /** Hears what happens to the connection. Returns what ends that. */
  on<E extends keyof ClientEvents>(event: E, listener: (told: ClientEvents[E]) => void): Off;
  /** Hears a message of the server's that answers nothing. Returns what ends that. */
  on<P>(message: Incoming<P>, listener: (payload: P, message: Message<string, P>) => void): Off;
  on<P>(
    what: Incoming<P> | keyof ClientEvents,
    listener: ((payload: P, message: Message<string, P>) => void) | ((told: never) => void),
  ): Off {
    if (typeof what === 'string') return this.#events.on(what, listener as (told: unknown) => void);
    this.#learn(what);
    const hear = listener as (payload: P, message: Message<string, P>) => void;
    return this.#messages.on(what.name, message => hear(message.payload as P, message as Message<string, P>));
  }

  /**
   * Joins a channel, or hands out the room where it has been joined already. After a loss of the connection it is
   * joined again by itself.
   *
   * @param setup is called before the request is sent, so that no message is missed by what it registers.
   * @throws {Failed} with the error of the join.
   */
  async join<Name extends string, Params, Joined, E extends DeclaredError>(
    channel: Channel<Name, Params, Joined, E>,
    params: NoInfer<Params>,
    setup?: (room: Room<Name, Joined>) => void,
  ): Promise<Room<Name, Joined>> {
    const key = channel.key(params);
    const known = this.#joins.get(key) as Promise<Room<Name, Joined>> | undefined;
    if (known !== undefined) {
      const room = await known;
      setup?.(room);
      return room;
    }
    const join = this.#join(key, channel, params, setup);
    this.#joins.set(key, join);
    try {
      return await join;
    } catch (error) {
      this.#joins.delete(key);
      throw error;
    }
  }

  async #join<Name extends string, Params, Joined, E extends DeclaredError>(
    key: string,
    channel: Channel<Name, Params, Joined, E>,
    params: Params,
    setup?: (room: Room<Name, Joined>) => void,
  ): Promise<Room<Name, Joined>> {
    const own: ChannelKey = { channel: key };
    const request = (channel.join ?? this.#ownRequest('join')) as Request<unknown, Joined, E>;
    const leaving = (channel.leave ?? this.#ownRequest('leave')) as Request<unknown, unknown, DeclaredError>;
    const room: Room<Name, Joined> = new Room(key, {
      send: (message, payload, to) => this.#write(message, payload, { channel: to }),
      learn: message => this.#learn(message),
      threw: error => this.#threw(error),
      leave: () => {
        this.#forget(key);
        return this.#call(leaving, channel.leave ? pick(params, channel.params) : own);
      },
    });
    setup?.(room);
    // One that breaks off with its connection is made anew on the next, not sent again.
    const enter = (again: boolean): Promise<Result<Joined, CallError<E>>> =>
      this.#call(
        again ? { ...request, idempotent: false } : request,
        channel.join ? params : own,
        again ? null : undefined,
        message => {
          room.enter(message.payload as Joined, message, again);
          if (again) return;
          this.#rooms.set(key, room);
          this.#rejoin.set(key, () => void rejoin());
        },
      );
    const rejoin = async (): Promise<void> => {
      // An answer may still come late; where none does, the next connection tries again.
      const { clock = systemClock } = this.#options;
      const cancelTimer = clock.after(this.#protocol.session.timeout, () => room.miss({}));
      const joined = await enter(true).finally(cancelTimer);
      if (!joined.ok && joined.error.code !== 'OUTCOME_UNKNOWN') this.#forget(key, joined.error);
    };
    (await enter(false)).orThrow();
    return room;
  }

  /** Ends the connection, fails what is pending, and ends every timer and listener. */
  close(): void {
    this.#connection.end(1000, 'closed by the client');
  }

  // Sending

  #ask(
    request: Outgoing<unknown> & {
      readonly errors: readonly ErrorDescriptor<DeclaredError>[];
      readonly timeout?: number;
      readonly idempotent?: boolean;
    },
    payload: unknown,
    timeout: number | null | undefined,
    answers: readonly Incoming<unknown>[],
    settle: Pick<PendingRequest, 'answered' | 'failed'>,
  ): Id | undefined {
    const { client } = this.#protocol.envelope;
    const id = client.id?.kind === 'integer' ? ++this.#lastId : String(++this.#lastId);
    const text = this.#text(request, payload, { id });
    if (!text.ok) {
      settle.failed(text.error);
      return undefined;
    }
    const { errors, idempotent = false } = request;
    for (const answer of answers) this.#learn(answer);
    const usual = request.timeout ?? this.#options.timeout ?? this.#protocol.session.timeout;
    const wait = timeout === undefined ? usual : timeout;
    this.#requests.add({ id, text: text.value, idempotent, answers, errors, ...settle }, wait);
    if (this.#connection.writable) this.#requests.write(id, text => this.#connection.write(text));
    return id;
  }

  #write(message: Outgoing<unknown>, payload: unknown, address: Address): Result<undefined, RuntimeError> {
    const text = this.#text(message, payload, address);
    if (!text.ok) return text;
    if (this.#connection.writable) this.#connection.write(text.value);
    else if (message.volatile !== true) this.#unsent.push(text.value);
    return ok(undefined);
  }

  /** What keeps a server from taking a value that so many objects of the message lie around. */
  #violations(check: Check<unknown>, payload: unknown, around: number, under: string | null): readonly Violation[] {
    if (isDeeper(payload, this.#protocol.depth - around)) check = tooDeep;
    return under === null ? violationsOf(check, payload, 'sent') : violationsUnder(check, payload, 'sent', under);
  }

  /** The text of a message that a server would take. */
  #text(message: Outgoing<unknown>, payload: unknown, address: Address): Result<string, RuntimeError> {
    if (this.#over !== undefined) return err(this.#over);
    const envelope = message.envelope ?? this.#protocol.envelope.client;
    if (message.send !== noPayload) {
      const { content } = envelope;
      const violations = this.#violations(message.send, payload, content === null ? 0 : 1, content);
      if (violations.length > 0) {
        const words = `the payload of \`${message.name}\` does not fit: ${violations.map(wording).join('; ')}`;
        return err({ code: 'INVALID', message: words, violations });
      }
    }
    const text = this.#raw(envelope, tagOf(message) ?? message.name, payload, address);
    const most = this.#protocol.limits?.message;
    if (most !== undefined && isLonger(text, most)) {
      const words = `\`${message.name}\` has more than ${most} bytes`;
      return err({ code: 'TOO_LARGE', message: words, retryable: false });
    }
    return ok(text);
  }

  #raw(envelope: Envelope, tag: Tag, payload: unknown, address: Address): string {
    return writeMessage(envelope, tag, payload, { ...address, version: parseInt(this.#protocol.version, 10) });
  }

  #roleTag(role: Role): Tag | null {
    const tag = this.#protocol.roles?.[role];
    return tag === undefined ? role : tag;
  }

  #roleText(role: Role, payload?: unknown): string | null {
    const tag = this.#roleTag(role);
    return tag === null ? null : this.#raw(this.#protocol.envelope.client, tag, payload, {});
  }

  #ownRequest(role: 'join' | 'leave'): Request<ChannelKey, ChannelKey> {
    const tag = this.#roleTag(role);
    const reply = { name: role, tag, receive: checkChannelKey };
    return { ...reply, send: checkChannelKey, reply, errors: [], idempotent: true };
  }

  // The session

  async #hello(): Promise<string | null> {
    const { version, hash, auth: check } = this.#protocol;
    const proof = await this.#proof();
    if (check !== undefined && proof !== undefined) {
      const violations = this.#violations(check, proof, 2, null);
      if (violations.length > 0) {
        const words = `the proof of who the client is does not fit: ${violations.map(wording).join('; ')}`;
        this.#end(new Refused('INVALID', words));
      }
    }
    return this.#roleText('hello', { version, hash, ...(proof !== undefined && { auth: proof }) });
  }

  async #proof(): Promise<unknown> {
    const { auth, token } = this.#options;
    const [proof, bearer] = await Promise.all([resolve(auth), resolve(token)]);
    return bearer === undefined ? proof : { ...(proof as object | undefined), token: bearer };
  }

  #opened(): void {
    for (const rejoin of this.#rejoin.values()) rejoin();
    this.#requests.flush(text => this.#connection.write(text));
    for (const text of this.#unsent.splice(0)) this.#connection.write(text);
    if (this.#roleTag('hello') === null) this.#isReady({ version: this.#protocol.version, hash: this.#protocol.hash });
  }

  #isReady(ready: Ready): void {
    this.#welcome = true;
    this.#connection.ready();
    this.#resolveReady(ready);
    const { name, version, hash } = this.#protocol;
    if (ready.hash !== undefined && ready.hash !== hash) {
      const words =
        `handfast: this client was generated from ${name} ${version} (${hash}) and the server from ` +
        `${ready.version} (${ready.hash}). Generate the older end anew, from the protocol.yaml of the newer.`;
      if (!this.#warned) console.warn(words);
      this.#warned = true;
      const theirs = { version: ready.version, hash: ready.hash };
      this.#events.emit('skew', { client: { version, hash }, server: theirs, message: words });
    }
    this.#events.emit('open', ready);
  }

  #closed(closed: Closed): void {
    const isRefusal = (this.#protocol.finalCloses ?? FINAL).includes(closed.code);
    this.#requests.disconnected(!this.#welcome && (this.#refused || isRefusal));
    this.#welcome = false;
    if (closed.final) {
      const words = closed.reason === '' ? `the connection was closed with ${closed.code}` : closed.reason;
      this.#over ??= { code: 'CLOSED', message: words };
      this.#requests.failAll(this.#over);
      this.#unsent.length = 0;
      for (const key of [...this.#rooms.keys()]) this.#forget(key, this.#over);
      this.#rejectReady(closed.code === 1000 ? new Failed(this.#over) : new Refused(closed.code, words));
    }
    this.#events.emit('close', closed);
    if (!closed.final) return;
    this.#events.clear();
    this.#messages.clear();
  }

  /** The server's no, or our own: nothing is tried again. */
  #end(refused: Refused): void {
    this.#over = { code: 'CLOSED', message: refused.message };
    this.#refused = true;
    this.#rejectReady(refused);
    this.#connection.end(1000, refused.message);
  }

  // Receiving

  #received(data: unknown): void {
    const parsed = parse(typeof data === 'string' ? data : '', this.#protocol.depth);
    const decoded = parsed.ok ? read(parsed.value, this.#reader) : parsed;
    const around = decoded.ok ? decoded.value.message : decoded.error;
    const room = around.channel === undefined ? undefined : this.#rooms.get(around.channel);
    const request = this.#requests.find(around.id);
    if (decoded.ok && request?.answers.includes(decoded.value.incoming) === true) {
      return this.#requests.answer(request, decoded.value.message, decoded.value.incoming);
    }
    if (room?.count(around) === false) return;
    if (decoded.ok) return this.#heard(decoded.value.incoming, decoded.value.message, request, room);
    const { error } = decoded;
    if (request !== undefined && this.#isAnswer(error, request)) {
      return this.#requests.fail(request.id, { code: 'BAD_REPLY', message: error.message, reply: error }, true);
    }
    if (error.kind !== 'unknown-type') this.#events.emit('invalid', error);
    else if (error.id === undefined) this.#events.emit('unhandled', error);
  }

  /** Whether a message that could not be taken was meant for a request: without ids, only its tag can tell. */
  #isAnswer({ type }: DecodeError, { answers }: PendingRequest): boolean {
    const { correlate } = this.#protocol.envelope.server;
    return correlate === 'id' || answers.some(answer => tagOf(answer) === (type ?? null));
  }

  /** Takes a message that is not the answer to a request, or is an error. */
  #heard(incoming: Incoming<unknown>, message: Message, request?: PendingRequest, room?: AnyRoom): void {
    switch (incoming) {
      case sessionMessages.ready:
        return this.#isReady(message.payload as Ready);
      case sessionMessages.refuse: {
        const { code, message: words, side } = message.payload as Refusal;
        return this.#end(new Refused(code, words, side));
      }
      case failure:
      case sessionMessages.error: {
        const error = callError(wireError(message.payload), request?.errors ?? []);
        if (request !== undefined) return this.#requests.fail(request.id, error, true);
        if (message.id === undefined) this.#threw(new Failed(error as Failure));
        return;
      }
      case sessionMessages.gap: {
        const { channel, ...gap } = message.payload as ChannelGap;
        return this.#rooms.get(channel)?.miss(gap);
      }
      case sessionMessages.ping: {
        const pong = this.#roleText('pong');
        if (pong !== null && this.#connection.writable) this.#connection.write(pong);
        return;
      }
      case sessionMessages.pong:
        return;
    }
    if (message.id !== undefined && message.channel === undefined) return; // its request was cancelled, or timed out
    const heardInRoom = room?.hear(message) ?? false;
    if (this.#messages.emit(message.type, message) || heardInRoom) return;
    this.#events.emit('unhandled', message);
  }

  #learn(message: Incoming<unknown>): void {
    const tag = tagOf(message);
    if (tag !== null) this.#byTag.set(tag, message);
  }

  #forget(key: string, error?: CallError<DeclaredError>): void {
    const room = this.#rooms.get(key);
    this.#rooms.delete(key);
    this.#joins.delete(key);
    this.#rejoin.delete(key);
    room?.lose(error);
  }

  /** Tells of an error nobody waits for; where nobody listens either, the platform does. */
  #threw(error: unknown): void {
    if (this.#events.emit('error', error)) return;
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** Some properties of a value; where none are named, all. */
function pick<T>(value: T, names: readonly (keyof T & string)[] | undefined): unknown {
  return names === undefined ? value : Object.fromEntries(names.map(name => [name, value[name]]));
}

/** Whether a text has more than so many bytes in UTF-8. Most are known not to by their length alone. */
function isLonger(text: string, most: number): boolean {
  return text.length * 3 > most && new TextEncoder().encode(text).length > most;
}

function resolve<T>(source: Source<T> | undefined): T | Promise<T> | undefined {
  return typeof source === 'function' ? (source as () => T | Promise<T>)() : source;
}

function tooDeep(_: unknown, report: Report): void {
  fail(report, 'depth', 'is nested too deeply to be checked');
}
