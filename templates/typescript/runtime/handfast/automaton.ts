// Made by Handfast: a part of its runtime. Do not edit this copy; `cargo run -p codegen` puts it beside its output.

// Patterns for which a regular expression of the engine may take longer than in proportion to the text: they are tried in all
// ways at once, character by character (Thompson, 1968).

import type { Pattern } from './validators.js';

/**
 * A regular expression: one character of a set, which is written as the first and the last of each of its ranges; 0, 1 and 2, the
 * beginning, the end and a boundary of a word in ASCII; one after the other; one of several; or several times.
 */
export type Expression =
  | string
  | number
  | readonly Expression[]
  | { readonly either: readonly Expression[] }
  | { readonly of: Expression; readonly least: number; readonly most?: number };

/** A state of the automaton: before a character of a set, before a condition, or before other states. */
interface State {
  readonly set?: (code: number) => boolean;
  readonly condition?: number;
  readonly next: number[];
}

/** The pattern of an expression, compiled to an automaton on first use. */
export function automaton(expression: Expression): Pattern {
  let states: State[] | undefined;
  let start = 0;
  return {
    test(text) {
      if (states === undefined) {
        states = [{ next: [] }];
        start = build(expression, 0, states);
      }
      return simulate(text, states, start);
    },
  };
}

/** Builds the states of an expression; returns the first. `next` is the state after it. */
function build(expression: Expression, next: number, states: State[]): number {
  const add = (state: State): number => states.push(state) - 1;
  if (typeof expression === 'string') return add({ set: contains(expression), next: [next] });
  if (typeof expression === 'number') return add({ condition: expression, next: [next] });
  if ('either' in expression) return add({ next: expression.either.map(one => build(one, next, states)) });
  if (!('of' in expression)) return expression.reduceRight((behind: number, one) => build(one, behind, states), next);
  const { of, least, most } = expression;
  let before = next;
  if (most === undefined) {
    const again: State = { next: [next] };
    before = add(again);
    again.next.push(build(of, before, states));
  } else {
    for (let i = least; i < most; i++) before = add({ next: [build(of, before, states), next] });
  }
  for (let i = 0; i < least; i++) before = build(of, before, states);
  return before;
}

/** Whether a code point is in a set. */
function contains(ends: string): (code: number) => boolean {
  const codes = Array.from(ends, end => end.codePointAt(0) as number);
  return code => {
    let [low, high] = [0, codes.length >> 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((codes[2 * middle + 1] as number) < code) low = middle + 1;
      else high = middle;
    }
    return low < codes.length >> 1 && (codes[2 * low] as number) <= code;
  };
}

/** Whether a text matches: state 0 is reached. */
function simulate(text: string, states: readonly State[], start: number): boolean {
  // The character at which each state was last reached, so that it is followed once.
  const reached = new Int32Array(states.length).fill(-1);
  let here: number[] = [];
  for (let at = 0; ; ) {
    // A match may begin at any character.
    const waiting = here;
    waiting.push(start);
    here = [];
    const code = text.codePointAt(at);
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      if (reached[place] === at) continue;
      reached[place] = at;
      if (place === 0) return true;
      const { set, condition, next } = states[place] as State;
      if (set !== undefined) {
        if (code !== undefined && set(code)) here.push(next[0] as number);
      } else if (condition === undefined || holds(condition, text, at)) {
        waiting.push(...next);
      }
    }
    if (code === undefined) return false;
    at += code > 0xffff ? 2 : 1;
  }
}

function holds(condition: number, text: string, at: number): boolean {
  if (condition === 0) return at === 0;
  if (condition === 1) return at === text.length;
  const isWord = (i: number): boolean => /\w/.test(text[i] ?? '');
  return isWord(at - 1) !== isWord(at);
}
