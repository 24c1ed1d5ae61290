/** Placeholder signature; see the file's owner. */
import type { Configuration } from './schema.ts';

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
