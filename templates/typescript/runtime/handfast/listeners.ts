// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

/** Removes the listener that a call of `on` added. */
export type Unsubscribe = () => void;

/** The listeners of events. `Events` maps the name of an event to its value. */
export class Listeners<Events> {
  readonly #byEvent = new Map<keyof Events, Set<(value: never) => void>>();
  readonly #threw: (error: unknown) => void;

  /** @param threw is called with what a listener throws, so that the others are still called. */
  constructor(threw: (error: unknown) => void) {
    this.#threw = threw;
  }

  on<E extends keyof Events>(event: E, listener: (value: Events[E]) => void): Unsubscribe {
    const listeners = this.#byEvent.get(event) ?? new Set();
    this.#byEvent.set(event, listeners);
    const own = (value: Events[E]): void => listener(value); // so that one function can be added twice
    listeners.add(own);
    return () => listeners.delete(own);
  }

  /** Calls every listener, in the order they were added. Returns whether there was one. */
  emit<E extends keyof Events>(event: E, value: Events[E]): boolean {
    const listeners = this.#byEvent.get(event);
    if (listeners === undefined || listeners.size === 0) return false;
    for (const listener of [...listeners] as ((value: Events[E]) => void)[]) {
      try {
        listener(value);
      } catch (error) {
        this.#threw(error);
      }
    }
    return true;
  }

  clear(): void {
    this.#byEvent.clear();
  }
}
