/**
 * The state folder: made whole at the first start, checked at every later one. It appears by one rename, so that a
 * first start that was interrupted leaves nothing that looks like a state.
 */
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type LoadedConfiguration, loadConfiguration } from '@holdfast/configuration';
import { changedConfiguration, type ConfigurationChanges } from './change-configuration.ts';
import { type ClusterRecord, FIRST_RECORD, readRecord, writeRecord } from './cluster-record.ts';
import { firstConfiguration, SECRETS } from './first-configuration.ts';
import { API_PORT, BASE_PORT } from './port-plan.ts';
import { StateDamaged } from './state-damaged.ts';

export const STATE_FOLDER = '.holdfast';

export type StateFolder = {
  readonly path: string;
  readonly configuration: LoadedConfiguration;
  readonly recordFile: string;
  readonly record: ClusterRecord;
  /** True when this call made it. */
  readonly fresh: boolean;
  /** True when the addresses or numbers that Sentinels keep in their own files were changed by this call. */
  readonly sentinelsOutdated: boolean;
};

const FOLDERS = ['secrets', 'logs', 'duckdb', 'backups', 'clickhouse', 'broker', 'terminals'];
export const CONFIGURATION_FILE = 'holdfast.yaml';
export const RECORD_FILE = 'cluster.json';

/** Whether there is a state in this folder. An empty folder is none. */
export function hasState(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length > 0;
}

/**
 * Opens the state in `folder`, or makes it. `changes` are what the command line asked for; what it does not name stays
 * as the file has it. Throws `StateDamaged` or ConfigurationError, each with the path.
 */
export function openState(folder: string, changes: ConfigurationChanges): StateFolder {
  const path = resolve(folder);
  const fresh = !hasState(path);
  if (fresh) makeState(path, changes);
  const { configuration, record } = readState(path);
  readSecrets(configuration);
  const outdated = fresh ? undefined : applyChanges(configuration, changes);
  return {
    path,
    configuration: outdated === undefined ? configuration : loadConfiguration(configuration.file),
    recordFile: join(path, RECORD_FILE),
    record,
    fresh,
    sentinelsOutdated: outdated?.sentinels ?? false,
  };
}

/** Reads a state and changes nothing. Throws `StateDamaged` or ConfigurationError. */
export function readState(folder: string): { configuration: LoadedConfiguration; record: ClusterRecord } {
  const path = resolve(folder);
  if (!hasState(path))
    throw new StateDamaged(path, 'holds no cluster; `holdfast up` or `npm start` makes one');
  const file = join(path, CONFIGURATION_FILE);
  if (!existsSync(file)) {
    throw new StateDamaged(file, `is missing, and ${path} holds other files of a cluster`);
  }
  const configuration = loadConfiguration(file);
  return { configuration, record: readRecord(join(path, RECORD_FILE)) };
}

/** Reads every secret once, so that a missing or open one is said at the start and by its path. */
function readSecrets({ values, secret }: LoadedConfiguration): void {
  secret('api.keyFile', values.api.keyFile);
  secret('clusterSecretFile', values.clusterSecretFile);
  if (values.redis.passwordFile !== undefined) secret('redis.passwordFile', values.redis.passwordFile);
  for (const [index, account] of values.accounts.entries()) {
    secret(`accounts[${index}].bridgeSecretFile`, account.bridgeSecretFile);
  }
  for (const [index, webhook] of values.webhooks.entries()) {
    secret(`webhooks[${index}].tokenFile`, webhook.tokenFile);
  }
}

function makeState(path: string, changes: ConfigurationChanges): void {
  mkdirSync(dirname(path), { recursive: true });
  const beside = mkdtempSync(join(dirname(path), `${basename(path)}.new-`));
  try {
    for (const folder of FOLDERS) mkdirSync(join(beside, folder), { mode: 0o700 });
    for (const file of Object.values(SECRETS)) {
      writeFileSync(join(beside, file), `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
    }
    const { basePort = BASE_PORT, apiPort = API_PORT, profile = 'fast', latencyMs = 0, prices } = changes;
    const text = firstConfiguration({
      basePort,
      apiPort,
      profile,
      latencyMs,
      ...(prices === undefined ? {} : { prices: resolve(prices) }),
    });
    writeFileSync(join(beside, CONFIGURATION_FILE), text, { mode: 0o600 });
    writeRecord(join(beside, RECORD_FILE), FIRST_RECORD);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    throw error;
  }
}

function applyChanges(
  configuration: LoadedConfiguration,
  changes: ConfigurationChanges,
): { readonly sentinels: boolean } | undefined {
  const text = readFileSync(configuration.file, 'utf8');
  const changed = changedConfiguration(configuration.file, text, changes);
  if (changed === undefined) return undefined;
  const beside = `${configuration.file}.new`;
  writeFileSync(beside, changed.text, { mode: 0o600 });
  renameSync(beside, configuration.file);
  return { sentinels: changed.sentinels };
}
