// Reads instances by generated TypeScript: each line is a module, a message, an instance as text and its type, each answer a list of violations. The argument
// is the folder with the modules.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const folder = pathToFileURL(process.argv[2] + '/');
const loaded = new Map();

async function load(module) {
  if (!loaded.has(module)) loaded.set(module, await import(new URL(`${module}.js`, folder)));
  return loaded.get(module);
}

const list = violations => violations.map(one => [one.path.replace(/^\/payload/, ''), one.keyword]);

async function answer([module, message, instance, type]) {
  const api = await load(module);
  const result = api.decode(`{"type":"${message}","payload":${instance}}`);
  // The guard is what a program calls that has the value already.
  const guard = api[`is${type}`];
  if (guard !== undefined && guard(JSON.parse(instance)) !== result.ok) return { other: `the guard says ${!result.ok}` };
  if (result.ok) return { violations: [] };
  if (result.error.kind === 'invalid') return { violations: list(result.error.violations) };
  return { other: String(result.error.message) };
}

for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    said = await answer(JSON.parse(line));
  } catch (error) {
    said = { other: String(error).slice(0, 300) };
  }
  process.stdout.write(JSON.stringify(said) + '\n');
}
