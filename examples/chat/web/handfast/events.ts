/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { ConnectionClosed } from './connection.js';
import type { DecodeError } from './errors.js';
import type { Ready } from './session.js';

/** Client and server have compatible versions, but were generated from different protocols. */
export interface VersionSkew {
  readonly client: { readonly version: string; readonly hash: string };
  readonly server: { readonly version: string; readonly hash: string };
  /** What is wrong and how to fix it. */
  readonly message: string;
}

/** The events of a client, other than the server's messages. */
export interface ClientEvents {
  /** The session is ready, the first time or again. */
  readonly open: Ready;
  /** The connection ended. */
  readonly close: ConnectionClosed;
  readonly skew: VersionSkew;
  /**
   * Something failed that no call waits for: fetching the auth payload, a listener, or an error of the server that names no
   * request. Without a listener it is a warning on the console; what a listener throws becomes an uncaught error.
   */
  readonly error: unknown;
  /** A message was invalid. Without a listener it is a warning on the console, once for each type of message. */
  readonly invalid: DecodeError;
  /** A message without a listener, possibly of a type that this program does not know. */
  readonly unhandled: Pick<DecodeError, 'type' | 'payload' | 'channel'>;
}
