/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { Message } from './descriptor.js';

/** A handler for each message of a union, by name. A missing one is a type error that names the message. */
export type HandlersOf<M extends Message, R> = {
  readonly [Each in M as Each['type']]: (message: Each) => R;
};

/** Calls the handler of a message: one look-up, however many messages there are. */
export function dispatch<M extends Message, R>(message: M, handlers: HandlersOf<M, R>): R {
  const handler = handlers[message.type as keyof HandlersOf<M, R>] as (message: M) => R;
  return handler(message);
}
