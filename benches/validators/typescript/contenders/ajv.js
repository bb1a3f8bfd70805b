// Ajv, compiled: a function for each tag.

import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import * as all from '../schemas.js';

const ajv = new Ajv2020({ allErrors: true, strict: false });
formats.default(ajv);
const compiled = schemas => new Map(schemas.map(([tag, schema]) => [tag, ajv.compile(schema)]));

export const payloads = compiled(all.payloads);
export const check = all.byTag(compiled(all.messages));
