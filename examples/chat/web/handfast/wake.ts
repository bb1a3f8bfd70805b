/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { Unsubscribe } from './listeners.js';

/** The part of a window or a document that is needed. Node has neither, and React Native only some of it. */
interface Target {
  readonly visibilityState?: string;
  addEventListener?(event: string, listener: () => void): void;
  removeEventListener?(event: string, listener: () => void): void;
}

/** Calls back when the network or the page becomes available again, if the platform has such events. */
export function onWake(callback: () => void): Unsubscribe {
  const page = globalThis as Target & { readonly document?: Target };
  const { document } = page;
  const shown = (): void => {
    if (document?.visibilityState === 'visible') callback();
  };
  const events: [Target | undefined, string, () => void][] = [
    [page, 'online', callback],
    [page, 'pageshow', callback],
    [document, 'visibilitychange', shown],
  ];
  for (const [target, event, listener] of events) target?.addEventListener?.(event, listener);
  return () => {
    for (const [target, event, listener] of events) target?.removeEventListener?.(event, listener);
  };
}
