/** The published schema is the one that checks the file. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configurationJsonSchema, jsonSchemaText, keysOf } from './json-schema.ts';
import { configurationSchema } from './schema.ts';

test('docs/holdfast.schema.json is up to date (npm run schema in libs/configuration writes it)', () => {
  const published = readFileSync(new URL('../../../docs/holdfast.schema.json', import.meta.url), 'utf8');
  expect(published).toBe(jsonSchemaText());
});

test('what has a default may be left out, what has none may not', () => {
  const schema = configurationJsonSchema();
  expect(schema['required']).toContain('clusterSecretFile');
  expect(schema['required']).not.toContain('profile');
  expect(schema['required']).not.toContain('log');
});

test('the keys of a place are found through lists', () => {
  expect(keysOf(configurationSchema, [])).toContain('accounts');
  expect(keysOf(configurationSchema, ['accounts', 0, 'terminals', 1])).toEqual(['name', 'role']);
  expect(keysOf(configurationSchema, ['webhooks', 0, 'symbols'])).toEqual([]);
});
