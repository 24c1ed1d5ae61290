/** Values of options, checked as they are read: a wrong one is named with what was expected. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type LoadedConfiguration, loadConfiguration } from '@holdfast/configuration';
import { BASE_PORT_MAX, type ClusterRecord, readState } from '@holdfast/local-cluster';
import { InvalidArgumentError, Option } from 'commander';
import { CommandFailed } from './failures.ts';

/** `--state DIR`, on every command. */
export function stateOption(): Option {
  return new Option('--state <dir>', 'state folder of the local cluster').default('.holdfast');
}

/** Where a command finds the cluster: a local one by its state folder, a deployed one by its configuration. */
export type Place = { readonly state: string; readonly config?: string };

/** `--config FILE`, on every command that asks nodes and needs nothing of the supervisor of a local cluster. */
export function configOption(): Option {
  return new Option('--config <file>', 'holdfast.yaml of a deployed environment, instead of a local cluster')
    .argParser(existingFile)
    .conflicts('state');
}

/**
 * The configuration of the place, and what the supervisor has recorded: nothing of a deployed environment, whose processes
 * somebody else keeps. Secrets of one are read in `$CREDENTIALS_DIRECTORY` by their names. Throws ConfigurationError and
 * StateDamaged.
 */
export function readPlace({ state, config }: Place): {
  readonly configuration: LoadedConfiguration;
  readonly record: ClusterRecord | undefined;
} {
  return config === undefined
    ? readState(resolve(state))
    : { configuration: loadConfiguration(config), record: undefined };
}

function whole(from: number, to: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= from && value <= to) return value;
    const most = to === Number.MAX_SAFE_INTEGER ? 'upwards' : `to ${to}`;
    throw new InvalidArgumentError(`Expected a whole number from ${from} ${most}.`);
  };
}

export const portNumber = whole(1024, 65_535);
export const basePortNumber = whole(1024, BASE_PORT_MAX);
export const milliseconds = whole(0, 600_000);
export const wholeNumber = whole(0, Number.MAX_SAFE_INTEGER);

/** A file that is there. */
export function existingFile(text: string): string {
  if (existsSync(text)) return text;
  throw new InvalidArgumentError('Expected the path of a file; nothing is there.');
}

/** Throws CommandFailed for a name that the configuration does not have. */
export function expectOne(what: string, name: string | undefined, known: readonly string[]): void {
  if (name === undefined || known.includes(name)) return;
  throw new CommandFailed(`${what} ${JSON.stringify(name)}: expected one of ${known.join(', ')}`);
}
