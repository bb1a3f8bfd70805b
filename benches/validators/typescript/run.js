// The generated TypeScript checks beside peers:
//
//     npm ci && npm run bench
//
// Each contender is a process of its own, so that no other's code changes what the engine makes of its own; all
// processes take turns, several times. A process measures all five messages by turns as well, so that every contender
// has seen every shape. The messages are parsed anew for each turn.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const CONTENDERS = ['handfast', 'handfast-decode', 'typebox', 'typebox-0.34', 'ajv', 'ajv-discriminator', 'ajv-standalone', 'zod'];
const NAMES = ['chat', 'price', 'book', 'sensor', 'refused'];
const PROCESSES = 5;
/** Against `JSON.parse` alone, on the chat message. */
const PARSE_BAR = 1.15;

const packages = { typebox: 'typebox', 'typebox-0.34': '@sinclair/typebox', zod: 'zod' };
const versionOf = name => JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version;
const LABELS = {
  handfast: 'handfast, check',
  'handfast-decode': 'handfast, decode',
  'typebox-0.34': 'typebox',
  'ajv-discriminator': 'ajv, discriminator,',
  'ajv-standalone': 'ajv, standalone,',
};
const label = name => {
  const words = LABELS[name] ?? name;
  return name.startsWith('handfast') ? words : `${words} ${versionOf(packages[name] ?? 'ajv')}`;
};
const median = list => list.slice().sort((a, b) => a - b)[list.length >> 1];

const only = process.argv.slice(2);
const contenders = CONTENDERS.filter(name => only.length === 0 || only.includes(name));
const runs = new Map(contenders.map(name => [name, []]));
for (let i = 0; i < PROCESSES; i++) {
  for (const name of contenders) {
    const child = spawnSync(process.execPath, [fileURLToPath(new URL('measure.js', import.meta.url)), name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (child.status !== 0) throw new Error(`${name} ended with ${child.status}`);
    runs.get(name).push(JSON.parse(child.stdout));
  }
}

/** The median over the processes of something that each has for each message. */
const over = (name, what) => NAMES.map((_, i) => median(runs.get(name).map(run => what(run[i]))));
const parse = NAMES.map((_, i) => median([...runs.values()].flat().map(run => run[i].parse)));

function table(title, what, places) {
  console.log(`\n${title}\n`);
  console.log(''.padEnd(30) + NAMES.map(name => name.padStart(10)).join(''));
  for (const name of contenders) {
    const row = over(name, what).map(value => (Number.isFinite(value) ? value.toFixed(places) : '').padStart(10));
    console.log(label(name).padEnd(30) + row.join(''));
  }
}

console.log(`Node ${process.versions.node}, V8 ${process.versions.v8}`);
table('The payload checked, ns: accepted or not, by a check that is looked up by the tag', run => run.check, 0);
table('Everything that is wrong with it, ns', run => run.told, 0);
console.log(`\n${'JSON.parse alone, ns'.padEnd(30)}${parse.map(value => value.toFixed(0).padStart(10)).join('')}`);
table('The whole message parsed and checked, as ratio to JSON.parse alone', run => run.both / run.parse, 2);

if (contenders.includes('handfast')) {
  console.log();
  let kept = true;
  const bar = (what, ratio, most) => {
    kept &&= ratio <= most;
    console.log(`${what.padEnd(46)}${ratio.toFixed(2).padStart(6)}   at most ${most}: ${ratio <= most ? 'kept' : 'NOT kept'}`);
  };
  const against = (what, i, doing) => {
    const rivals = contenders.filter(rival => /typebox|ajv/.test(rival) && rival !== 'ajv-discriminator').map(rival => [over(rival, doing)[i], rival]);
    const [best, rival] = rivals.sort(([a], [b]) => a - b)[0] ?? [];
    if (best !== undefined) bar(`${what} against the quickest, ${label(rival)}`, over('handfast', doing)[i] / best, 1);
  };
  NAMES.forEach((name, i) => against(`${name}: check`, i, run => run.check));
  bar('chat: parse and check', over('handfast', run => run.both / run.parse)[0], PARSE_BAR);
  process.exitCode = kept ? 0 : 1;
}
