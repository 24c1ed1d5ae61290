/**
 * From `holdfast.yaml` to values that everything else relies on: read, parsed, checked field by field, then as a
 * whole, then frozen. A wrong file is refused with all that is wrong in it; nothing is guessed, nothing half used.
 */
import { dirname, resolve } from 'node:path';
import { disagreements } from './agreement.ts';
import { ConfigurationError, type Fault, pathText } from './configuration-error.ts';
import { fieldFaults } from './field-faults.ts';
import { keysAt } from './json-schema.ts';
import { readTextFile, UnreadableFile } from './read-file.ts';
import { type Configuration, configurationSchema } from './schema.ts';
import { readSecret } from './secrets.ts';
import { parseYaml } from './yaml-text.ts';

/** A configuration with the place that its relative paths start from. */
export type LoadedConfiguration = {
  readonly file: string;
  readonly folder: string;
  readonly values: Configuration;
  /** Absolute path of a path in the file. */
  readonly path: (relative: string) => string;
  /** The trimmed content of a secret file. Throws ConfigurationError that names the field and the path, never the content. */
  readonly secret: (field: string, file: string) => string;
};

const FILE_BYTES_MAX = 1024 * 1024;

/**
 * Loads and checks a configuration file; its values are frozen. Throws ConfigurationError, which lists every wrong
 * field with its path, its line, what was found and what was expected. Secret files are read only when asked for.
 */
export function loadConfiguration(file: string): LoadedConfiguration {
  const absolute = resolve(file);
  const folder = dirname(absolute);
  const values = parseConfiguration(absolute, read(absolute));
  const path = (relative: string): string => resolve(folder, relative);
  return {
    file: absolute,
    folder,
    values,
    path,
    secret: (field, secretFile) =>
      readSecret(absolute, field, path(secretFile), process.env['CREDENTIALS_DIRECTORY']),
  };
}

/** Checks the text of a configuration; `file` is what messages call it. Throws ConfigurationError. */
export function parseConfiguration(file: string, text: string): Configuration {
  const yaml = parseYaml(text);
  if ('faults' in yaml) throw new ConfigurationError(file, yaml.faults);
  if (yaml.value === null) {
    throw new ConfigurationError(file, [
      { path: '', message: 'the file is empty, expected a mapping with cluster, redis, engines …' },
    ]);
  }
  const placed = (path: readonly PropertyKey[], message: string): Fault => {
    const line = yaml.lineOf(path);
    return { path: pathText(path), ...(line === undefined ? {} : { line }), message };
  };
  const checked = configurationSchema.safeParse(yaml.value);
  if (!checked.success) {
    const faults = checked.error.issues.flatMap((issue) => fieldFaults(issue, yaml.value, keysAt));
    throw new ConfigurationError(
      file,
      faults.map((fault) => placed(fault.path, fault.message)),
    );
  }
  const faults = disagreements(checked.data);
  if (faults.length > 0) {
    throw new ConfigurationError(
      file,
      faults.map((fault) => placed(fault.path, fault.message)),
    );
  }
  return frozen(checked.data);
}

function read(file: string): string {
  try {
    return readTextFile(file, FILE_BYTES_MAX);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    throw new ConfigurationError(file, [{ path: '', message: `the file ${error.message}` }], {
      cause: error,
    });
  }
}

function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const below of Object.values(value)) frozen(below);
  return value;
}
