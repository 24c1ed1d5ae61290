/** From `holdfast.yaml` to values that everything else relies on. */
import { dirname, resolve } from 'node:path';
import { disagreements } from './agreement.ts';
import { checkedText, readYamlFile } from './checked-file.ts';
import { type Configuration, configurationSchema } from './schema.ts';
import { readSecret } from './secrets.ts';

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

/**
 * Loads and checks a configuration file; its values are frozen. Throws ConfigurationError, which lists every wrong
 * field with its path, its line, what was found and what was expected. Secret files are read only when asked for.
 */
export function loadConfiguration(file: string): LoadedConfiguration {
  const absolute = resolve(file);
  const folder = dirname(absolute);
  const values = parseConfiguration(absolute, readYamlFile(absolute));
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
  return checkedText(file, text, {
    schema: configurationSchema,
    expected: 'cluster, redis, engines',
    disagreements,
  });
}
