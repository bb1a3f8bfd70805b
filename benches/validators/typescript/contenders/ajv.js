// Ajv, compiled: a function for each tag that stops at the first error, and one that tells all.

import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import * as all from '../schemas.js';

const compiler = allErrors => {
  const ajv = new Ajv2020({ allErrors, strict: false });
  formats.default(ajv);
  return schemas => new Map(schemas.map(([tag, schema]) => [tag, ajv.compile(schema)]));
};

export const payloads = compiler(false)(all.payloads);
export const told = all.withErrors(compiler(true)(all.payloads));
export const check = all.byTag(compiler(false)(all.messages));
