// Holds the conversations with the TypeScript client: `node node.cjs CASES PROTOCOL [WORDS]`, where CASES is the folder of the files, PROTOCOL is `plain`,
// `numbered` or `mapped`, and WORDS are in the names of those that are wanted. Reads the files as `src/conversation.rs` does.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as messagePack from '@msgpack/msgpack';
import { Encoder } from 'cbor-x';
import { FakeClock, settled } from 'fake-clock.mjs';
import * as api from './api.ts';
import { cbor, err, msgpack, onAdded } from './handfast.ts';

const cborX = new Encoder({ useRecords: false, mapsAsObjects: true, tagUint8Array: false });

/** Each encoding, with an implementation of it that is not ours. Text that is no JSON is nothing but JSON's. */
const ENCODINGS = [
  { write: message => (typeof message === 'string' ? message : JSON.stringify(message)), read: JSON.parse },
  { encoding: msgpack, write: messagePack.encode, read: messagePack.decode },
  { encoding: cbor, write: message => new Uint8Array(cborX.encode(message)), read: bytes => cborX.decode(bytes) },
];

/** How long something that is expected may take, in milliseconds of simulated time. */
const AT_ONCE = 200;

/** What a page closes a connection with that it gives up: it cannot drop one. A server keeps the session, as if it were lost. */
const SILENT = 4000;

/** How long the client may take to connect again. */
const AGAIN = 120_000;

const [folder, protocol, wanted = ''] = process.argv.slice(2);

const HELLO = '→ {"type":"hello","payload":{"version":"1.2.0","hash":"$hash","auth":{"name":"ada"}}}';

/** How conversations begin, by protocol. */
const BEGIN = {
  plain: [
    'open',
    '→ {"type":"hello","payload":{"version":"1.2.0","hash":"$hash","auth":{"name":"ada"},"resume":{}}}',
    '← {"type":"ready","payload":{"version":"1.2.0","hash":"$hash","session":"$first","received":0}}',
  ],
  numbered: ['open', HELLO, '← {"type":"ready","payload":{"version":"1.2.0","hash":"$hash","session":"$first"}}'],
  mapped: ['open', HELLO, '← {"type":"welcome","payload":{"about":{"version":"1.2.0","hash":"$hash"}}}'],
}[protocol];

/** The protocol of a file. */
const protocolOf = file => ['numbered', 'mapped'].find(name => file.startsWith(name)) ?? 'plain';

function conversations() {
  const all = [];
  for (const file of readdirSync(folder).sort()) {
    if (protocolOf(file) !== protocol) continue;
    for (const [index, text] of readFileSync(join(folder, file), 'utf8').split('\n').entries()) {
      const line = text.trim();
      if (line === '' || line.startsWith('# ') || line.startsWith('//')) continue;
      if (line.startsWith('## ')) all.push({ name: `${file}: ${line.slice(3)}`, only: undefined, lines: [] });
      else if (line.startsWith('only: ')) all.at(-1).only = line.slice(6);
      else for (const said of line === 'begin' ? BEGIN : [line]) all.at(-1).lines.push({ number: index + 1, said });
    }
  }
  return all;
}

/** What the variables of a conversation stand for: strings that begin with `$`. */
class Bindings {
  #values = new Map([['$hash', api.protocol.hash]]);

  fill(value) {
    if (typeof value === 'string') return this.#values.get(value) ?? value;
    if (Array.isArray(value)) return value.map(item => this.fill(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.fill(item)]));
  }

  accept(expected, actual) {
    if (expected === '$_') return true;
    if (typeof expected === 'string' && expected.startsWith('$')) {
      if (!this.#values.has(expected)) this.#values.set(expected, actual);
      return this.#values.get(expected) === actual;
    }
    if (typeof expected !== 'object' || expected === null) return expected === actual;
    if (typeof actual !== 'object' || actual === null || Array.isArray(expected) !== Array.isArray(actual)) return false;
    const isKnown = key => key === 'timestamp' || Object.hasOwn(expected, key);
    return (
      Object.keys(actual).every(isKnown) &&
      Object.entries(expected).every(([key, value]) => Object.hasOwn(actual, key) && this.accept(value, actual[key]))
    );
  }
}

