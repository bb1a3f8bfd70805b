// A server of the chat protocol as far as sessions and rooms go, behind a slow network that loses connections. It has one client.

import { api } from './setup.js';

/** How long a session without a connection is kept, in milliseconds. */
const KEPT = 60_000;

/** What counts for resuming. */
const isCounted = ({ type }) => !['hello', 'ready', 'refuse', 'ping', 'pong', 'received'].includes(type);

export class ModelServer {
  /** From then on every request is granted at once, and no connection is lost. */
  calm = false;
  /** The rooms' last numbers. */
  #numbers = new Map();
  #tokens = 0;
  #session;
  #connection;
  #downUntil = 0;
  #clock;
  #random;
  #count;

  /** `count` learns what happens. */
  constructor(clock, random, count) {
    this.#clock = clock;
    this.#random = random;
    this.#count = count;
  }

  #below(bound) {
    return Math.floor(this.#random() * bound);
  }

  transport = (_url, _subprotocol, events) => {
    const { now, after } = this.#clock;
    const isDown = !this.calm && (now() < this.#downUntil || this.#below(12) === 0);
    const connection = { events, isOpen: true, packets: this.calm ? Infinity : 6 + this.#below([10, 40, 100, 300][this.#below(4)]), last: 0 };
    if (isDown) after(5, () => this.#lose(connection));
    else {
      this.#connection = connection;
      after(this.#delay(), () => connection.isOpen && events.opened());
    }
    return {
      send: packet => this.#carry(connection, () => this.#heard(connection, JSON.parse(packet))),
      close: () => {
        connection.isOpen = false;
        this.#session = undefined;
      },
      buffered: () => 0,
    };
  };

  #delay() {
    return this.#below([1, 1, 5, 40][this.#below(4)]);
  }

  /** Has a packet arrive, unless the connection is lost before. */
  #carry(connection, arrive) {
    const { now, after } = this.#clock;
    connection.last = Math.max(connection.last, now() + this.#delay());
    after(connection.last - now(), () => {
      if (!connection.isOpen) return;
      if (connection.packets-- > 0 || this.calm) return arrive();
      if (this.#below(15) === 0) this.#downUntil = now() + 2 * KEPT;
      this.#lose(connection);
    });
  }

  #lose(connection) {
    if (!connection.isOpen) return;
    connection.isOpen = false;
    if (this.#connection === connection) {
      this.#connection = undefined;
      if (this.#session) Object.assign(this.#session, { until: this.#clock.now() + KEPT, isReady: false });
    }
    connection.events.closed(1006, '');
  }

  /** Forgets the session, and closes its connection. */
  endSession() {
    this.#session = undefined;
    if (this.#connection) this.#lose(this.#connection);
  }

  #write(message) {
    const connection = this.#connection;
    if (connection) this.#carry(connection, () => connection.events.received(JSON.stringify(message)));
  }

  #say(session, message) {
    if (session !== this.#session) return;
    session.sent.push(message);
    if (session.isReady) this.#write(message);
  }

  #heard(connection, message) {
    if (connection !== this.#connection) return;
    if (message.type === 'hello') return this.#greet(message.payload);
    if (message.type === 'ping') return this.#write({ type: 'pong' });
    if (!isCounted(message)) return;
    const session = this.#session;
    session.received++;
    session.requests.push(message);
    if (session.requests.length === 1) this.#handle(session);
  }

  #greet({ resume }) {
    const { version, hash } = api.protocol;
    const token = `token-${++this.#tokens}`;
    const kept = this.#session;
    const resumed = kept !== undefined && resume?.session === kept.token && this.#clock.now() < (kept.until ?? Infinity);
    this.#session = resumed ? kept : { received: 0, sent: [], rooms: new Set(), requests: [] };
    Object.assign(this.#session, { token, until: undefined, isReady: true });
    this.#count(resumed ? 'resumed' : 'new session');
    this.#write({ type: 'ready', payload: { version, hash, session: token, received: this.#session.received, ...(resumed && { resumed }) } });
    if (resumed) for (const message of this.#session.sent.slice(resume.received)) this.#write(message);
  }

  /** Handles the requests of a session in order. */
  #handle(session) {
    const wait = this.calm ? 0 : [0, 0, 0, this.#below(40), this.#below(8000)][this.#below(5)];
    this.#clock.after(wait, () => {
      if (session !== this.#session) return;
      const request = session.requests[0];
      this.#answer(session, request);
      session.requests.shift();
      if (session.requests.length > 0) this.#handle(session);
    });
  }

  #answer(session, { type, id, payload }) {
    const channel = `room:${payload.roomId}`;
    const refuse = error => this.#say(session, { type: 'error', id, payload: { message: 'no', ...error } });
    if (type === 'room.leave') {
      session.rooms.delete(channel);
      return this.#say(session, { type: 'room.left', id });
    }
    if (type !== 'room.join') throw new Error(`what is ${type}?`);
    const whim = this.calm ? 20 : this.#below(20);
    if (whim < 2) return refuse({ code: 'NOT_ALLOWED' });
    if (whim < 4) return refuse({ code: 'ROOM_FULL', retryable: true, data: { limit: 1 } });
    const isUnknown = whim === 4;
    if (!isUnknown || this.#below(2) === 0) session.rooms.add(channel);
    if (isUnknown) return refuse({ code: 'TIMEOUT' });
    this.#say(session, { type: 'room.joined', payload: { topic: null }, id, channel, ...this.#position(channel) });
  }

  #position(channel) {
    return { seq: this.#numbers.get(channel) ?? 0, epoch: 'k3J9' };
  }

  has(channel) {
    return this.#session?.rooms.has(channel) ?? false;
  }

  add(channel) {
    const session = this.#session;
    if (!session || session.rooms.has(channel)) return;
    this.#count('added');
    session.rooms.add(channel);
    this.#say(session, { type: 'join', payload: { channel }, channel, ...this.#position(channel) });
  }

  remove(channel) {
    if (!this.#session?.rooms.delete(channel)) return;
    this.#count('removed');
    this.#say(this.#session, { type: 'leave', payload: { channel }, channel });
  }

  publish(channel, text) {
    const seq = (this.#numbers.get(channel) ?? 0) + 1;
    this.#numbers.set(channel, seq);
    if (this.has(channel)) this.#say(this.#session, { type: 'chat.message', payload: { from: 'bob', text }, channel, seq });
  }
}
