/** Writes `docs/holdfast.schema.json`: `npm run schema` in this package. A test fails when the file is out of date. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { jsonSchemaText } from './json-schema.ts';

const file = fileURLToPath(new URL('../../../docs/holdfast.schema.json', import.meta.url));
writeFileSync(file, jsonSchemaText());
process.stdout.write(`${file}\n`);
