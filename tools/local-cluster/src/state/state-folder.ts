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
import {
  type Configuration,
  type LoadedConfiguration,
  loadConfiguration,
  parseConfiguration,
  redisSecrets,
} from '@holdfast/configuration';
import { changedConfiguration, type ConfigurationChanges } from './change-configuration.ts';
import { type ClusterRecord, FIRST_RECORD, readRecord, writeRecord } from './cluster-record.ts';
import { firstConfiguration, SECRET_FILES } from './first-configuration.ts';
import { API_PORT, BASE_PORT } from './port-plan.ts';
import { StateDamaged } from './state-damaged.ts';

export const STATE_FOLDER = '.holdfast';

export type StateFolder = {
  readonly path: string;
  readonly configuration: LoadedConfiguration;
  readonly recordFile: string;
  readonly record: ClusterRecord;
  /** True when it was made just now. */
  readonly fresh: boolean;
};

const FOLDERS = ['secrets', 'logs', 'duckdb', 'backups', 'clickhouse', 'broker', 'terminals'];
export const CONFIGURATION_FILE = 'holdfast.yaml';
export const RECORD_FILE = 'cluster.json';

/** Whether there is a state in this folder. An empty folder is none. */
export function hasState(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length > 0;
}

export type PreparedState = {
  /** What the configuration will be. */
  readonly values: Configuration;
  /** Makes the state, or writes what changed. Throws `StateDamaged` when the folder was made by another meanwhile. */
  readonly settle: () => StateFolder;
};

/**
 * Reads the state in `folder`, or plans a first one; nothing is written before `settle`. `changes` are what the command
 * line asked for; what it does not name stays as the file has it. Throws `StateDamaged` or ConfigurationError, each
 * with the path.
 */
export function prepareState(folder: string, changes: ConfigurationChanges): PreparedState {
  const path = resolve(folder);
  return hasState(path) ? prepareChange(path, changes) : prepareFirst(path, changes);
}

function prepareFirst(path: string, changes: ConfigurationChanges): PreparedState {
  const { basePort = BASE_PORT, apiPort = API_PORT, profile = 'fast', latencyMs = 0, prices } = changes;
  const recorded = prices === undefined ? {} : { prices: resolve(prices) };
  const text = firstConfiguration({ basePort, apiPort, profile, latencyMs, ...recorded });
  const values = parseConfiguration(join(path, CONFIGURATION_FILE), text);
  return {
    values,
    settle: () => {
      makeState(path, text);
      return stateFolder(path, true);
    },
  };
}

function prepareChange(path: string, changes: ConfigurationChanges): PreparedState {
  const { configuration } = readState(path);
  const { file } = configuration;
  readSecrets(configuration);
  const changed = changedConfiguration(file, readFileSync(file, 'utf8'), changes);
  return {
    values: changed?.values ?? configuration.values,
    settle: () => {
      if (changed !== undefined) replaceFile(file, changed.text);
      return stateFolder(path, false);
    },
  };
}

function stateFolder(path: string, fresh: boolean): StateFolder {
  return { path, ...readState(path), recordFile: join(path, RECORD_FILE), fresh };
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
function readSecrets(configuration: LoadedConfiguration): void {
  const { values, secret } = configuration;
  secret('api.keyFile', values.api.keyFile);
  secret('clusterSecretFile', values.clusterSecretFile);
  redisSecrets(configuration);
  for (const [index, account] of values.accounts.entries()) {
    secret(`accounts[${index}].bridgeSecretFile`, account.bridgeSecretFile);
  }
  for (const [index, webhook] of values.webhooks.entries()) {
    secret(`webhooks[${index}].tokenFile`, webhook.tokenFile);
  }
}

function makeState(path: string, configuration: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const beside = mkdtempSync(join(dirname(path), `${basename(path)}.new-`));
  try {
    for (const folder of FOLDERS) mkdirSync(join(beside, folder), { mode: 0o700 });
    for (const file of SECRET_FILES) {
      writeFileSync(join(beside, file), `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
    }
    writeFileSync(join(beside, CONFIGURATION_FILE), configuration, { mode: 0o600 });
    writeRecord(join(beside, RECORD_FILE), FIRST_RECORD);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    throw new StateDamaged(path, `the state folder cannot be made (${String(error)})`, { cause: error });
  }
}

/** A crash leaves the old file or the new one. */
function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
