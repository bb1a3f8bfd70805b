// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

import type { EnvelopeFields } from './envelope.js';
import type { Gap } from './session.js';

/** What a sequence number reveals: a gap before it, or that its message is a duplicate. */
export interface SequenceCheck {
  readonly gap?: Gap;
  readonly isDuplicate?: boolean;
}

/** Tracks the sequence numbers of a channel. */
export class SequenceTracker {
  /** The number of the last message. */
  #seq: number | undefined;
  #epoch: string | undefined;
  /** The last reported gap, as far as its bounds are known. */
  #missed: Required<Gap> | undefined;

  /** Takes the number in the reply to a join: that of the last message before it. */
  joined({ seq, epoch }: EnvelopeFields): SequenceCheck {
    return this.#advance(seq, epoch, 0);
  }

  /** Takes the number of a message. */
  message({ seq, epoch }: EnvelopeFields): SequenceCheck {
    return this.#advance(seq, epoch, 1);
  }

  /** Takes a gap that the server reports. */
  missed({ from, to }: Gap): void {
    this.#missed = undefined;
    if (to === undefined || (this.#seq !== undefined && to <= this.#seq)) return;
    this.#missed = { from: from ?? (this.#seq ?? -Infinity) + 1, to };
    this.#seq = to;
  }

  /** @param step By how much the number grows if nothing was missed: 0 in the reply to a join, 1 in a message. */
  #advance(seq: number | undefined, epoch: string | undefined, step: 0 | 1): SequenceCheck {
    const last = this.#seq;
    const another = epoch !== undefined && this.#epoch !== undefined && epoch !== this.#epoch;
    if (epoch !== undefined) this.#epoch = epoch;
    if (another) this.#missed = undefined;
    if (seq === undefined) return another ? { gap: {} } : {};
    if (!another && last !== undefined) {
      if (step === 1 && seq <= last) {
        // It is no duplicate if it lies in the reported gap: then an earlier number was wrong, or messages arrive out of
        // order. Counting continues from here, or one wrong number would silence the channel.
        const { from, to } = this.#missed ?? { from: 1, to: 0 };
        if (seq < from || seq > to) return { isDuplicate: true };
      } else if (seq >= last) {
        this.#seq = seq;
        if (seq === last + step) return {};
        this.#missed = { from: last + 1, to: seq - step };
        return { gap: this.#missed };
      }
    }
    this.#seq = seq;
    this.#missed = undefined;
    return another || last !== undefined ? { gap: {} } : {};
  }
}
