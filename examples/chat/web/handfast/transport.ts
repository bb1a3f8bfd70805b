/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import { webSocketUrl } from './url.js';

/** One connection that carries text messages in order. */
export interface Transport {
  /** Sends a message. Called only between `opened` and `closed`. */
  send(text: string): void;
  /** Closes the connection. Events after that are ignored. */
  close(code: number, reason: string): void;
  /** The number of sent bytes that are still buffered on this machine; if absent, 0 is assumed. */
  buffered?(): number;
}

/** What a transport reports. */
export interface TransportEvents {
  opened(): void;
  /** A message was received; anything but a string is refused. */
  received(data: unknown): void;
  /** The connection was closed, or could not be opened. Reported once. */
  closed(code: number, reason: string): void;
}

/** Begins to connect. Throws if that cannot work at all. */
export type TransportFactory = (url: string, subprotocol: string, events: TransportEvents) => Transport;

/**
 * The part of the WebSocket constructor that is needed, so that an implementation can be passed if none is global. The
 * browser's, undici's and that of `ws` fit.
 */
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** The part of a WebSocket that is needed. The types of the handlers differ between implementations. */
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

/** The maximum length of a close reason in bytes (RFC 6455, section 5.5). */
const MAX_REASON = 123;

/** How long a server may take to answer a close frame, in milliseconds, before its socket is dropped. */
const CLOSE_TIMEOUT = 2000;

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
      socket.close(code === 1000 || (code >= 3000 && code <= 4999) ? code : 1000, truncate(reason));
      const timer: unknown = setTimeout(() => drop(socket), CLOSE_TIMEOUT);
      (timer as { unref?: () => void }).unref?.();
    };
    socket.onopen = () => events.opened();
    socket.onmessage = event => events.received(event.data);
    socket.onclose = event => events.closed(event.code, event.reason);
    // In Node 20 and 22 no close event follows an error.
    socket.onerror = ({ message }) => {
      close(1000, '');
      events.closed(1006, typeof message === 'string' ? message : '');
    };
    return { send: text => socket.send(text), close, buffered: () => socket.bufferedAmount };
  };
}

/**
 * Drops a socket whose server does not answer a close frame, as it would keep a Node process alive. Browsers have no interface
 * for that, and need none.
 */
function drop(socket: Socket): void {
  if (socket.terminate !== undefined) return socket.terminate();
  const own = socket as unknown as Record<symbol, unknown>;
  const unref = own[Symbol.for('nodejs.unref')];
  if (typeof unref === 'function') return void unref.call(socket);
  // Node 20 and 22 offer no other way than the name of a hidden property.
  const response = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'response');
  if (response !== undefined) (own[response] as { socket?: { destroy?(): void } } | null)?.socket?.destroy?.();
}

/** Truncates a reason to what fits into a close frame. */
function truncate(reason: string): string {
  const bytes = new TextEncoder().encode(reason);
  if (bytes.length <= MAX_REASON) return reason;
  let end = MAX_REASON;
  // Not within a character: what follows must not be a byte that continues one.
  while (((bytes[end] as number) & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(bytes.subarray(0, end));
}
