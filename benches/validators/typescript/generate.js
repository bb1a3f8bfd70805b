// Generates what a client has of the messages: the spec as if the server alone sent them.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = path => fileURLToPath(new URL(path, import.meta.url));
const outputs = 'generate:\n  typescript: { out: src/api.ts }\n  schema: { out: schema.json }\n';
const spec = readFileSync(at('../protocol.yaml'), 'utf8')
  .replaceAll('from: both', 'from: server')
  .replace(/^generate:[^]*/m, outputs);

mkdirSync(at('build/'), { recursive: true });
writeFileSync(at('build/protocol.yaml'), spec);
const codegen = ['run', '--quiet', '-p', 'codegen', '--', '--spec', at('build/protocol.yaml')];
const { status } = spawnSync('cargo', codegen, { cwd: at('../../..'), stdio: ['ignore', 'ignore', 'inherit'] });
process.exitCode = status ?? 1;
