/**
 * The `holdfast.yaml` of a benchmark: a folder of its own with secrets, free ports, as many accounts as signals may be
 * under way at once, and no bound on requests. Everything else is as a cluster has it by default.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LoadedConfiguration, loadConfiguration } from '@holdfast/configuration';
import { freePorts } from '@holdfast/redis/testing';
import { stringify } from 'yaml';

export type Workplace = {
  readonly folder: string;
  readonly configuration: LoadedConfiguration;
  readonly apiKey: string;
  /** Ends something when the work is over, the last first. */
  readonly atEnd: (end: () => Promise<void>) => void;
};

const HOST = '127.0.0.1';
/** Enough for everything that a benchmark stores, so that nothing is refused for want of memory. */
const MAXMEMORY_BYTES = 4 * 1024 ** 3;
const REQUESTS_MAX = 1_000_000;
const FOLDERS = ['secrets', 'duckdb', 'backups', 'clickhouse', 'broker', 'terminals'];

/**
 * Does some work in a folder below the system's temporary one, then ends what it started and removes the folder. When
 * the work fails the folder stays, for its logs, and the error names it.
 */
export async function inWorkplace<Result>(
  accounts: number,
  work: (workplace: Workplace) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const ends: (() => Promise<void>)[] = [];
  try {
    const configuration = await makeFiles(folder, accounts);
    const apiKey = configuration.secret('api.keyFile', configuration.values.api.keyFile);
    const result = await work({ folder, configuration, apiKey, atEnd: (end) => void ends.push(end) });
    await endAll(ends);
    rmSync(folder, { recursive: true, force: true });
    return result;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${why}; the logs of all processes are in ${folder}`, { cause });
  } finally {
    await endAll(ends);
  }
}

async function endAll(ends: (() => Promise<void>)[]): Promise<void> {
  for (const end of ends.splice(0).reverse()) await end();
}

async function makeFiles(folder: string, accounts: number): Promise<LoadedConfiguration> {
  for (const name of FOLDERS) mkdirSync(join(folder, name), { mode: 0o700 });
  for (const name of ['api.key', 'cluster', 'bridge']) {
    writeFileSync(join(folder, 'secrets', name), `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  }
  const file = join(folder, 'holdfast.yaml');
  writeFileSync(file, stringify(values(accounts, await freePorts(24))), { mode: 0o600 });
  return loadConfiguration(file);
}

/** The accounts that a benchmark trades. */
export const accountNames = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `bench-${index}`);

function values(accounts: number, ports: readonly number[]): object {
  let taken = 0;
  const at = () => {
    const port = ports[taken];
    taken += 1;
    if (port === undefined) throw new Error('more ports are needed than were found');
    return { host: HOST, port };
  };
  const named = (kind: string, count: number) =>
    Array.from({ length: count }, (_, index) => ({ name: `${kind}-${index + 1}`, ...at() }));
  const engine = (name: string) => ({ name, bridge: at(), peer: at(), health: at() });
  return {
    cluster: 'bench',
    profile: 'fast',
    redis: {
      nodes: named('redis', 3),
      sentinels: named('sentinel', 3),
      wardens: [1, 2, 3].map((index) => ({
        name: `warden-${index}`,
        node: `redis-${index}`,
        peer: at(),
        health: at(),
      })),
      maxmemoryBytes: MAXMEMORY_BYTES,
    },
    engines: [engine('engine-1'), engine('engine-2')],
    backends: [{ name: 'backend-1', listen: at() }],
    api: {
      listen: at(),
      keyFile: 'secrets/api.key',
      requestsPerSecond: REQUESTS_MAX,
      requestsBurst: REQUESTS_MAX,
    },
    sync: { name: 'sync', api: at(), database: 'duckdb/results.duckdb', backups: 'backups' },
    clickhouse: { url: `http://${HOST}:${at().port}` },
    clusterSecretFile: 'secrets/cluster',
    accounts: accountNames(accounts).map((account, index) => ({
      account,
      // Buys and sells in turn leave one position at most, so that the ten thousandth signal costs what the first did.
      margin: 'netting',
      bridgeSecretFile: 'secrets/bridge',
      terminals: [{ name: `terminal-${index + 1}`, role: 'primary' }],
      symbols: ['EURUSD'],
    })),
    simulator: { broker: at(), http: at(), state: 'broker', journals: 'terminals', latencyMs: 0 },
  };
}
