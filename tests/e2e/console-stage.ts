/**
 * What the console's test plays on: a real Redis with two replicas, the real backend process, and an account as an
 * engine would leave it in Redis, written by the same functions.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ReconciliationReport, type ResultRecord, signalMagic, type Signal } from '@holdfast/ha-core';
import { realHost } from '@holdfast/process';
import {
  accountKeys,
  type AcknowledgedWriter,
  createAcknowledgedWriter,
  createRedisNodes,
  createSignalInbox,
  NODES_KEY,
} from '@holdfast/redis';
import { freePorts, type RealRedis, startRealRedis } from '@holdfast/redis/testing';
import { ended, redisPart } from './small-cluster.ts';

export const KEY = 'the-key-of-this-test';
export const TOKEN = 'the-token-of-this-test';
export const ACCOUNTS = ['demo-hedging', 'demo-netting'] as const;

export type Stage = {
  readonly url: string;
  readonly redis: RealRedis;
  readonly writer: AcknowledgedWriter;
  readonly stopBackend: () => Promise<void>;
  readonly startBackend: () => Promise<void>;
  readonly end: () => Promise<void>;
};

const MAIN = fileURLToPath(new URL('../../apps/backend/src/main.ts', import.meta.url));
const READY_WITHIN_MS = 20_000;

/** Starts everything; nothing is left running when it throws. */
export async function openStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-console-'));
  const nodes = createRedisNodes();
  const redis = await startRealRedis({ replicas: 2, inSync: true });
  const [own = 0, shared = 0] = await freePorts(2);
  const url = `http://127.0.0.1:${shared}`;
  const config = writeConfiguration(folder, redis, own, shared);
  const writer = createAcknowledgedWriter({
    host: realHost,
    redis: nodes,
    nodes: redis.endpoints,
    log: () => undefined,
  });
  let backend: ChildProcess | undefined;
  const startBackend = async (): Promise<void> => {
    backend = spawn(process.execPath, [MAIN, '--config', config, '--name', 'backend-1'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await answering(`${url}/readyz`);
  };
  const stopBackend = (): Promise<void> => ended(backend, 'SIGTERM');
  const end = async (): Promise<void> => {
    await ended(backend, 'SIGKILL');
    await writer.stop();
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await startBackend();
  } catch (error) {
    await end();
    throw error;
  }
  return { url, redis, writer, startBackend, stopBackend, end };
}

/** Leads the account, trades one signal to its end as an engine would, and leaves one pending. */
export async function playEngine(
  stage: Stage,
  account: string,
  epoch: string,
  signals: readonly Signal[],
): Promise<void> {
  const keys = accountKeys(account);
  const call = async (name: string, on: string[], args: string[]): Promise<void> => {
    const outcome = await stage.writer.writeUntil({ name, keys: on, args }, 5000);
    if (outcome.is !== 'acknowledged') throw new Error(`${name}: ${outcome.is} ${outcome.detail}`);
    const said = Array.isArray(outcome.reply) ? outcome.reply[0] : outcome.reply;
    if (said !== 'ok') throw new Error(`${name} replied ${String(said)}`);
  };
  const lead = ['engine-1', epoch];
  await call('hf_take', [keys.lease], ['engine-1', '', '0', '0', epoch]);
  const connection = JSON.stringify({
    is: 'up',
    terminal: 'primary',
    at: realHost.wallMs(),
    epoch: Number(epoch),
  });
  const role = JSON.stringify({ terminal: `${account}-1`, epoch });
  const told = ['connection', connection, 'role', role, 'reconciliation', JSON.stringify(compared(account))];
  await call('hf_instance', [keys.lease, keys.instance], [...lead, ...told]);
  const inbox = createSignalInbox({ writer: stage.writer, reader: 'engine-1' });
  for (const [index, signal] of signals.entries()) {
    const accepted = await inbox.accept(account, signal, {
      ttlMs: 60_000,
      by: 'backend-1',
      deadlineMs: 5000,
    });
    if (accepted.is !== 'accepted') throw new Error(`${signal.id}: ${accepted.is}`);
    const result = resultOf(account, signal, accepted.at, index);
    const finish = [
      keys.lease,
      keys.signal(result.magic),
      keys.rtss,
      keys.rtrs,
      keys.account,
      keys.intents,
      keys.recorded,
    ];
    await call('hf_finish', finish, [...lead, result.outcome, JSON.stringify(result), '0-0', '0', '0', '0']);
  }
}

/** A report as an engine writes it: one position was closed by hand, one is nobody's, one signal is unknown. */
function compared(account: string): ReconciliationReport {
  const at = realHost.wallMs();
  return {
    cause: 'schedule',
    terminal: `${account}-1`,
    at,
    since: at - 60_000,
    matched: 3,
    oursMissing: 1,
    brokerExtra: 1,
    differing: 0,
    unknown: [{ signalId: 'lost-1', ageMs: 12_000 }],
    rows: [
      { what: 'position', ticket: '1000001', finding: 'ours_missing', detail: 'buy 0.10 EURUSD' },
      { what: 'position', ticket: '1000009', finding: 'broker_extra', detail: 'sell 1.00 XAUUSD' },
    ],
  };
}

/** Announces processes that this stage does not run. */
export async function announce(stage: Stage, names: Readonly<Record<string, object>>): Promise<void> {
  const primary = stage.redis.endpoints[0];
  if (primary === undefined) throw new Error('no Redis');
  const node = await createRedisNodes().open(primary, 1000);
  for (const [name, row] of Object.entries(names)) {
    await node.run([['HSET', NODES_KEY, name, JSON.stringify({ ...row, at: realHost.wallMs() })]], 1000);
  }
  node.close();
}

function resultOf(account: string, signal: Signal, acceptedAt: number, index: number): ResultRecord {
  const refused = index % 4 === 3;
  const step = (state: string, afterMs: number) => ({
    state,
    at: acceptedAt + afterMs,
    epoch: 1,
    by: 'engine-1',
  });
  return {
    kind: 'result',
    signalId: signal.id,
    magic: signalMagic(account, signal.id),
    action: signal.action,
    symbol: signal.symbol,
    outcome: refused ? 'rejected' : 'filled',
    reason: refused ? 'broker_no_money' : 'executed',
    ...(signal.side === undefined ? {} : { side: signal.side }),
    ...(signal.volume === undefined ? {} : { volume: signal.volume }),
    tickets: { order: String(1000 + index) },
    acceptedAt,
    at: acceptedAt + 48 + index,
    epoch: 1,
    steps: [step('accepted', 0), step('sent', 3), step('filled', 48 + index)],
  };
}

function writeConfiguration(folder: string, redis: RealRedis, own: number, shared: number): string {
  const at = (port: number) => ({ host: '127.0.0.1', port });
  mkdirSync(join(folder, 'secrets'));
  for (const [name, text] of [
    ['api.key', KEY],
    ['alerts.token', TOKEN],
    ['bridge', 'a-secret-of-the-bridge-of-this-test'],
    ['cluster', 'a-secret-of-the-cluster-of-this-test'],
  ] as const) {
    writeFileSync(join(folder, 'secrets', name), text, { mode: 0o600 });
  }
  const values = {
    cluster: 'console-test',
    redis: redisPart(redis),
    engines: [
      { name: 'engine-1', bridge: at(2), peer: at(3), health: at(4) },
      { name: 'engine-2', bridge: at(5), peer: at(6), health: at(7) },
    ],
    backends: [{ name: 'backend-1', listen: at(own) }],
    api: { listen: at(shared), keyFile: 'secrets/api.key' },
    sync: { name: 'sync', api: at(8), database: 'results.duckdb', backups: 'backups' },
    clickhouse: { url: 'http://127.0.0.1:9' },
    clusterSecretFile: 'secrets/cluster',
    accounts: ACCOUNTS.map((account) => ({
      account,
      margin: account === 'demo-netting' ? 'netting' : 'hedging',
      bridgeSecretFile: 'secrets/bridge',
      terminals: [{ name: `${account}-1`, role: 'primary' }],
      symbols: ['EURUSD', 'GBPUSD'],
    })),
    webhooks: [
      { name: 'alerts', tokenFile: 'secrets/alerts.token', account: ACCOUNTS[0], duplicateWindowMs: 600_000 },
    ],
    log: { level: 'warn' },
  };
  const file = join(folder, 'holdfast.yaml');
  writeFileSync(file, JSON.stringify(values, undefined, 2));
  return file;
}

async function answering(url: string): Promise<void> {
  const startedMs = realHost.monotonicMs();
  for (;;) {
    const status = await fetch(url).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return;
    if (realHost.monotonicMs() - startedMs > READY_WITHIN_MS)
      throw new Error(`${url} did not answer 200: ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
