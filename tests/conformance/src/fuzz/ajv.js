// Asks Ajv: each line is a schema and its instances, each answer a line of verdicts.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';

const require = createRequire(process.argv[2]);
const Ajv = require('ajv/dist/2020').default;

for await (const line of createInterface({ input: process.stdin })) {
  const [schema, instances] = JSON.parse(line);
  let said;
  try {
    const validate = new Ajv({ strict: false, validateFormats: false, logger: false, ownProperties: true }).compile(schema);
    said = instances.map(text => {
      try {
        return validate(JSON.parse(text));
      } catch (error) {
        return String(error);
      }
    });
  } catch (error) {
    said = String(error);
  }
  process.stdout.write(JSON.stringify(said) + '\n');
}
