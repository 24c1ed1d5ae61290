/**
 * What the real processes say of the in-sync set while it shrinks: backend, engine and sync over a real Redis with two
 * replicas. With both they are ready, with one they are ready and DEGRADED, with none they are not ready, and no client
 * is told that anything was accepted (I1).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createRedisNodes,
  excludeCall,
  functionCommand,
  parseChange,
  parseRecord,
  READ_RECORD,
} from '@holdfast/redis';
import { freePorts, type RealRedis, startRealRedis } from '@holdfast/redis/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ended, redisPart } from './small-cluster.ts';

const KEY = 'the-key-of-this-test';
const ACCOUNT = 'demo-hedging';
/** Generous, because the machine may be busy. */
const SOON = { timeout: 20_000 };
const LIMIT_MS = 60_000;
const PROGRAMS = { backend: 'backend-1', engine: 'engine-1', sync: 'sync' } as const;
type Kind = keyof typeof PROGRAMS;

let redis: RealRedis;
let folder: string;
const children: ChildProcess[] = [];
const urls = new Map<Kind, string>();

beforeAll(async () => {
  redis = await startRealRedis({ replicas: 2, inSync: true });
  folder = mkdtempSync(join(tmpdir(), 'holdfast-readiness-'));
  const ports = await freePorts(6);
  const config = writeConfiguration(ports);
  for (const [kind, name] of Object.entries(PROGRAMS)) {
    const main = fileURLToPath(new URL(`../../apps/${kind}/src/main.ts`, import.meta.url));
    const named = kind === 'sync' ? [] : ['--name', name];
    const stdio = ['ignore', 'ignore', 'inherit'] as const;
    children.push(
      spawn(process.execPath, [main, '--config', config, ...named], { cwd: folder, stdio: [...stdio] }),
    );
  }
  const at = (index: number): string => `http://127.0.0.1:${ports[index]}`;
  for (const [kind, index] of [
    ['backend', 0],
    ['engine', 2],
    ['sync', 3],
  ] as const)
    urls.set(kind, at(index));
}, LIMIT_MS);

afterAll(async () => {
  await Promise.all(children.map((child) => ended(child, 'SIGKILL')));
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
}, LIMIT_MS);

test(
  'with both replicas in the set everybody is ready',
  async () => {
    await everybodySays('200 ok');
    await expect.poll(() => levels('full', 2), SOON).toEqual([]);
    expect((await post('with-both')).status).toBe(202);
  },
  LIMIT_MS,
);

test(
  'with one of two everybody is ready and DEGRADED, and signals are accepted',
  async () => {
    await exclude(2);
    await everybodySays('200 ok, DEGRADED: redis-2 alone of 2 replicas is in the in-sync set');
    await expect.poll(() => levels('degraded', 1), SOON).toEqual([]);
    expect((await post('with-one')).status).toBe(202);
  },
  LIMIT_MS,
);

test(
  'with a member that is gone nobody is ready, and what may be stored is told as unknown',
  async () => {
    await redis.kill(1);
    await everybodySays(
      `503 of ${endpoint(1)} in the in-sync set one is not connected: nothing is acknowledged`,
    );
    await expect.poll(() => levels('none', 1), SOON).toEqual([]);
    expect(await post('with-one-gone')).toEqual({ status: 504, code: 'acceptance_unknown' });
  },
  LIMIT_MS,
);

test(
  'with nobody in the set nothing is stored, and that is told',
  async () => {
    await exclude(1);
    await everybodySays('503 no replica is in the in-sync set: nothing is acknowledged');
    await expect.poll(() => levels('none', 0), SOON).toEqual([]);
    expect(await post('with-none')).toEqual({ status: 503, code: 'not_stored' });
  },
  LIMIT_MS,
);

const endpoint = (index: number): string => {
  const node = redis.endpoints[index];
  return `${node?.host}:${node?.port}`;
};

/** Takes a replica out of the set, as its warden would. */
async function exclude(index: number): Promise<void> {
  const [primary] = redis.endpoints;
  if (primary === undefined) throw new Error('no Redis');
  const node = await createRedisNodes().open(primary, 1000);
  const [read] = await node.run([READ_RECORD], 1000);
  const record = parseRecord(read);
  if (record === undefined) throw new Error('there is no record of the set');
  const [reply] = await node.run([functionCommand(excludeCall(record, endpoint(index)))], 1000);
  node.close();
  expect(parseChange(reply)?.made).toBe(true);
}

async function everybodySays(expected: string): Promise<void> {
  for (const [kind, url] of urls) {
    await expect.poll(() => readyz(url), { ...SOON, message: kind }).toBe(expected);
  }
}

async function readyz(url: string): Promise<string> {
  try {
    const answer = await fetch(`${url}/readyz`);
    return `${answer.status} ${(await answer.text()).trim()}`;
  } catch (error) {
    return String(error);
  }
}

/** Whose metrics say something else than this level and so many replicas, or lack the alarm. */
async function levels(level: string, needed: number): Promise<string[]> {
  const wrong: string[] = [];
  for (const [kind, url] of urls) {
    const text = await (await fetch(`${url}/metrics`)).text();
    const shown = [...text.matchAll(/^holdfast_in_sync_level\{.*level="(\w+)".*\} 1$/gm)].map(
      ([, one]) => one,
    );
    const size = /^holdfast_in_sync_needed\{.*\} (\d+)$/m.exec(text)?.[1];
    const alarm = text.includes('# TYPE holdfast_acknowledged_write_missing_total counter');
    if (shown.join() !== level || size !== String(needed) || !alarm)
      wrong.push(`${kind}: ${shown.join()} ${size} ${alarm}`);
  }
  return wrong;
}

async function post(id: string): Promise<{ status: number; code: string | undefined }> {
  const answer = await fetch(`${urls.get('backend')}/v1/accounts/${ACCOUNT}/signals`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ id, action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.1' }),
  });
  const body = (await answer.json()) as { error?: { code: string } };
  return { status: answer.status, code: body.error?.code };
}

function writeConfiguration([
  own = 0,
  shared = 0,
  engine = 0,
  sync = 0,
  bridge = 0,
  peer = 0,
]: number[]): string {
  const at = (port: number) => ({ host: '127.0.0.1', port });
  mkdirSync(join(folder, 'secrets'));
  for (const name of ['api.key', 'bridge', 'cluster']) {
    const text = name === 'api.key' ? KEY : `a-secret-of-the-${name}-of-this-test`;
    writeFileSync(join(folder, 'secrets', name), text, { mode: 0o600 });
  }
  const values = {
    cluster: 'readiness-test',
    redis: redisPart(redis),
    engines: [{ name: PROGRAMS.engine, bridge: at(bridge), peer: at(peer), health: at(engine) }],
    backends: [{ name: PROGRAMS.backend, listen: at(own) }],
    api: { listen: at(shared), keyFile: 'secrets/api.key' },
    sync: { name: PROGRAMS.sync, api: at(sync), database: 'results.duckdb', backups: 'backups' },
    clickhouse: { url: 'http://127.0.0.1:9' },
    clusterSecretFile: 'secrets/cluster',
    accounts: [
      {
        account: ACCOUNT,
        margin: 'hedging',
        bridgeSecretFile: 'secrets/bridge',
        terminals: [{ name: 'terminal-1', role: 'primary' }],
        symbols: ['EURUSD'],
      },
    ],
    log: { level: 'warn' },
  };
  const file = join(folder, 'holdfast.yaml');
  writeFileSync(file, JSON.stringify(values, undefined, 2));
  return file;
}
