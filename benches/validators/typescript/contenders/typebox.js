// TypeBox 1, compiled: a validator for each tag; for everything that is wrong it is asked for the errors.

import { Compile } from 'typebox/compile';
import * as all from '../schemas.js';

const compiled = ([tag, schema]) => [tag, Compile(schema)];
const checks = ([tag, validator]) => [tag, value => validator.Check(value)];
const validators = all.payloads.map(compiled);

export const payloads = new Map(validators.map(checks));
export const told = new Map(
  validators.map(([tag, validator]) => [tag, value => (validator.Check(value) ? [] : validator.Errors(value))]),
);
export const check = all.byTag(new Map(all.messages.map(compiled).map(checks)));
