// Prints the schema of GeoJSON that a checkout of geojson/schema has as modules; its `bin` prints the same. The argument is the checkout.
import { pathToFileURL } from 'node:url';

const folder = pathToFileURL(process.argv[2] + '/');
const { default: schema } = await import(new URL('src/schema/GeoJSON.js', folder));
const head = { $schema: 'http://json-schema.org/draft-07/schema#', $id: 'https://geojson.org/schema/GeoJSON.json' };
process.stdout.write(JSON.stringify({ ...head, ...schema }));
