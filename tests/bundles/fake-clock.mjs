// A stand-in for time, so that tests need not sleep.

/** Time that moves only when a test moves it, and chance that is always the same. */
export class FakeClock {
  #now = 0;
  #timers = new Set();
  chance = 0.5;

  now = () => this.#now;
  random = () => this.chance;

  after = (milliseconds, callback) => {
    const timer = { at: this.#now + milliseconds, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** Lets time pass while no timer fires: the program is held up, or the machine sleeps. */
  block(milliseconds) {
    this.#now += milliseconds;
  }

  /** Lets time pass until something holds. */
  async until(holds) {
    for (let turns = 0; !holds(); turns++) {
      if (turns === 1000 || this.#timers.size === 0) throw new Error('it never holds');
      await this.pass(Math.max(0, Math.min(...[...this.#timers].map(timer => timer.at)) - this.#now));
    }
  }

  /** How many timers run. */
  get timers() {
    return this.#timers.size;
  }

  /** Lets time pass, and the promises that hang on it settle. */
  async pass(milliseconds) {
    const until = this.#now + milliseconds;
    for (;;) {
      const due = [...this.#timers].filter(timer => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
      await settled();
    }
    this.#now = until;
  }
}

/** Resolves when every promise that can settle has. */
export const settled = () => new Promise(resolve => setImmediate(resolve));
