// Reads instances and asks Ajv. Each line is a case: its draft, its schema, the documents that this refers to, and paths of instances. Each answer
// is a line: for each instance its JSON and Ajv's verdict, or why there is none.
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Ajv04 from 'ajv-draft-04';
import Ajv from 'ajv';
import Ajv2019 from 'ajv/dist/2019.js';
import Ajv2020 from 'ajv/dist/2020.js';
import { parse as parseJsonWithComments } from 'jsonc-parser';
import { parse as parseToml } from 'smol-toml';
import { parse as parseYaml } from 'yaml';

const require = createRequire(import.meta.url);
const CLASSES = {
  'draft-04': Ajv04.default,
  'draft-06': Ajv.default,
  'draft-07': Ajv.default,
  '2019-09': Ajv2019.default,
  '2020-12': Ajv2020.default,
};

function text(content) {
  const bytes = content.path === undefined ? content.text : readFileSync(content.path, 'utf8');
  return bytes.replace(/^\uFEFF/, '');
}

/** An Ajv with all documents, and what makes a validator for a fragment of the root. */
function prepare({ draft, root, remotes, files }, unicodeRegExp) {
  const ajv = new CLASSES[draft]({ strict: false, validateFormats: false, logger: false, unicodeRegExp, ownProperties: true, inlineRefs: false });
  if (draft === 'draft-06') ajv.addMetaSchema(require('ajv/dist/refs/json-schema-draft-06.json'));
  if (draft === 'draft-07') ajv.addMetaSchema(require('ajv/dist/refs/json-schema-draft-06.json'));
  const schema = JSON.parse(text(files[root]));
  const key = draft === 'draft-04' ? 'id' : '$id';
  const address = typeof schema[key] === 'string' ? schema[key].replace(/#$/, '') : undefined;
  const known = new Set(address === undefined ? [] : [address]);
  for (const [of, name] of Object.entries(remotes)) {
    if (known.has(of) || of in ajv.refs || of in ajv.schemas) continue;
    const { $schema, ...document } = JSON.parse(text(files[name]));
    const id = document[key]?.replace(/#$/, '');
    if (id !== undefined && id !== of && (known.has(id) || id in ajv.refs)) delete document[key];
    else known.add(id);
    ajv.addSchema(document, of);
    known.add(of);
  }
  // Files beside it.
  for (const name of Object.keys(files)) {
    if (name !== root && !Object.values(remotes).includes(name) && !known.has(name)) {
      const { $schema, ...document } = JSON.parse(text(files[name]));
      ajv.addSchema(document, name);
    }
  }
  delete schema.$schema;
  const base = address ?? root;
  ajv.addSchema(schema, base);
  return fragment => (fragment === '' ? ajv.getSchema(base) : ajv.compile({ $ref: base + fragment }));
}

/** Validators by fragments. Patterns that are invalid with the flag `u` are read without it. */
function validators(one) {
  const made = new Map();
  let make = prepare(one, true);
  return fragment => {
    if (!made.has(fragment)) {
      try {
        made.set(fragment, make(fragment));
      } catch (error) {
        if (!String(error).includes('Invalid regular expression')) throw error;
        make = prepare(one, false);
        made.set(fragment, make(fragment));
      }
    }
    return made.get(fragment);
  };
}

/** A number that JSON cannot write makes the file no instance. */
function checked(value) {
  const written = JSON.stringify(value, (_, field) => {
    if (typeof field === 'number' && !Number.isFinite(field)) throw new Error('a number that is not finite');
    if (typeof field === 'bigint') throw new Error('an integer that no double holds');
    return field;
  });
  if (written === undefined) throw new Error('no value');
  return written;
}

function instance(path) {
  const content = text({ path });
  if (path.endsWith('.toml')) return checked(parseToml(content));
  if (/\.ya?ml$/.test(path)) return checked(parseYaml(content, { merge: true, maxAliasCount: 10000, logLevel: 'silent' }));
  try {
    JSON.parse(content);
    return content;
  } catch {
    const errors = [];
    const value = parseJsonWithComments(content, errors, { allowTrailingComma: true });
    if (errors.length > 0) throw new Error('no JSON');
    return checked(value);
  }
}

function answer(one) {
  const said = { instances: [] };
  let validator;
  const texts = new Map();
  for (const { path, message } of one.instances) {
    try {
      if (!texts.has(path)) texts.set(path, instance(path));
    } catch (error) {
      said.instances.push({ unreadable: String(error).slice(0, 300) });
      continue;
    }
    const json = texts.get(path);
    let valid = null;
    try {
      validator ??= validators(one);
      valid = validator(one.messages[message])(JSON.parse(json));
    } catch (error) {
      said.error ??= String(error).slice(0, 300);
    }
    said.instances.push({ json, valid });
  }
  return said;
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + '\n');
}
