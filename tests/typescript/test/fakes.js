// Stand-ins for the server, and for time, so that nothing here sleeps or opens a port.

import * as api from '../build/out/api.js';
import { defaultEnvelope } from '../build/out/handfast.js';
import { settled } from '../../bundles/fake-clock.mjs';
import { oracles } from './oracles.js';

export { FakeClock, settled } from '../../bundles/fake-clock.mjs';

/** The encoding in which the tests of the client run, if that is not JSON: `ENCODING=msgpack`. */
const oracle = oracles.find(({ encoding }) => encoding.name === process.env.ENCODING);
Object.assign(api.protocol.subprotocols, { msgpack: 'chat.v1+msgpack', cbor: 'chat.v1+cbor' });

/** The member `envelope` of a protocol whose messages have other envelopes than the default one. */
export const laidOut = ({ client = defaultEnvelope, server = defaultEnvelope }) => ({ client, server });

/** The server's end of a client's connections. */
export class FakeServer {
  /** What came on each connection, parsed. */
  connections = [];
  #events;
  hash;
  /** How much the client's socket holds. */
  buffered = 0;

  constructor(hash) {
    this.hash = hash;
  }

  /** What a client is given to connect to it. */
  options = { transport: (...args) => this.transport(...args), ...(oracle && { encoding: oracle.encoding }) };

  transport = (url, subprotocol, events) => {
    this.#events = events;
    const connection = { url, subprotocol, heard: [], closed: undefined };
    this.connections.push(connection);
    return {
      send: packet => connection.heard.push(oracle === undefined ? JSON.parse(packet) : oracle.decode(packet)),
      close: (code, reason) => (connection.closed = { code, reason }),
      buffered: () => this.buffered,
    };
  };

  get connection() {
    return this.connections.at(-1);
  }

  /** Lets time pass until the client connects again, and takes it. */
  async comeBack(clock, ready) {
    const before = this.connections.length;
    await clock.until(() => this.connections.length > before);
    await this.welcome(ready);
  }

  /** The types of what was heard on the last connection. */
  get types() {
    return this.connection.heard.map(({ type }) => type);
  }

  /** What was heard last on the last connection. */
  get last() {
    return this.connection.heard.at(-1);
  }

  /** Takes the connection and lets the hello come. */
  async accept() {
    this.#events.opened();
    await settled();
  }

  /** Takes the connection and says it is ready. */
  async welcome(ready = {}) {
    await this.accept();
    await this.say({ type: 'ready', payload: { version: '1.2.0', hash: this.hash, session: 's', ...ready } });
  }

  /** A message as it is sent; text that is not JSON is sent as it is. */
  encode(message) {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    try {
      return oracle?.encode(JSON.parse(text)) ?? text;
    } catch {
      return text;
    }
  }

  async say(message) {
    this.#events.received(this.encode(message));
    await settled();
  }

  async drop(code = 1006, reason = '') {
    this.#events.closed(code, reason);
    await settled();
  }
}
