// Does with the TypeScript client what the runner of the scenarios orders, on any platform, and reports what comes of it.

import * as api from './api.ts';

/** A clock that stands still while the program sleeps, and finds that much time has gone by when it wakes. */
class Clock {
  #skipped = 0;
  #isAsleep = false;
  #slept = 0;
  #timers = new Set();

  now() {
    return performance.now() + this.#skipped;
  }

  after(milliseconds, callback) {
    const timer = { due: this.now() + milliseconds, callback };
    timer.id = setTimeout(() => this.#fire(timer), milliseconds);
    this.#timers.add(timer);
    return () => this.#remove(timer);
  }

  random() {
    return Math.random();
  }

  #remove(timer) {
    clearTimeout(timer.id);
    return this.#timers.delete(timer);
  }

  #fire(timer) {
    if (!this.#isAsleep && this.#remove(timer)) timer.callback();
  }

  sleep() {
    this.#isAsleep = true;
    this.#slept = performance.now();
  }

  wake(virtual) {
    this.#isAsleep = false;
    this.#skipped += Math.max(0, virtual - (performance.now() - this.#slept));
    const due = [...this.#timers].filter(timer => timer.due <= this.now());
    for (const timer of due.sort((a, b) => a.due - b.due)) this.#fire(timer);
  }
}

const outcomeOf = (result, isRight = () => true) => {
  if (!result.ok) return result.error.code;
  return isRight(result.value) ? 'ok' : `the answer ${JSON.stringify(result.value)}`;
};

/** One client. The orders are its methods. */
class Seat {
  #name;
  #report;
  #WebSocket;
  #clock = new Clock();
  #client;
  #subscriptions = new Map();

  constructor(name, report, WebSocket) {
    this.#name = name;
    this.#report = report;
    this.#WebSocket = WebSocket;
  }

  connect({ url, lasts }) {
    const options = {
      auth: () => ({ name: this.#name, ...(lasts !== null && { lasts }) }),
      clock: this.#clock,
      ...(this.#WebSocket && { WebSocket: this.#WebSocket }),
    };
    const confirm = ({ n }) => {
      this.#report({ event: 'asked', n });
      return { n };
    };
    const client = api.connect(url, { ...options, handlers: { confirm } });
    this.#client = client;
    let last = 'connecting';
    client.state.subscribe(({ status, closed }) => {
      if (status === last) return;
      last = status;
      this.#report({ event: 'state', status, code: status === 'closed' ? closed?.code : null });
    });
    client.ready.catch(error => this.#problem('ready', error));
    for (const event of ['error', 'invalid', 'unhandled']) client.on(event, what => this.#problem(event, what));
  }

  #problem(event, what) {
    this.#report({ event: 'problem', words: `${event}: ${what?.stack ?? JSON.stringify(what)}` });
  }

  join({ channel: key }) {
    const [kind, name] = key.split(':');
    const [channel, message] = kind === 'hall' ? [api.hallChannel, api.hallSaid] : [api.roomChannel, api.roomSaid];
    const report = (event, what) => this.#report({ event, channel: key, ...what });
    const setup = subscription => {
      this.#subscriptions.set(key, subscription);
      subscription.on(message, ({ n }) => report('message', { n }));
      subscription.on('gap', ({ reason = null }) => report('gap', { reason }));
      subscription.on('lost', ({ code }) => report('lost', { code }));
    };
    this.#client.join(channel, { name }, setup).then(
      () => report('joined'),
      error => report('lost', { code: error.error?.code ?? String(error) }),
    );
  }

  leave({ channel }) {
    void this.#subscriptions.get(channel)?.leave();
  }

  put({ n, room, does }) {
    this.#call(api.put, n, { n, ...(room !== null && { room }), ...(does !== null && { does }) });
  }

  get({ n }) {
    this.#call(api.get$, n, { n });
  }

  async #call(request, n, payload) {
    const result = await this.#client.call(request, payload);
    this.#report({ event: 'ended', n, outcome: outcomeOf(result, value => value.n === n) });
  }

  note({ n }) {
    const result = this.#client.send(api.note, { n });
    if (!result.ok) this.#problem('note', result.error);
  }

  async watch({ stream: name, count }) {
    const stream = this.#client.stream(api.ticksWatch, { count });
    const items = async () => {
      for await (const { n } of stream) this.#report({ event: 'item', stream: name, n });
    };
    await items().catch(() => {}); // it is how the stream ends
    this.#report({ event: 'stream-ended', stream: name, outcome: outcomeOf(await stream.end) });
  }

  retry() {
    this.#client.retryNow();
  }

  async refresh() {
    const outcome = await this.#client.refreshAuth().then(
      () => 'ok',
      error => error.error?.code ?? String(error),
    );
    this.#report({ event: 'refreshed', outcome });
  }

  sleep() {
    this.#clock.sleep();
  }

  wake({ virtual_ms }) {
    this.#clock.wake(virtual_ms);
  }

  close() {
    this.#client?.close();
  }
}

/** Takes orders from a socket until it is closed. */
export function serve(socket, WebSocket) {
  const runs = new Map();
  return new Promise(resolve => {
    socket.onclose = resolve;
    socket.onmessage = ({ data }) => {
      const { run, client, do: what, ...order } = JSON.parse(data);
      let seats = runs.get(run);
      if (what === 'end') {
        for (const seat of seats?.values() ?? []) seat.close();
        runs.delete(run);
        return;
      }
      if (seats === undefined) runs.set(run, (seats = new Map()));
      const report = event => socket.readyState === 1 && socket.send(JSON.stringify({ run, client, ...event }));
      let seat = seats.get(client);
      if (seat === undefined) seats.set(client, (seat = new Seat(client, report, WebSocket)));
      try {
        seat[what](order);
      } catch (error) {
        report({ event: 'problem', words: `${what}: ${error?.stack ?? error}` });
      }
    };
  });
}
