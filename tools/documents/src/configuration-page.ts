/** docs/configuration.md: every field of holdfast.yaml with its form and default, from the schema that checks the file. */
import { configurationJsonSchema } from '@holdfast/configuration';
import { MEANINGS } from './meanings.ts';
import { table } from './table.ts';

export type Field = { readonly path: string; readonly form: string; readonly default: string };

type Schema = ReturnType<typeof configurationJsonSchema>;

/** The page. */
export function configurationPage(): string {
  const rows = fields().map(({ path, form, default: preset }) => [
    `\`${path}\``,
    form,
    preset,
    MEANINGS[path] ?? '',
  ]);
  return `# Configuration

Made from the schema in \`libs/configuration/src/schema.ts\` by \`npm run documents\`; change it there.

One file, \`holdfast.yaml\`, describes a whole cluster. Every process reads it and finds itself in it by its name. A file
with a wrong field is refused at start: each wrong field is told with its path, its value and what was expected. For
editors, \`docs/holdfast.schema.json\` is the same schema in JSON.

Secrets are never in the file. Fields that end in \`File\` name files, which are looked up in \`$CREDENTIALS_DIRECTORY\`
first and else beside \`holdfast.yaml\`.

\`[]\` marks a list; its fields are those of each entry.

${table(['field', 'form', 'default', 'meaning'], rows)}
`;
}

/** Every field of the file, in the schema's order. */
export function fields(): readonly Field[] {
  return fieldsOf('', configurationJsonSchema(), true);
}

function fieldsOf(path: string, schema: Schema, required: boolean): Field[] {
  if (schema.properties) {
    const needed = Array.isArray(schema['required']) ? schema['required'] : [];
    return Object.entries(schema.properties).flatMap(([name, inner]) =>
      fieldsOf(path === '' ? name : `${path}.${name}`, inner, needed.includes(name)),
    );
  }
  if (schema.items?.properties) return fieldsOf(`${path}[]`, schema.items, required);
  const preset = schema['default'];
  const shown = preset === undefined ? (required ? 'required' : 'none') : `\`${JSON.stringify(preset)}\``;
  return [{ path, form: form(schema), default: shown }];
}

function form(schema: Schema): string {
  const options = schema['enum'];
  if (Array.isArray(options)) return options.map((option) => `\`${option}\``).join(' or ');
  if (schema.items) return `list of ${form(schema.items)}`;
  return `${String(schema['type'])}${range(schema['minimum'], schema['maximum'])}${pattern(schema['pattern'])}`;
}

function range(least: unknown, most: unknown): string {
  const from = typeof least === 'number' && least > Number.MIN_SAFE_INTEGER ? least : undefined;
  const to = typeof most === 'number' && most < Number.MAX_SAFE_INTEGER ? most : undefined;
  if (from === undefined && to === undefined) return '';
  if (to === undefined) return `, at least ${from}`;
  return from === undefined ? `, at most ${to}` : `, ${from} to ${to}`;
}

function pattern(text: unknown): string {
  return typeof text === 'string' ? ` \`${text}\`` : '';
}