/** A client, the server that is played, and the application that does what the conversation says. */
class Conversation {
  #clock = new FakeClock();
  #bindings = new Bindings();
  #client;
  #login = { name: 'ada' };
  /** Connections that the client has opened and nobody has accepted. */
  #opened = [];
  #connection;
  #learned = [];
  #running = new Map();
  #questions = [];
  #frames;

  /** @param frames one of the encodings. */
  constructor(frames) {
    this.#frames = frames;
  }

  async hold(lines) {
    try {
      for (const { number, said } of lines) {
        await this.#step(said).catch(error => {
          throw new Error(`line ${number}: ${error.message}`);
        });
      }
      await this.#quiet(AT_ONCE);
      const rest = this.#learned.map(([words, value]) => `${words} ${JSON.stringify(value)}`);
      if (rest.length > 0) throw new Error(`not expected of the application: ${rest.join('; ')}`);
    } finally {
      this.#client?.close();
    }
  }

  async #step(said) {
    const [word, rest] = split(said);
    switch (word) {
      case 'open':
        return this.#open();
      case 'drop':
        return this.#close(1006);
      case 'wait':
        return this.#quiet(rest.endsWith('ms') ? parseInt(rest) : parseInt(rest) * 1000);
      case '→':
        return this.#expect(rest);
      case '←':
        return this.#play(rest);
      case 'client':
        return this.#application(rest);
      case 'server':
        return;
      default:
        throw new Error(`it says nothing`);
    }
  }

  async #open() {
    if (this.#client === undefined) this.#connect();
    await this.#within(AGAIN, () => this.#opened.length > 0, 'no connection is opened');
    this.#connection = this.#opened.shift();
    this.#connection.events.opened();
    await settled();
  }

  async #expect(what) {
    const connection = this.#connected();
    await this.#within(AT_ONCE, () => connection.did.length > 0, 'nothing was sent');
    const did = connection.did.shift();
    const [word, code] = split(what);
    if (word === 'drop') {
      if (did.closed !== SILENT) throw new Error(`it did not close with ${SILENT}: ${JSON.stringify(did)}`);
      this.#connection = undefined;
    } else if (word === 'close') {
      if (did.closed !== Number(code)) throw new Error(`it did not close with ${code}: ${JSON.stringify(did)}`);
      this.#connection = undefined;
    } else if (did.sent === undefined || !this.#bindings.accept(JSON.parse(what), this.#frames.read(did.sent))) {
      throw new Error(`it did ${JSON.stringify(did.sent === undefined ? did : this.#frames.read(did.sent))}`);
    }
  }

  async #play(what) {
    const [word, rest] = split(what);
    if (word === 'close') return this.#close(Number(rest));
    const message = word === 'text' ? rest : this.#bindings.fill(JSON.parse(what));
    this.#connected().events.received(this.#frames.write(message));
    await settled();
  }

  async #close(code) {
    const connection = this.#connected();
    this.#connection = undefined;
    connection.events.closed(code, '');
    await settled();
  }

  #connected() {
    if (this.#connection === undefined) throw new Error('there is no connection');
    return this.#connection;
  }

  /** Lets time pass until something holds. */
  async #within(limit, holds, otherwise) {
    const end = this.#clock.now() + limit;
    await settled();
    while (!holds()) {
      if (this.#clock.now() >= end) throw new Error(`${otherwise}; the application learned ${JSON.stringify(this.#learned)}`);
      await this.#clock.pass(Math.min(10, end - this.#clock.now()));
    }
  }

  /** Lets time pass, while the client does nothing. */
  async #quiet(duration) {
    await settled();
    await this.#clock.pass(duration);
    const did = [...this.#opened.map(() => 'opened'), ...(this.#connection?.did ?? [])];
    if (did.length > 0) throw new Error(`it is not quiet: ${JSON.stringify(did)}`);
  }

  async #application(what) {
    const at = what.indexOf('{');
    const words = (at < 0 ? what : what.slice(0, at)).trim().split(/\s+/);
    const value = at < 0 ? null : JSON.parse(what.slice(at));
    const [first] = words;
    if (first in this.#deeds) {
      this.#deeds[first](this.#bindings.fill(value), ...words.slice(1));
      return settled();
    }
    const find = () => this.#learned.findIndex(([said]) => said.split(' ')[0] === first);
    await this.#within(AT_ONCE, () => find() >= 0, `the application does not learn \`${words.join(' ')}\``);
    const [[said, actual]] = this.#learned.splice(find(), 1);
    if (said !== words.join(' ') || !this.#bindings.accept(value, actual)) {
      throw new Error(`the application learned \`${said} ${JSON.stringify(actual)}\``);
    }
  }

  #learn(words, value = null) {
    this.#learned.push([words, value]);
  }

  #connect() {
    const transport = (_url, _subprotocol, events) => {
      const connection = { events, did: [] };
      this.#opened.push(connection);
      return {
        send: sent => connection.did.push({ sent }),
        close: closed => connection.did.push({ closed }),
      };
    };
    const confirm = ({ n }) => {
      this.#learn('asked confirm', { n });
      return new Promise(resolve => this.#questions.push(resolve));
    };
    const { encoding } = this.#frames;
    const options = { transport, auth: () => this.#login, clock: this.#clock, handlers: { confirm }, ...(encoding && { encoding }) };
    const client = api.connect('ws://test/', options);
    this.#client = client;
    client.ready.catch(({ code, side, message }) => this.#learn(`ended ${code}`, side === undefined ? null : { side, message }));
    let wasReady = false;
    client.on('open', () => (wasReady = true));
    client.state.subscribe(({ status, closed }) => {
      if (status === 'closed' && wasReady && closed !== undefined) this.#learn(`ended ${closed.code}`);
    });
    client.on('gap', gap => this.#learn('hears gap', bounds(gap)));
    client.on('skew', () => this.#learn('skew'));
    client.on('invalid', ({ code }) => this.#learn(`invalid ${code}`));
    client.on('unhandled', ({ type, kind, code }) => this.#learn(kind === 'unknown-type' ? `invalid ${code}` : `unhandled ${type}`));
    client.on('error', error => this.#learn(`error ${error.code ?? error}`));
    client.on(api.news, ({ n }) => this.#learn('hears news', { n }));
    client.on(api.hallSaid, ({ n }) => this.#learn('hears hall.said', { n }));
    client.on(api.mood, ({ n }) => this.#learn('hears mood', { n }));
    // The key is what the subscription is called.
    const added = (kind, subscription) => {
      this.#learn(`${subscription.key} added`);
      this.#listen(subscription, subscription.key, kind);
    };
    onAdded(client, api.roomChannel, room => added('room', room));
    onAdded(client, api.hallChannel, hall => added('hall', hall));
  }

  #listen(subscription, label, kind) {
    const leave = () =>
      subscription.leave().then(result => this.#learn(`${label} ${result.ok ? 'left' : `error ${result.error.code}`}`));
    this.#running.set(label, leave);
    for (const message of kind === 'hall' ? [api.hallSaid] : [api.roomSaid, api.roomTyping]) {
      subscription.on(message, ({ n }) => this.#learn(`${label} ${message.name}`, { n }));
    }
    subscription.on('gap', gap => this.#learn(`${label} gap`, bounds(gap)));
    subscription.on('lost', ({ code }) => this.#learn(`${label} lost ${code}`));
    let isFirst = true;
    subscription.members?.subscribe(({ list, count }) => {
      const members = list.map(({ id, info, away }) => ({ id, n: info.n, ...(away && { away }) }));
      if (!isFirst) this.#learn(`${label} members`, { count, list: members });
      isFirst = false;
    });
  }

  #deeds = {
    named: (_value, name, ...rest) => {
      const lasts = Number(rest.at(-1));
      this.#login = { name, ...(Number.isNaN(lasts) ? {} : { lasts }) };
    },
    calls: (value, label, kind) => {
      const called = this.#client.call(kind === 'put' ? api.put : api.get$, value);
      void called.then(result => this.#report(label, 'ok', result));
    },
    sends: (value, kind) => {
      const sent = this.#client.send(kind === 'hint' ? api.hint : api.note, value);
      if (!sent.ok) this.#learn(`sent ${sent.error.code}`);
    },
    joins: (value, label, kind) => {
      const setup = subscription => this.#listen(subscription, label, kind);
      const joined = ({ n } = {}) => this.#learn(`${label} joined`, n === undefined ? null : { n });
      this.#client.join(kind === 'hall' ? api.hallChannel : api.roomChannel, value, setup).then(
        subscription => joined(subscription.joined),
        error => this.#learn(`${label} error ${codeOf(error.error)}`),
      );
    },
    leaves: (_value, label) => this.#running.get(label)(),
    watches: (value, label) => {
      const stream = this.#client.stream(api.ticksWatch, value);
      let isOurs = false;
      this.#running.set(label, () => {
        isOurs = true;
        stream.cancel();
      });
      void stream.ack.then(({ ok }) => ok && this.#learn(`${label} begun`));
      const items = async () => {
        for await (const { n } of stream) this.#learn(`${label} item`, { n });
      };
      void items()
        .catch(() => {}) // it is how the stream ends
        .then(async () => {
          const end = await stream.end;
          if (!isOurs) this.#report(label, 'ends', end);
        });
    },
    cancels: (_value, label) => this.#running.get(label)(),
    refreshes: () => {
      this.#client.refreshAuth().then(
        () => this.#learn('refreshed ok'),
        error => this.#learn(`refreshed ${error.error?.code ?? error}`),
      );
    },
    retries: () => this.#client.retryNow(),
    closes: () => this.#client.close(),
    answers: ({ n }) => this.#questions.shift()({ n }),
    refuses: (_value, code) => this.#questions.shift()(err({ code, message: 'no' })),
  };

  #report(label, what, result) {
    if (result.ok) return this.#learn(`${label} ${what}`, { n: result.value.n });
    this.#learn(`${label} error ${codeOf(result.error)}`, result.error.data ?? null);
  }
}

/** Which messages are lost, and why, as far as that is known. */
function bounds({ from, to, reason }) {
  return JSON.parse(JSON.stringify({ from, to, reason }));
}

/** The code of an error, as both clients have it. */
function codeOf(error) {
  return error.code === 'UNDECLARED' ? error.received : error.code;
}

function split(text) {
  const at = text.indexOf(' ');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Holds every conversation whose name contains what is wanted. Returns whether none failed. */
async function holdAll() {
  let held = 0;
  let failed = 0;
  for (const { name, only, lines } of conversations()) {
    if (only === 'server' || !name.includes(wanted)) continue;
    const hasText = lines.some(({ said }) => said.startsWith('← text ') || said.startsWith('→ text '));
    for (const frames of hasText ? ENCODINGS.slice(0, 1) : ENCODINGS) {
      held += 1;
      await new Conversation(frames).hold(lines).catch(error => {
        failed += 1;
        console.log(`${name}, in ${frames.encoding?.name ?? 'json'}\n    ${error.message}`);
      });
    }
  }
  console.log(`${held} conversations with the TypeScript client (${protocol}), ${failed} failed`);
  return failed === 0;
}

console.warn = () => {};
void holdAll().then(isGood => (process.exitCode = isGood ? 0 : 1));
