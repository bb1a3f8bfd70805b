// What the validators of the four messages weigh in a page: bundled and minified by esbuild, then compressed.
//
//     npm ci && npm run sizes

import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { MEASURED, payloads } from './schemas.js';

/** Of the four of ours with all that they call, in bytes. */
const BAR = 2304;

const four = payloads.filter(([tag]) => MEASURED.includes(tag));
const camel = tag => tag.replace(/\.(.)/g, (_, letter) => letter.toUpperCase());
const validatorOf = tag => `validate${camel(`.${tag}`)}`;
const checks = tags => `export { ${tags.map(validatorOf)} } from './build/src/api.ts';`;
/** With what collects violations, orders and bounds them; a page has that once. */
const ours = tags => `${checks(tags)} export { violationsOf } from './build/src/handfast.ts';`;
const made = (line, value) => `${line}\n${four.map(([, schema], i) => `export const v${i} = ${value(JSON.stringify(schema))};`).join('\n')}`;
async function size(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('.', import.meta.url)), loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
  });
  const text = outputFiles[0].text;
  return { text, bytes: text.length, gzipped: gzipSync(text, { level: 9 }).length };
}

const entries = {
  'handfast, the guards': `export { ${MEASURED.map(tag => validatorOf(tag).replace('validate', 'is')).join(', ')} } from './build/src/api.ts';`,
  'handfast, with the report': ours(MEASURED),
  'Ajv, standalone': "export * from './build/ajv-four.js';",
  'TypeBox, compiled in the page': made("import { Compile } from 'typebox/compile';", json => `Compile(${json})`),
  'Ajv, compiled in the page': made("import { Ajv2020 } from 'ajv/dist/2020.js';", json => `new Ajv2020().compile(${json})`),
  zod: made("import { zodOf } from './zod-of.js';", json => `zodOf(${json})`),
};
console.log(`${''.padEnd(32)}${'minified'.padStart(10)}${'and gzip'.padStart(10)}`);
const print = (name, { bytes, gzipped }) => console.log(`${name.padEnd(32)}${String(bytes).padStart(10)}${String(gzipped).padStart(10)}`);
const sizes = {};
for (const [name, contents] of Object.entries(entries)) print(name, (sizes[name] = await size(contents)));

console.log('\nhandfast with the report, by what is imported');
for (const tag of MEASURED) print(`  ${tag}`, await size(ours([tag])));
const none = await size("import './build/src/api.ts';");
print('  nothing', none);

const kept = sizes['handfast, with the report'].gzipped < BAR;
console.log(`\nthe four with the report under ${BAR} bytes: ${kept ? 'kept' : 'NOT kept'}`);
const price = (await size(ours(['price.tick']))).text;
const dropped = none.text.trim() === '' && price.includes('bid') && !/bids|latitude|roomId/.test(price);
console.log(`what is not imported is dropped: ${dropped ? 'yes' : 'NO'}`);
process.exitCode = kept && dropped ? 0 : 1;
