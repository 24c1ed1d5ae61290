/**
 * From an environment's file to everything that the stacks are made from. Whatever is wrong in it, in its holdfast.yaml or
 * between the two is told at once, with its place; nothing has been written then.
 */
import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import {
  checkedText,
  type Configuration,
  ConfigurationError,
  parseConfiguration,
  readYamlFile,
} from '@holdfast/configuration';
import { type Profile, profile } from '@holdfast/ha-core';
import { checkTogether } from './faults.ts';
import { ownFaults } from './own-faults.ts';
import type { Process } from './processes.ts';
import { type EnvironmentValues, environmentSchema } from './schema.ts';

export type Environment = {
  readonly file: string;
  readonly name: string;
  readonly values: EnvironmentValues;
  readonly cluster: Configuration;
  /** The text of holdfast.yaml as it is. */
  readonly clusterText: string;
  readonly numbers: Profile;
  readonly processes: readonly Process[];
  /** Absolute folder of Terraform's state. */
  readonly state: string;
};

/**
 * Reads and checks an environment; `localSecrets` is looked into instead of the file's. Throws ConfigurationError with
 * every fault of the first file that is wrong.
 */
export function loadEnvironment(file: string, options: { readonly localSecrets?: string } = {}): Environment {
  const absolute = resolve(file);
  const folder = dirname(absolute);
  const values = { ...parseEnvironment(absolute, readYamlFile(absolute)), ...options };
  const clusterFile = resolve(folder, values.cluster);
  const clusterText = readYamlFile(clusterFile);
  const cluster = parseConfiguration(clusterFile, clusterText);
  const { localSecrets } = values;
  const isSecretThere = (name: string): boolean =>
    localSecrets === undefined || isFilled(join(resolve(folder, localSecrets), name));
  const { processes, faults } = checkTogether(values, cluster, isSecretThere);
  if (faults.length > 0) throw new ConfigurationError(absolute, faults);
  return {
    file: absolute,
    name: values.name,
    values,
    cluster,
    clusterText,
    numbers: profile(cluster.profile),
    processes,
    state: resolve(folder, values.state),
  };
}

/** Checks the text of an environment's file by itself. Throws ConfigurationError. */
export function parseEnvironment(file: string, text: string): EnvironmentValues {
  return checkedText(file, text, {
    schema: environmentSchema,
    expected: 'name, hosts, network, cluster',
    disagreements: ownFaults,
  });
}

function isFilled(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.size > 0;
}
