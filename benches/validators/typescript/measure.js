// Measures one contender. Prints, for each message, ns of `JSON.parse` alone, of the check of its payload alone, of everything
// that is wrong with it, and of the whole message from its text.

import { readFileSync } from 'node:fs';

const { payloads, told, check, parseAndCheck = text => check(JSON.parse(text)) } = await import(`./contenders/${process.argv[2]}.js`);
const texts = readFileSync(new URL('../messages.ndjson', import.meta.url), 'utf8').trimEnd().split('\n');

/** How long a turn is, in ms. */
const TURN = 3;
const TURNS = 41;
/** How many values, parsed apart, a check meets in a turn. */
const VALUES = 32;
/** The last of the messages is refused. */
const REFUSED = texts.length - 1;
/** How many things are wrong with it. */
const WRONG = 5;

texts.forEach((text, i) => {
  const { type, payload } = JSON.parse(text);
  const verdicts = [parseAndCheck(text), payloads?.get(type)(payload)].filter(verdict => verdict !== undefined);
  if (verdicts.includes(i === REFUSED)) throw new Error(`is wrong about the message ${i}`);
  const wrong = told?.get(type)(payload).length ?? 0;
  if (told !== undefined && (i === REFUSED ? wrong < WRONG : wrong > 0)) throw new Error(`tells ${wrong} of the message ${i}`);
});

let taken = 0;

const doings = {
  parse: (text, _, count) => {
    for (let i = 0; i < count; i++) if (JSON.parse(text) !== null) taken++;
  },
  check: (_, values, count) => {
    for (let i = 0; i < count; i++) {
      const { type, payload } = values[i % VALUES];
      if (payloads.get(type)(payload)) taken++;
    }
  },
  told: (_, values, count) => {
    for (let i = 0; i < count; i++) {
      const { type, payload } = values[i % VALUES];
      if (told.get(type)(payload).length > 0) taken++;
    }
  },
  both: (text, _, count) => {
    for (let i = 0; i < count; i++) if (parseAndCheck(text)) taken++;
  },
};

function turn(doing, text, count) {
  const values = Array.from({ length: VALUES }, () => JSON.parse(text));
  const start = process.hrtime.bigint();
  doing(text, values, count);
  return Number(process.hrtime.bigint() - start) / count;
}

if (payloads === undefined) delete doings.check;
if (told === undefined) delete doings.told;

const cases = texts.flatMap((text, i) => Object.entries(doings).map(([name, doing]) => ({ i, name, text, doing, turns: [] })));
for (let round = 0; round < 40; round++) for (const { doing, text } of cases) turn(doing, text, 200);
for (const one of cases) one.count = Math.max(32, Math.round((TURN * 1e6) / turn(one.doing, one.text, 200)));
for (let round = 0; round < TURNS; round++) {
  for (const { doing, text, count, turns } of cases) turns.push(turn(doing, text, count));
}
const result = texts.map(() => ({}));
for (const { i, name, turns } of cases) result[i][name] = turns.sort((a, b) => a - b)[TURNS >> 1];
if (taken === 0) throw new Error('nothing was taken');
console.log(JSON.stringify(result));
