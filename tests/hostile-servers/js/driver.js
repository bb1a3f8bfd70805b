// Does with the TypeScript client what a scenario says, on any platform. `platform` brings what differs: its name, the
// address of the server, a WebSocket where there is none, and how many scenarios run side by side.

import * as api from './api.ts';

/** How long anything that has to happen may take, in milliseconds. */
const PATIENCE = 20_000;

/** How long is waited between two looks, in milliseconds. */
const LOOK = 10;

/** How much may be pending, whatever is asked: `limits.outbound` of the protocol by what each counts for at the least. */
const PENDING = 65_536 / 256;

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

function demand(condition, words) {
  if (!condition) throw new Error(typeof words === 'function' ? words() : words);
}

async function until(condition, what, within = PATIENCE) {
  const end = performance.now() + within;
  for (;;) {
    const found = await condition();
    if (found) return found;
    demand(performance.now() < end, () => `${what()}, after ${within} ms`);
    await sleep(LOOK);
  }
}

async function within(promise, what, ms = PATIENCE) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`${what} takes longer than ${ms} ms`)), ms)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Runs the scenarios that apply, and reports each. */
export async function runAll(scenarios, platform, report) {
  const all = scenarios.filter(({ not }) => !(platform.name in (not ?? {})));
  const one = async scenario => {
    const begun = performance.now();
    let error;
    try {
      await run(scenario, platform);
    } catch (caught) {
      error = String(caught?.message ?? caught);
    }
    report({ name: scenario.name, error, ms: Math.round(performance.now() - begun) });
  };
  const together = all.filter(({ alone }) => !alone);
  const lane = async () => {
    for (let next = together.shift(); next !== undefined; next = together.shift()) await one(next);
  };
  await Promise.all(Array.from({ length: platform.together }, lane));
  for (const scenario of all.filter(({ alone }) => alone)) await one(scenario);
}

async function run(scenario, platform) {
  const runner = new Runner(scenario, platform);
  try {
    if (scenario.start !== 'nothing') runner.connect();
    if ((scenario.start ?? 'connected') === 'connected') await within(runner.client.ready, 'connecting');
    for (const [i, [step, ...rest]] of scenario.client.entries()) {
      try {
        await runner[step](...rest);
      } catch (error) {
        const last = runner.closed === undefined ? '' : `; it was last closed with ${runner.closed}`;
        throw new Error(`step ${i + 1} ${JSON.stringify([step, ...rest])}: ${error?.message ?? error}${last}`);
      }
    }
  } finally {
    for (const client of runner.clients) client.close();
  }
}

/** The steps are its methods. */
class Runner {
  client;
  clients = [];
  status = 'connecting';
  /** What it was last closed with. */
  closed;
  rooms = new Map();
  calls = new Map();
  streams = new Map();
  proofs = 0;

  constructor(scenario, platform) {
    this.scenario = scenario;
    this.platform = platform;
    this.path = `${scenario.name}?run=${platform.name}-${scenario.name}`;
  }

  connect(url = `ws://${this.platform.host}/${this.path}`) {
    const auth = () => {
      const what = this.scenario.auth?.[this.proofs++];
      if (what === 'rejects') return Promise.reject(new Error('there is no proof'));
      return what === 'hangs' ? new Promise(() => {}) : { name: 'ada' };
    };
    const { WebSocket } = this.platform;
    const client = api.connect(url, { auth, ...(WebSocket && { WebSocket }) });
    this.clients.push(client);
    this.client = client;
    client.on('open', () => (this.status = 'connected'));
    client.on('close', closed => {
      this.status = closed.final ? 'closed' : 'reconnecting';
      this.closed = `${closed.code} ${closed.reason}`;
    });
    return client;
  }

  async ask(what, query = '') {
    const { host, name } = this.platform;
    const response = await fetch(`http://${host}/${what}?run=${name}-${this.scenario.name}${query}`);
    return response.json();
  }

  // ---- rooms --------------------------------------------------------------------------------------------------------

  join(handle, room) {
    const abort = new AbortController();
    const entry = { name: room, heard: [], events: new Set(), abort };
    const setup = joined => {
      joined.on(api.roomSaid, ({ n }) => entry.heard.push(n));
      for (const event of ['gap', 'joined', 'lost']) joined.on(event, () => entry.events.add(event));
    };
    entry.joined = this.client.join(api.roomChannel, { room }, setup, { signal: abort.signal });
    // Whether it was awaited is the scenario's affair.
    entry.joined.catch(() => {});
    this.rooms.set(handle, entry);
  }

