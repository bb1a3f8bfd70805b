/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { ConnectionClosed } from './connection.js';
import type { Unsubscribe } from './listeners.js';

/** The state of a client. The same object until something changes. */
export interface ClientState {
  /**
   * `connecting`: there has been no session yet. `connected`: the session is ready. `reconnecting`: the session was lost, and the
   * client tries to reconnect. `closed`: the client is closed for good.
   */
  readonly status: 'connecting' | 'connected' | 'reconnecting' | 'closed';
  /** How the last connection ended, or why the last attempt failed. Absent while connected. */
  readonly closed?: ConnectionClosed;
}

/**
 * A value that changes: a store for Svelte, and for React:
 * `useSyncExternalStore(client.state.subscribe, client.state.get)`.
 */
export class Store<T> {
  #value: T;
  readonly #runs: Set<(value: T) => void> = new Set();
  readonly #threw: (error: unknown) => void;

  /** @param threw is called with what a subscriber throws, so that the others are still called. */
  constructor(value: T, threw: (error: unknown) => void) {
    this.#value = value;
    this.#threw = threw;
  }

  /** The current value. */
  readonly get = (): T => this.#value;

  /** Calls a function with the current value, and with each later one. */
  readonly subscribe = (run: (value: T) => void): Unsubscribe => {
    const own = (value: T): void => run(value); // so that one function may subscribe twice
    this.#runs.add(own);
    run(this.#value);
    return () => {
      this.#runs.delete(own);
    };
  };

  /** @internal */
  set(value: T): void {
    this.#value = value;
    for (const run of [...this.#runs]) {
      try {
        run(this.#value); // which another subscriber may have changed
      } catch (error) {
        this.#threw(error);
      }
    }
  }
}
