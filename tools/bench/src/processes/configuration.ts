/**
 * The `holdfast.yaml` of a benchmark: a folder of its own with secrets, free ports, as many accounts as signals may be
 * under way at once, and no bound on requests. Everything else is as a cluster has it by default.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LoadedConfiguration, loadConfiguration } from '@holdfast/configuration';
import { freePorts } from '@holdfast/simulation/real-redis';
import { stringify } from 'yaml';

export type Workplace = {
  readonly folder: string;
  readonly configuration: LoadedConfiguration;
  readonly apiKey: string;
  readonly remove: () => void;
};

const HOST = '127.0.0.1';
/** Enough for everything that a benchmark stores, so that nothing is refused for want of memory. */
const MAXMEMORY_BYTES = 4 * 1024 ** 3;
const REQUESTS_MAX = 1_000_000;
const FOLDERS = ['secrets', 'duckdb', 'backups', 'clickhouse', 'broker', 'terminals'];

/** Makes the folder below the system's temporary one. */
export async function makeWorkplace(accounts: number): Promise<Workplace> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  for (const name of FOLDERS) mkdirSync(join(folder, name), { mode: 0o700 });
  for (const name of ['api.key', 'cluster', 'bridge']) {
    writeFileSync(join(folder, 'secrets', name), `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  }
  const file = join(folder, 'holdfast.yaml');
  writeFileSync(file, stringify(values(accounts, await freePorts(18))), { mode: 0o600 });
  const configuration = loadConfiguration(file);
  const { api } = configuration.values;
  return { folder, configuration, apiKey: configuration.secret('api.keyFile', api.keyFile), remove };
}

/** The accounts that a benchmark trades. */
export const accountName = (index: number): string => `bench-${index}`;

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
    redis: { nodes: named('redis', 3), sentinels: named('sentinel', 3), maxmemoryBytes: MAXMEMORY_BYTES },
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
    accounts: Array.from({ length: accounts }, (_, index) => ({
      account: accountName(index),
      // Buys and sells in turn leave one position at most, so that the ten thousandth signal costs what the first did.
      margin: 'netting',
      bridgeSecretFile: 'secrets/bridge',
      terminals: [{ name: `terminal-${index + 1}`, role: 'primary' }],
      symbols: ['EURUSD'],
    })),
    simulator: { broker: at(), http: at(), state: 'broker', journals: 'terminals', latencyMs: 0 },
  };
}
