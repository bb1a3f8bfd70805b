// Reads shapes from the standard input; prints what quicktype and json-schema-to-typescript make of each, or how they fail.
import { compile } from 'json-schema-to-typescript';
import { InputData, JSONSchemaInput, quicktype } from 'quicktype-core';

async function byQuicktype(schema, lang, rendererOptions) {
  const input = new JSONSchemaInput(undefined);
  await input.addSource({ name: 'Shape', schema: JSON.stringify(schema) });
  const inputData = new InputData();
  inputData.addInput(input);
  return (await quicktype({ inputData, lang, rendererOptions })).lines.join('\n');
}

/** What a tool makes of it, or how it fails. */
async function tried(make) {
  try {
    return { text: await make() };
  } catch (error) {
    return { error: String(error).slice(0, 200) };
  }
}

let text = '';
for await (const part of process.stdin) text += part;
const made = [];
for (const { schema } of JSON.parse(text)) {
  // Each gets a copy: json-schema-to-typescript changes what it reads.
  const copy = () => structuredClone(schema);
  made.push({
    quicktypeRust: await tried(() => byQuicktype(copy(), 'rust', { visibility: 'public', density: 'dense', 'derive-debug': 'true' })),
    quicktypeTypescript: await tried(() => byQuicktype(copy(), 'typescript', { 'just-types': 'true' })),
    schemaToTypescript: await tried(() => compile(copy(), 'Shape', { bannerComment: '', additionalProperties: true })),
  });
}
process.stdout.write(JSON.stringify(made));
