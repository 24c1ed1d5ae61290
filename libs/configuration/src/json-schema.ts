/** The schema of `holdfast.yaml` for editors, made from the one that checks the file. */
import { z } from 'zod';
import { configurationSchema } from './schema.ts';

type JsonSchema = {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly [key: string]: unknown;
};

/** As JSON schema (draft 2020-12), from what a file may say: fields with a default are optional. */
export function configurationJsonSchema(): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(configurationSchema, { io: 'input' });
  return { $schema, title: 'Holdfast configuration', ...schema } as JsonSchema;
}

/** The text of `docs/holdfast.schema.json`. */
export function jsonSchemaText(): string {
  return `${JSON.stringify(configurationJsonSchema(), undefined, 2)}\n`;
}

const known = new WeakMap<z.ZodType, JsonSchema>();

/** The keys that the mapping at a path of a file with this schema takes; empty where any are taken. */
export function keysOf(whole: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let schema = known.get(whole) ?? (z.toJSONSchema(whole, { io: 'input' }) as JsonSchema | undefined);
  if (schema !== undefined) known.set(whole, schema);
  for (const part of path)
    schema = typeof part === 'number' ? schema?.items : schema?.properties?.[String(part)];
  return Object.keys(schema?.properties ?? {});
}
