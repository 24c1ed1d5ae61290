/**
 * For tests: what sync works with, real and in a folder of its own: the embedded ClickHouse behind its URL, and sync
 * itself as a process. Redis and a writer that stands for the engine are a pair of @holdfast/redis/testing.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recordRow, type TradeRecord } from '@holdfast/ha-core';
import { realHost } from '@holdfast/process';
import type { RedisPair } from '@holdfast/redis/testing';

export const SECRET = 'a-secret-of-the-test-cluster';

export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  limitMs = 60_000,
): Promise<T> {
  const startedMs = realHost.monotonicMs();
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (realHost.monotonicMs() - startedMs > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export type Child = { readonly process: ChildProcess; readonly output: () => string };

export function start(program: string, args: readonly string[], cwd: string): Child {
  const process = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-200_000);
  };
  process.stdout.on('data', keep);
  process.stderr.on('data', keep);
  return { process, output: () => output };
}

/** Ends a process that this test started and waits for its end; its exit code. */
export function end(child: Child | undefined, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  return new Promise((resolve) => {
    if (child === undefined || child.process.exitCode !== null || child.process.signalCode !== null) {
      resolve(child?.process.exitCode ?? null);
      return;
    }
    child.process.once('exit', (code) => resolve(code));
    child.process.kill(signal);
  });
}

const TREE = new URL('../../../../', import.meta.url);

export async function startClickHouse(folder: string, port: number): Promise<Child> {
  const program = fileURLToPath(new URL('tools/local-cluster/src/clickhouse-child.ts', TREE));
  const child = start(
    process.execPath,
    [program, '--port', String(port), '--path', join(folder, 'clickhouse')],
    folder,
  );
  await until('ClickHouse serves', () => {
    if (child.process.exitCode !== null) throw new Error(`the ClickHouse child ended: ${child.output()}`);
    return Promise.resolve(child.output().includes('ready '));
  });
  return child;
}

export type SyncSettings = {
  readonly folder: string;
  readonly redis: RedisPair;
  readonly clickhousePort: number;
  readonly apiPort: number;
  readonly accounts: readonly string[];
};

/** Starts sync with a configuration file of its own, without waiting for it. */
export function startSyncProcess(settings: SyncSettings): Child {
  const { folder } = settings;
  writeFileSync(join(folder, 'cluster.secret'), `${SECRET}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'bridge.secret'), 'a-secret-of-the-test-bridge\n', { mode: 0o600 });
  const local = (port: number) => ({ host: '127.0.0.1', port });
  // JSON is YAML.
  const configuration = {
    cluster: 'test',
    redis: {
      nodes: settings.redis.nodes.map((node, index) => ({ name: `redis-${index + 1}`, ...node })),
      sentinels: [{ name: 'sentinel-1', ...local(1106) }],
      wardens: settings.redis.nodes.map((_, index) => ({
        name: `warden-${index + 1}`,
        node: `redis-${index + 1}`,
        peer: local(1110 + index),
        health: local(1120 + index),
      })),
    },
    engines: [{ name: 'engine-1', bridge: local(1101), peer: local(1102), health: local(1103) }],
    backends: [{ name: 'backend-1', listen: local(1104) }],
    api: { listen: local(1105), keyFile: 'api.key' },
    sync: {
      name: 'sync',
      api: local(settings.apiPort),
      database: 'data/results.duckdb',
      backups: 'data/backups',
    },
    clickhouse: { url: `http://127.0.0.1:${settings.clickhousePort}`, database: 'holdfast' },
    clusterSecretFile: 'cluster.secret',
    accounts: settings.accounts.map((account) => ({
      account,
      margin: 'hedging',
      bridgeSecretFile: 'bridge.secret',
      terminals: [{ name: `t-${account}`, role: 'primary' }],
      symbols: ['EURUSD'],
    })),
  };
  const file = join(folder, 'holdfast.yaml');
  writeFileSync(file, JSON.stringify(configuration));
  return start(
    process.execPath,
    [fileURLToPath(new URL('../main.ts', import.meta.url)), '--config', file],
    folder,
  );
}

/** A GET of the read API; undefined while nothing listens. */
export async function get<T>(port: number, path: string, secret = SECRET): Promise<T | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      headers: { authorization: `Bearer ${secret}` },
      signal: AbortSignal.timeout(5000),
    });
    return (await response.json()) as T;
  } catch {
    return undefined;
  }
}

async function ask(port: number, query: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/?output_format_json_quote_64bit_integers=0`, {
    method: 'POST',
    body: query,
    signal: AbortSignal.timeout(5000),
  });
  if (!response.ok) throw new Error(await response.text());
  return response.text();
}

/** Rows of an account as ClickHouse shows them to whoever reads with FINAL. */
export async function archiveRows(
  port: number,
  account: string,
): Promise<{ number: number; hash: string }[]> {
  const text = await ask(
    port,
    `SELECT number, hash FROM holdfast.records FINAL WHERE account = '${account}' ORDER BY number FORMAT JSONEachRow`,
  );
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as { number: number; hash: string });
}

/** All rows of an account, doubles that are not merged yet included. */
export async function archiveCount(port: number, account: string): Promise<number> {
  return Number(await ask(port, `SELECT count() FROM holdfast.records WHERE account = '${account}'`));
}

export function orderRecord(order: number): TradeRecord {
  return {
    kind: 'order',
    order: String(order),
    magic: String(order),
    symbol: 'EURUSD',
    state: 'placed',
    volume: '0.10',
    price: '1.08345',
    at: 1_700_000_000_000 + order,
    epoch: 1,
  };
}

export function orders(first: number, last: number): TradeRecord[] {
  return Array.from({ length: last - first + 1 }, (_, index) => orderRecord(first + index));
}

export const hashOf = (account: string, number: number): string =>
  recordRow({ ...orderRecord(number), account, number }).hash;

export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-sync-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