  async joined(handle) {
    const entry = this.rooms.get(handle);
    entry.room = await within(entry.joined, 'joining');
  }

  async 'join-fails'(handle, codes) {
    const outcome = await within(
      this.rooms.get(handle).joined.then(
        () => 'joined',
        error => error.error?.code ?? String(error),
      ),
      'joining',
    );
    demand(codes.includes(outcome), () => `the join ends with ${outcome}`);
  }

  cancel(handle) {
    this.rooms.get(handle).abort.abort();
  }

  async leave(handle) {
    const result = await within(this.rooms.get(handle).room.leave(), 'leaving');
    demand(result.ok, () => `leaving fails: ${result.error.code}`);
  }

  drop(handle) {
    void this.rooms.get(handle).room.leave();
  }

  async heard(handle, wanted) {
    const { heard } = this.rooms.get(handle);
    await until(() => heard.length >= wanted.length, () => `heard ${JSON.stringify(heard)}`);
    demand(JSON.stringify(heard) === JSON.stringify(wanted), () => `heard ${JSON.stringify(heard)}`);
  }

  async event(handle, event) {
    const { events } = this.rooms.get(handle);
    await until(() => events.has(event), () => `only ${[...events].join(', ') || 'nothing'} was told`);
  }

  never(handle, event) {
    demand(!this.rooms.get(handle).events.has(event), `${event} was told`);
  }

  async dead(handle) {
    const { room, name } = this.rooms.get(handle);
    let result;
    const isClosed = () => {
      result = room.send(api.hint, { room: name, n: 0 });
      return !result.ok && result.error.code === 'CLOSED';
    };
    await until(isClosed, () => `sending to it ends with ${result.ok ? 'success' : result.error.code}`);
  }

  async 'join-many'(count) {
    for (let i = 0; i < count; i++) this.join(`many-${i}`, `r${i}`);
    for (let i = 0; i < count; i++) await this.joined(`many-${i}`);
  }

  'rooms-kept'() {
    const lost = [...this.rooms.values()].filter(({ events }) => events.has('lost'));
    demand(lost.length === 0, () => `${lost.length} rooms are lost`);
  }

  // ---- calls, messages, streams ----------------------------------------------------------------------------------------

  call(handle, n) {
    this.#call(handle, api.echo, n);
  }

  get(handle, n) {
    this.#call(handle, api.get$, n);
  }

