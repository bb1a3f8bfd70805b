// Compiles: an encoding that the protocol has, and frames of bytes.
import * as api from '../../build/src/api.js';
import { cbor, type ConnectOptions, msgpack } from '../../build/src/handfast.js';

export const one: ConnectOptions<'msgpack' | 'cbor'> = { encoding: cbor };
export const none: ConnectOptions<'msgpack'> = {};

export function frames(text: string, buffer: ArrayBuffer, view: Uint8Array): boolean {
  const all = [api.decode(text), api.decode(view, undefined, msgpack), api.decodeClientMessage(buffer, cbor)];
  return all.every(({ ok }) => ok) && api.decodeClientMessage(text).ok;
}

/** What is encoded can be sent by a WebSocket. */
export function send(socket: WebSocket): void {
  socket.send(msgpack.encode({ type: 'ping' }));
}
