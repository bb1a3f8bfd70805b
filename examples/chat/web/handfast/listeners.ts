/* eslint-disable */
// @generated
// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

/** Ends what a call of `on` began. */
export type Unsubscribe = () => void;

/** Who listens to what. `Events` maps the name of an event to what it tells. */
export class Listeners<Events> {
  readonly #byEvent = new Map<keyof Events, Set<(value: never) => void>>();
  readonly #threw: (error: unknown) => void;

  /** @param threw takes what a listener throws, so that the others still hear. */
  constructor(threw: (error: unknown) => void) {
    this.#threw = threw;
  }

  on<E extends keyof Events>(event: E, listener: (value: Events[E]) => void): Unsubscribe {
    const listeners = this.#byEvent.get(event) ?? new Set();
    this.#byEvent.set(event, listeners);
    const own = (value: Events[E]): void => listener(value); // so that one function may listen twice
    listeners.add(own);
    return () => listeners.delete(own);
  }

  /** Tells everyone, in the order they came; whether there was anyone. */
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
