// Ajv, compiled: one function for the union, with the keyword `discriminator`. Whole messages only.

import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { messages } from '../schemas.js';

const ajv = new Ajv2020({ allErrors: false, strict: false, discriminator: true });
formats.default(ajv);
const union = ajv.compile({
  type: 'object',
  required: ['type'],
  discriminator: { propertyName: 'type' },
  oneOf: messages.map(([, schema]) => schema),
});

export const check = value => union(value);
