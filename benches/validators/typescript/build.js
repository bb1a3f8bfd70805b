// Makes JavaScript of what is generated, and Ajv's standalone code.

import { build } from 'esbuild';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import standalone from 'ajv/dist/standalone/index.js';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MEASURED, messages, payloads } from './schemas.js';

const at = path => fileURLToPath(new URL(path, import.meta.url));

const contents = "export * from './api.js'; export { violationsOf } from './handfast.js';";
await build({
  stdin: { contents, resolveDir: at('build/src'), loader: 'ts' },
  outfile: at('build/api.js'),
  bundle: true,
  format: 'esm',
});
const four = payloads.filter(([tag]) => MEASURED.includes(tag));
writeFileSync(at('build/ajv.js'), await ajv({ message: messages, payload: payloads }, false));
writeFileSync(at('build/ajv-all.js'), await ajv({ payload: payloads }, true));
writeFileSync(at('build/ajv-four.js'), await ajv({ payload: four }, true));

/** A module of functions, called `message0` and so on, that need nothing of Ajv but what is bundled with them. */
async function ajv(groups, allErrors) {
  const schemas = Object.entries(groups).flatMap(([name, list]) => list.map(([, schema], i) => ({ ...schema, $id: `${name}${i}` })));
  const compiler = new Ajv2020({ allErrors, strict: false, code: { source: true, esm: true }, schemas });
  formats.default(compiler);
  const contents = standalone.default(compiler, Object.fromEntries(schemas.map(({ $id }) => [$id, $id])));
  const bundled = await build({
    stdin: { contents, resolveDir: at('.') },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
  });
  return bundled.outputFiles[0].text;
}
