/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { Clock } from './clock.js';
import type { TransportFactory, WebSocketConstructor } from './transport.js';

/** A value, or what fetches it; asked again for each connection. */
export type ValueOrProvider<T> = T | (() => T | Promise<T>);

/** How to connect. */
export interface ConnectOptions<Auth = never> {
  /** The payload of the protocol's auth message, for the hello. */
  readonly auth?: ValueOrProvider<Auth>;
  /** Only its `token`, or one to put into `auth`. */
  readonly token?: ValueOrProvider<string>;
  /**
   * How long a reply is waited for where its message does not say, in milliseconds; by default the session's timeout.
   */
  readonly timeout?: number;
  /** Whether a lost connection is made again; by default it is. */
  readonly reconnect?: boolean;
  /** A WebSocket implementation, if the platform has none: in Node 20 the `WebSocket` of the package `ws`. */
  readonly WebSocket?: WebSocketConstructor;
  /** Another transport than WebSocket. */
  readonly transport?: TransportFactory;
  /** Time and chance, for tests. */
  readonly clock?: Clock;
}

/** How a single call, stream or join is made. */
export interface CallOptions {
  /** How long a reply is waited for, in milliseconds, the wait for a connection included. */
  readonly timeout?: number;
  /**
   * Gives up when it is aborted: a call or a join fails with `CANCELLED`, a stream is cancelled. What was not sent yet is
   * not sent.
   */
  readonly signal?: AbortSignal;
}
