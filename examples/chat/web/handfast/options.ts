/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { Clock } from './clock.js';
import type { TransportFactory, WebSocketConstructor } from './transport.js';

/** A value, or a function that returns or fetches it, called for each connection. */
export type ValueOrProvider<T> = T | (() => T | Promise<T>);

/** How to connect. */
export interface ConnectOptions<Auth = never> {
  /** The payload of the protocol's auth message, for the hello. */
  readonly auth?: ValueOrProvider<Auth>;
  /** The `token` of the auth message, alone or in addition to `auth`. */
  readonly token?: ValueOrProvider<string>;
  /**
   * The timeout of requests that declare none, in milliseconds; by default the session's timeout.
   */
  readonly timeout?: number;
  /** Whether to reconnect after a loss of the connection; by default `true`. */
  readonly reconnect?: boolean;
  /** A WebSocket implementation, if the platform has none: in Node 20 the `WebSocket` of the package `ws`. */
  readonly WebSocket?: WebSocketConstructor;
  /** A transport other than WebSocket. */
  readonly transport?: TransportFactory;
  /** Time and randomness, for tests. */
  readonly clock?: Clock;
}

/** Options of a single call, stream or join. */
export interface CallOptions {
  /** The timeout in milliseconds, including the wait for a connection. */
  readonly timeout?: number;
  /**
   * Cancels when it is aborted: a call or a join fails with `CANCELLED`, a stream is cancelled. A request that was not sent yet
   * is not sent.
   */
  readonly signal?: AbortSignal;
}
