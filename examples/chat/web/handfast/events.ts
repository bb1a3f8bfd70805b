/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { ConnectionClosed } from './connection.js';
import type { DecodeError } from './errors.js';
import type { Ready } from './session.js';

/** Both ends speak versions that agree, but were generated from unequal protocols. */
export interface VersionSkew {
  readonly client: { readonly version: string; readonly hash: string };
  readonly server: { readonly version: string; readonly hash: string };
  /** What this is and what to do about it. */
  readonly message: string;
}

/** What a client tells beside the server's messages. */
export interface ClientEvents {
  /** The session is ready, the first time or again. */
  readonly open: Ready;
  /** The connection ended. */
  readonly close: ConnectionClosed;
  readonly skew: VersionSkew;
  /**
   * Something failed that no call waits for: the fetching of a proof, a listener, an error of the server's without a
   * request. Unheard, it is a warning on the console; what a listener throws is thrown to the platform.
   */
  readonly error: unknown;
  /** A message could not be taken. Unheard, it is a warning on the console, once for each kind of message. */
  readonly invalid: DecodeError;
  /** A message that nobody listens to, of a type this program may not know. */
  readonly unhandled: Pick<DecodeError, 'type' | 'payload' | 'channel'>;
}
