// Clients that send without end while their server is killed: `node node.cjs HOST COUNT`. Prints a line of JSON for everything that
// happens; `stop` and `close` on the standard input are what they read. Ends by itself.

import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import * as api from './api.ts';

const [host, count] = process.argv.slice(2);
const print = line => process.stdout.write(`${JSON.stringify(line)}\n`);
process.on('uncaughtException', error => print({ by: 'node', what: 'wrong', why: String(error?.stack ?? error) }));
process.on('unhandledRejection', error => print({ by: 'node', what: 'wrong', why: String(error?.stack ?? error) }));

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

/** How many requests of a kind are in flight. */
const IN_FLIGHT = 3;

class Load {
  constructor(name) {
    this.name = name;
    this.stopped = false;
    this.connected = false;
    this.numbers = { add: 0, find: 0 };
    this.client = api.connect(`ws://${host}/ws`, {
      WebSocket,
      auth: { name, proof: `proof-of-${name}` },
      handlers: {
        confirm: ({ run, n }) => {
          this.report({ what: 'asked', run, n });
          return { n };
        },
      },
    });
    this.client.on('open', () => (this.connected = true));
    this.client.on('close', ({ final, code }) => {
      // An attempt to connect that fails is reported like a loss.
      const wasConnected = this.connected;
      this.connected = false;
      if (final && !this.closing) this.report({ what: 'wrong', why: `closed for good with ${code}` });
      else if (wasConnected && !this.stopped) void this.#call('add', api.add, true);
    });
  }

  report(line) {
    print({ by: this.name, ...line });
  }

  async #call(kind, request, offline) {
    const n = this.numbers[kind]++;
    const result = await this.client.call(request, { n });
    const code = result.ok ? 'ok' : result.error.code;
    this.report({ what: 'ended', kind, n, code, offline, ...(result.ok && result.value) });
  }

  async #calls(kind, request) {
    while (!this.stopped) await this.#call(kind, request, false);
  }

  async #notes() {
    for (let n = 0; !this.stopped; n++) {
      this.report({ what: 'noted', n, queued: this.client.send(api.note, { n }).ok });
      await sleep(5);
    }
  }

  async run() {
    await this.client.ready;
    await this.client.join(api.roomChannel, { room: 'all' }, room => {
      room.on(api.roomSaid, ({ run, n }) => this.report({ what: 'said', run, n }));
      room.on('gap', () => this.report({ what: 'gap' }));
      room.on('lost', error => {
        if (!this.closing) this.report({ what: 'wrong', why: `the room is lost: ${error.code}` });
      });
    });
    const all = [this.#notes(), this.#call('add', api.add, true)];
    for (let i = 0; i < IN_FLIGHT; i++) all.push(this.#calls('add', api.add), this.#calls('find', api.find));
    await Promise.all(all);
    this.report({ what: 'idle' });
  }
}

const loads = Array.from({ length: Number(count) }, (_, n) => new Load(`node-${n}`));
for (const load of loads) void load.run();
const input = createInterface({ input: process.stdin });
input.on('line', line => {
  for (const load of loads) {
    if (line === 'stop') load.stopped = true;
    if (line === 'close') {
      load.closing = true;
      load.client.close();
    }
  }
  if (line === 'close') input.close();
});
