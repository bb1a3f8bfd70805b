// The types as tools know them that take a Standard Schema.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportMember, standardSchema } from '../build/out/handfast.js';
import { chatMessageSchema, chatSendSchema } from '../build/out/api.schemas.js';

const validate = value => chatSendSchema['~standard'].validate(value);

test('a good value comes back as it is', () => {
  const { version, vendor } = chatSendSchema['~standard'];
  assert.deepEqual([version, vendor], [1, 'handfast']);
  const value = { roomId: 'lobby', text: 'hi' };
  assert.equal(validate(value).value, value);
  assert.equal(validate(value).issues, undefined);
});

test('everything wrong is an issue, with its path as keys', () => {
  const attachments = [{ kind: 'snippet', text: '' }, { kind: 'image', url: 'a', width: 0, height: 1 }];
  const { issues } = validate({ roomId: 'lobby', text: '', attachments, '~a/b': 1 });
  assert.deepEqual(issues, [
    { message: 'must be at least 1 character long', path: ['text'] },
    { message: 'must be at least 1', path: ['attachments', 1, 'width'] },
    { message: 'is not a known property', path: ['~a/b'] },
  ]);
  assert.deepEqual(validate(7).issues, [{ message: 'must be an object', path: [] }]);
});

test('a value that is too deep for a recursive type is an issue', () => {
  const chain = (value, report) => reportMember(value.next, report, chain, 'next');
  const ring = {};
  ring.next = ring;
  const { issues } = standardSchema(chain, 'sent', () => [true])['~standard'].validate(ring);
  assert.deepEqual(issues, [{ message: 'is nested too deeply to be checked', path: [] }]);
});

test('what only a client receives may have more fields', () => {
  const { issues } = chatMessageSchema['~standard'].validate({ from: 'ada', text: 'hi', new: true });
  assert.equal(issues, undefined);
});

test('what is checked is there as JSON Schema, of one draft', () => {
  const { input, output } = chatSendSchema['~standard'].jsonSchema;
  const schema = input({ target: 'draft-2020-12' });
  assert.deepEqual(output({ target: 'draft-2020-12' }), schema);
  assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema');
  assert.equal(schema.additionalProperties, false);
  assert.deepEqual(schema.properties.text, { type: 'string', minLength: 1, maxLength: 2000 });
  const references = JSON.stringify(schema).matchAll(/"\$ref":"#\/([^"]+)"/g);
  for (const [, pointer] of references) {
    const target = pointer.split('/').reduce((at, key) => at?.[key], schema);
    assert.notEqual(target, undefined, pointer);
  }
  assert.throws(() => input({ target: 'draft-07' }), RangeError);
});
