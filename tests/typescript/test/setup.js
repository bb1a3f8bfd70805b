// What the tests of the client have in common: a client of the chat example, its server and its clock.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock } from 'node:test';
import * as api from '../build/out/api.js';
import { AdaptedClient, Client } from '../build/out/handfast.js';
import { FakeClock, FakeServer, laidOut, settled } from './fakes.js';

const isAdapted = ({ envelope, mapped, numbered, authFollows, roles = {} }) => envelope ?? mapped ?? numbered ?? authFollows ?? ('greeting' in roles || 'ready' in roles);

/** Made anew for each test of a file that calls this. */
export function setUp() {
  const own = {};
  beforeEach(() => {
    own.clock = new FakeClock();
    own.server = new FakeServer(api.protocol.hash);
    own.warn = mock.method(console, 'warn', () => {});
    own.unhandled = mock.fn();
    process.on('unhandledRejection', own.unhandled);
    process.on('uncaughtException', own.unhandled);
    own.client = undefined;
    own.connect = (options = {}, protocol = {}) =>
      (own.client = new (isAdapted(protocol) ? AdaptedClient : Client)({ ...api.protocol, ...protocol }, 'ws://test/', {
        auth: { name: 'ada' },
        ...own.server.options,
        clock: own.clock,
        ...options,
      }));
  });
  afterEach(async () => {
    own.client?.close();
    await settled();
    process.off('unhandledRejection', own.unhandled);
    process.off('uncaughtException', own.unhandled);
    own.warn.mock.restore();
    assert.deepEqual(own.unhandled.mock.calls.map(({ arguments: [error] }) => error), [], 'nothing is left unhandled');
    assert.equal(own.clock.timers, 0, 'a closed client leaves no timer');
  });
  return own;
}

export const message = (seq, text = 'hi') => ({
  type: 'chat.message',
  payload: { from: 'bob', text },
  channel: 'room:lobby',
  ...(seq !== undefined && { seq }),
});

export const joined = (id, seq = 41, { epoch = 'k3J9', room = 'lobby' } = {}) => ({
  type: 'room.joined',
  payload: { topic: null },
  id,
  channel: `room:${room}`,
  seq,
  epoch,
});

export const refusal = (id, payload) => ({ type: 'error', id, payload: { message: 'no', ...payload } });

/** Joins the lobby, and answers. */
export async function joinLobby({ client, server }, seq, ...rest) {
  const joining = client.join(api.roomChannel, { roomId: 'lobby' }, ...rest);
  await server.say(joined(server.last.id, seq));
  return joining;
}

/** What a promise came to: its value, its error's code, or that it is pending. */
export async function outcome(promise) {
  let came = 'pending';
  promise.then(
    value => (came = value),
    error => (came = error.error?.code ?? error),
  );
  await settled();
  return came;
}

export { api, assert, laidOut, mock, settled };