  #call(handle, request, n) {
    const abort = new AbortController();
    this.calls.set(handle, { n, abort, result: this.client.call(request, { n }, { signal: abort.signal }) });
  }

  async answered(handle) {
    const { n, result } = this.calls.get(handle);
    const answer = await within(result, 'the call');
    demand(answer.ok, () => `the call fails with ${answer.error.code}: ${answer.error.message}`);
    demand(answer.value.n === n, () => `the answer is ${answer.value.n}`);
  }

  async 'call-fails'(handle, codes) {
    const answer = await within(this.calls.get(handle).result, 'the call');
    const code = answer.ok ? 'success' : answer.error.code;
    demand(codes.includes(code), () => `the call ends with ${code}`);
  }

  async 'call-ends'(handle) {
    await within(this.calls.get(handle).result, 'the call');
  }

  async 'cancel-call'(handle) {
    this.calls.get(handle).abort.abort();
    await this['call-fails'](handle, ['CANCELLED']);
  }

  notes(from, to) {
    for (let n = from; n < to; n++) {
      const result = this.client.send(api.note, { n });
      demand(result.ok, () => `a message cannot be sent: ${result.error.code}`);
    }
  }

  hint(room, n) {
    // Whether it is dropped is not told.
    this.client.send(api.hint, { room, n });
  }

  async flood(count, pad) {
    const text = 'x'.repeat(pad);
    let refused = 0;
    for (let n = 1; n <= count; n++) {
      const result = this.client.send(api.note, pad === 0 ? { n } : { n, text });
      if (!result.ok) {
        demand(result.error.code === 'QUEUE_FULL', () => `a message is refused with ${result.error.code}`);
        refused++;
      }
      // Lets the socket tell how much of it is still here.
      if (n % 1000 === 0) await sleep(0);
    }
    demand(refused > 0, `${count} messages were taken`);
  }

  async 'call-many'(count) {
    const codes = {};
    let pending = count;
    for (let n = 0; n < count; n++) {
      void this.client.call(api.echo, { n }).then(result => {
        pending--;
        const code = result.ok ? 'ok' : result.error.code;
        codes[code] = (codes[code] ?? 0) + 1;
      });
    }
    await until(() => pending <= PENDING, () => `${pending} calls are pending`, 5000);
    demand(codes.QUEUE_FULL === count - pending, () => `calls end with ${JSON.stringify(codes)}`);
    this.client.close();
    await until(() => pending === 0, () => `${pending} calls are pending after close`);
  }

  stream(handle) {
    const stream = this.client.stream(api.ticksWatch);
    this.streams.set(handle, { stream, items: stream[Symbol.asyncIterator](), taken: 0 });
  }

  async take(handle, count, ms = PATIENCE) {
    const entry = this.streams.get(handle);
    const taking = async () => {
      const target = entry.taken + count;
      while (entry.taken < target) {
        const { done, value } = await entry.items.next();
        demand(!done, () => `the stream is over after ${entry.taken}`);
        demand(value.n === entry.taken, () => `item ${entry.taken} is ${value.n}`);
        entry.taken++;
      }
    };
    await within(taking(), `taking ${count}`, ms).catch(error => {
      throw new Error(`${error.message} (${entry.taken} were taken)`);
    });
  }

  stop(handle) {
    this.streams.get(handle).stream.cancel();
  }

  async 'stream-ends'(handle, codes) {
    const end = await within(this.streams.get(handle).stream.end, 'the end of the stream');
    const code = end.ok ? null : end.error.code;
    demand(codes.includes(code), () => `the stream ends with ${code}`);
  }

  // ---- the client ------------------------------------------------------------------------------------------------------

  async state(wanted, ms = PATIENCE) {
    await until(() => this.status === wanted, () => `it is ${this.status}`, ms);
    const told = this.client.state?.get().status;
    demand(told === wanted, () => `\`state\` says ${told}`);
  }

  async seen({ type, count, connections }, ms = PATIENCE) {
    let seen;
    const is = async () => {
      seen = await this.ask('seen');
      return type === undefined ? seen.connections.length >= connections : (seen.counts[type] ?? 0) >= count;
    };
    await until(is, () => `the server saw ${seen.connections.length} connections, ${JSON.stringify(seen.counts)}`, ms);
  }

  async release(name) {
    await this.ask('release', `&name=${name}`);
  }

  close() {
    this.client.close();
  }

  retry() {
    this.client.retryNow();
  }

  block(ms) {
    for (const end = performance.now() + ms; performance.now() < end; );
  }

  during(ms) {
    return sleep(ms);
  }

  // ---- beginnings --------------------------------------------------------------------------------------------------------

  async refused(code, violations) {
    const client = this.connect();
    const error = await within(
      client.ready.then(
        () => undefined,
        error => error,
      ),
      'the refusal',
    );
    demand(error?.code === code, () => `it ends with ${error}`);
    demand((error.violations ?? []).length === violations, () => `it has ${error.violations?.length} violations`);
    await this.state('closed');
    demand(client.state.get().closed.code === 4401, () => `the close is told as ${client.state.get().closed.code}`);
  }

  #address(template) {
    return template.replace('{host}', this.platform.host).replace('{path}', this.path);
  }

  async usable(template) {
    const client = this.connect(this.#address(template));
    await within(client.ready, 'connecting');
  }

  unusable(template) {
    const address = this.#address(template);
    let error;
    try {
      this.connect(address);
    } catch (caught) {
      error = caught;
    }
    demand(error !== undefined, `${address} is taken`);
    demand(error.message.length > 20, () => `the error says only ${error.message}`);
  }

  'no-websocket'() {
    let error;
    try {
      api.connect(`ws://${this.platform.host}/${this.path}`, { auth: { name: 'ada' } });
    } catch (caught) {
      error = caught;
    }
    demand(error !== undefined, 'it is taken');
    demand(/\bws\b/.test(error.message) && error.name !== 'ReferenceError', () => `the error says ${error}`);
  }
}
