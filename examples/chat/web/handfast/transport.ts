// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

/** One connection that carries text messages in order. */
export interface Transport {
  /** Sends a message. Called only between `opened` and `closed`. */
  send(text: string): void;
  /** Ends the connection. Nothing it says afterwards is heard. */
  close(code: number, reason: string): void;
}

/** What a transport tells. */
export interface TransportEvents {
  opened(): void;
  /** A message came; anything but a string is refused. */
  received(data: unknown): void;
  /** The connection is gone, or never came to be. Told once. */
  closed(code: number, reason: string): void;
}

/** Begins to connect. It may throw where that cannot work at all. */
export type Connect = (url: string, subprotocol: string, events: TransportEvents) => Transport;

/**
 * The part of the WebSocket constructor that is needed, so that an implementation can be passed where none is global.
 */
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** The part of a WebSocket that is needed. */
export interface WebSocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  onerror: (() => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

/** Connects over WebSocket (RFC 6455), by default with the platform's own. */
export function webSocket(constructor?: WebSocketConstructor): Connect {
  return (url, subprotocol, events) => {
    const socket = new (constructor ?? (WebSocket as unknown as WebSocketConstructor))(url, [subprotocol]);
    socket.onopen = () => events.opened();
    socket.onmessage = event => events.received(event.data);
    socket.onerror = () => {}; // a close follows, and tells more
    socket.onclose = event => events.closed(event.code, event.reason);
    return {
      send: text => socket.send(text),
      close(code, reason) {
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close(code, reason);
      },
    };
  };
}
