// Stand-ins for time and for the server, so that nothing here sleeps or opens a port.

/** Time that moves when it is told to, and chance that is always the same. */
export class FakeClock {
  #now = 0;
  #timers = new Set();
  chance = 0.5;

  now = () => this.#now;
  random = () => this.chance;

  after = (milliseconds, callback) => {
    const timer = { at: this.#now + milliseconds, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** How many timers run. */
  get timers() {
    return this.#timers.size;
  }

  /** Lets time pass, and the promises that hang on it settle. */
  async pass(milliseconds) {
    const until = this.#now + milliseconds;
    for (;;) {
      const due = [...this.#timers].filter(timer => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
      await settled();
    }
    this.#now = until;
  }
}

/** Resolves when every promise that can settle has. */
export const settled = () => new Promise(resolve => setImmediate(resolve));

/** The server's end of a client's connections. */
export class FakeServer {
  /** What came on each connection, parsed. */
  connections = [];
  #events;
  hash;

  constructor(hash) {
    this.hash = hash;
  }

  transport = (url, subprotocol, events) => {
    this.#events = events;
    const connection = { url, subprotocol, heard: [], closed: undefined };
    this.connections.push(connection);
    return {
      send: text => connection.heard.push(JSON.parse(text)),
      close: (code, reason) => (connection.closed = { code, reason }),
    };
  };

  get connection() {
    return this.connections.at(-1);
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

  async say(message) {
    this.#events.received(typeof message === 'string' ? message : JSON.stringify(message));
    await settled();
  }

  async drop(code = 1006, reason = '') {
    this.#events.closed(code, reason);
    await settled();
  }
}
