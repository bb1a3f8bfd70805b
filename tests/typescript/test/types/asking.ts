// What the generator makes of a server that asks: what may answer, and how.
import * as hf from '../../build/src/handfast.js';

export interface Confirm {
  readonly text: string;
}

export interface Confirmed {
  readonly yes: boolean;
}

export interface RefusedError extends hf.DeclaredError {
  readonly code: 'REFUSED';
  readonly data: undefined;
}

export type BusyError = hf.DeclaredError<'BUSY', { readonly seconds: number }>;

export interface Handlers {
  readonly confirm: hf.RequestHandler<Confirm, Confirmed, RefusedError | BusyError>;
  readonly hang: hf.RequestHandler<undefined, undefined>;
  readonly 'prices.watch': hf.StreamRequestHandler<undefined, Confirmed, number, string>;
  readonly drain: hf.StreamRequestHandler<undefined, undefined, number, undefined>;
}

export const confirmed: hf.AnswerMessage<Confirmed> = { name: 'confirmed', send: () => {}, isAnswer: true };

export const handlers: Handlers = {
  confirm: async ({ text }, { signal, id }) => {
    if (signal.aborted || id === '') return hf.err({ code: 'REFUSED', message: 'no', retryable: false, data: undefined });
    if (text === '') return hf.err({ code: 'REFUSED' });
    if (text === 'later') return hf.err({ code: 'BUSY', data: { seconds: 5 } });
    return { yes: text === 'yes' };
  },
  hang: () => {},
  'prices.watch': () => ({ ack: { yes: true }, items: items() }),
  drain: async function* () {
    yield 1;
  },
};

async function* items(): AsyncGenerator<number, string, void> {
  yield 1;
  return 'the end';
}
