/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { webSocketUrl } from './url.js';

/** One connection that carries text messages in order. */
export interface Transport {
  /** Sends a message. Called only between `opened` and `closed`. */
  send(text: string): void;
  /** Ends the connection. Nothing it says afterwards is heard. */
  close(code: number, reason: string): void;
  /** How many bytes were sent and have not left this machine; absent: unknown, taken for none. */
  buffered?(): number;
}

/** What a transport reports. */
export interface TransportEvents {
  opened(): void;
  /** A message came; anything but a string is refused. */
  received(data: unknown): void;
  /** The connection is gone, or never came to be. Reported once. */
  closed(code: number, reason: string): void;
}

/** Begins to connect. It throws if that cannot work at all. */
export type TransportFactory = (url: string, subprotocol: string, events: TransportEvents) => Transport;

/**
 * The part of the WebSocket constructor that is needed, so that an implementation can be passed if none is global. The
 * browser's, undici's and that of `ws` fit.
 */
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** The part of a WebSocket that is needed. The handlers differ in type from one implementation to the next. */
export interface WebSocketLike {
  onopen: unknown;
  onmessage: unknown;
  onclose: unknown;
  onerror: unknown;
  readonly bufferedAmount: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

/** A WebSocket as it is used here. */
interface Socket extends WebSocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  onerror: (event: { readonly message?: unknown }) => void;
  /** `ws` has it. */
  terminate?(): void;
}

/** The most bytes of a close reason (RFC 6455, section 5.5). */
const LONGEST_REASON = 123;

/** How long a server may take to answer a close, in milliseconds, before its socket is dropped. */
const CLOSING = 2000;

const NO_WEBSOCKET =
  'handfast: there is no WebSocket on this platform (Node has one of its own from version 22 on). Install the package ' +
  "`ws` and pass its class: `import { WebSocket } from 'ws'`, then `connect(url, { WebSocket })`.";

/** Connects over WebSocket (RFC 6455), by default with the platform's own. */
export function webSocket(constructor?: WebSocketConstructor): TransportFactory {
  return (url, subprotocol, events) => {
    const own = constructor ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
    if (own === undefined) throw new Error(NO_WEBSOCKET);
    const socket = new own(webSocketUrl(url), [subprotocol]) as Socket;
    const close = (code: number, reason: string): void => {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.onerror = () => {}; // `ws` throws an error that nobody listens to
      socket.close(code === 1000 || (code >= 3000 && code <= 4999) ? code : 1000, cut(reason));
      const timer: unknown = setTimeout(() => drop(socket), CLOSING);
      (timer as { unref?: () => void }).unref?.();
    };
    socket.onopen = () => events.opened();
    socket.onmessage = event => events.received(event.data);
    socket.onclose = event => events.closed(event.code, event.reason);
    // A close follows, but not in Node 20 and 22; nothing else does in any case.
    socket.onerror = ({ message }) => {
      close(1000, '');
      events.closed(1006, typeof message === 'string' ? message : '');
    };
    return { send: text => socket.send(text), close, buffered: () => socket.bufferedAmount };
  };
}

/**
 * Lets go of a socket whose server answers no close, as it would keep a process of Node's alive. No interface of browsers
 * does that, nor do they need it.
 */
function drop(socket: Socket): void {
  if (socket.terminate !== undefined) return socket.terminate();
  const own = socket as unknown as Record<symbol, unknown>;
  const unref = own[Symbol.for('nodejs.unref')];
  if (typeof unref === 'function') return void unref.call(socket);
  // Node 20 and 22 have no other way than the name of what they hide.
  const response = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'response');
  if (response !== undefined) (own[response] as { socket?: { destroy?(): void } } | null)?.socket?.destroy?.();
}

/** The beginning of a text that fits into a close frame. */
function cut(reason: string): string {
  const bytes = new TextEncoder().encode(reason);
  if (bytes.length <= LONGEST_REASON) return reason;
  let end = LONGEST_REASON;
  // Not within a character: what follows must not be a byte that continues one.
  while (((bytes[end] as number) & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(bytes.subarray(0, end));
}
