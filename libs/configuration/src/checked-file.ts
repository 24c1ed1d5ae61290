/**
 * A YAML file with a schema: read, parsed, checked field by field, then as a whole, then frozen. All that is wrong is told
 * at once; nothing is guessed, nothing half used. `holdfast.yaml` is one such file, an environment's description another.
 */
import type { z } from 'zod';
import { ConfigurationError, type Fault, pathText } from './configuration-error.ts';
import { fieldFaults } from './field-faults.ts';
import { keysOf } from './json-schema.ts';
import { readTextFile, UnreadableFile } from './read-file.ts';
import { parseYaml } from './yaml-text.ts';

/** What a file must be. */
export type FileForm<Schema extends z.ZodType> = {
  readonly schema: Schema;
  /** Its first keys, in words, for the message about an empty file. */
  readonly expected: string;
  /** What a schema cannot say field by field; none is an empty list. */
  readonly disagreements: (values: z.output<Schema>) => readonly Disagreement[];
};

/** A fault of the file as a whole, at the place that is to be changed. */
export type Disagreement = { readonly path: readonly (string | number)[]; readonly message: string };

const FILE_BYTES_MAX = 1024 * 1024;

/** The text of a file of this size and kind. Throws ConfigurationError. */
export function readYamlFile(file: string): string {
  try {
    return readTextFile(file, FILE_BYTES_MAX);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    throw new ConfigurationError(file, [{ path: '', message: `the file ${error.message}` }], {
      cause: error,
    });
  }
}

/** Checks a text; `file` is what messages call it. Throws ConfigurationError with every fault. */
export function checkedText<Schema extends z.ZodType>(
  file: string,
  text: string,
  form: FileForm<Schema>,
): z.output<Schema> {
  const yaml = parseYaml(text);
  if ('faults' in yaml) throw new ConfigurationError(file, yaml.faults);
  if (yaml.value === null) {
    throw new ConfigurationError(file, [
      { path: '', message: `the file is empty, expected a mapping with ${form.expected} …` },
    ]);
  }
  const placed = ({ path, message }: { path: readonly PropertyKey[]; message: string }): Fault => {
    const line = yaml.lineOf(path);
    return { path: pathText(path), ...(line === undefined ? {} : { line }), message };
  };
  const checked = form.schema.safeParse(yaml.value);
  const faults = checked.success
    ? form.disagreements(checked.data)
    : checked.error.issues.flatMap((issue) =>
        fieldFaults(issue, yaml.value, (path) => keysOf(form.schema, path)),
      );
  if (faults.length > 0 || !checked.success) throw new ConfigurationError(file, faults.map(placed));
  return frozen(checked.data);
}

function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const below of Object.values(value)) frozen(below);
  return value;
}
