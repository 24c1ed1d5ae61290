/** For tests: a real Redis primary with one replica, in a folder of its own, and a writer on them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Endpoint, type Host, type RedisReply, sleep, type TradeRecord } from '@holdfast/ha-core';
import { createAcknowledgedWriter } from '../acknowledged-writer.ts';
import { formInSyncSet } from '../form-in-sync-set.ts';
import { accountKeys } from '../keys.ts';
import { createRedisNodes } from '../node.ts';
import { createPrimaryConnection } from '../primary-connection.ts';
import type { AcknowledgedWriter } from '../writes.ts';

/** This machine's clocks and timers: these tests are about real processes. */
export const testHost: Host = {
  monotonicMs: () => performance.now(),
  wallMs: () => Math.round(performance.timeOrigin + performance.now()),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  random: () => 0.5,
};

export type RedisPair = {
  readonly nodes: readonly [Endpoint, Endpoint];
  readonly writer: AcknowledgedWriter;
  readonly command: (...command: [string, ...string[]]) => Promise<RedisReply>;
  /** Gives the account its next numbers, one for each content, as the engine would. */
  readonly record: (account: string, contents: readonly TradeRecord[]) => Promise<void>;
  readonly kill: (node: 0 | 1) => void;
  /** Starts a killed node again, as a replica of the other, and takes it into the in-sync set. */
  readonly startAsReplica: (node: 0 | 1) => Promise<void>;
  readonly stop: () => Promise<void>;
};

export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = 8000,
): Promise<void> {
  const startedMs = testHost.monotonicMs();
  while (!(await holds())) {
    if (testHost.monotonicMs() - startedMs > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(testHost, 10);
  }
}

/** Starts both and waits until a write can be acknowledged. */
export async function startRedisPair(): Promise<RedisPair> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-redis-'));
  const [one, two] = [await freePort(), await freePort()];
  const children = [startServer(folder, one), startServer(folder, two, one)];
  const nodes = [
    { host: '127.0.0.1', port: one },
    { host: '127.0.0.1', port: two },
  ] as const;
  const redis = createRedisNodes();
  const form = () => formInSyncSet({ host: testHost, redis, nodes, replicas: 1, withinMs: 8000 });
  await form();
  const writer = createAcknowledgedWriter({ host: testHost, redis, nodes, log: () => undefined });
  const connection = createPrimaryConnection({ host: testHost, redis, nodes });
  await until('a primary with its replica', () => writer.view().inSync.length > 0);
  const command: RedisPair['command'] = async (...words) =>
    (await connection.run([words], 2000)).replies[0] ?? null;
  let serial = 0;
  return {
    nodes,
    writer,
    command,
    record: async (account, contents) => {
      const keys = accountKeys(account);
      await command('HSET', keys.lease, 'holder', 'engine-1', 'epoch', '1');
      const pairs = contents.flatMap((content) => [`test:${serial++}`, JSON.stringify(content)]);
      const args = ['engine-1', '1', String(contents.length), ...pairs, '0'];
      const call = { name: 'hf_record', keys: [keys.lease, keys.rtrs, keys.account, keys.recorded], args };
      const outcome = await writer.writeUntil(call, 5000);
      if (outcome.is !== 'acknowledged') throw new Error(JSON.stringify(outcome));
    },
    kill: (node) => void children[node]?.kill('SIGKILL'),
    startAsReplica: async (node) => {
      children[node] = startServer(folder, nodes[node].port, nodes[node === 0 ? 1 : 0].port);
      await form();
    },
    stop: async () => {
      connection.stop();
      await writer.stop();
      await Promise.all(children.map(ended));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A record that differs by its order's ticket. */
export function orderRecord(order: number): TradeRecord {
  const common = { magic: '7', symbol: 'EURUSD', volume: '0.10', price: '1.1', at: 1, epoch: 1 };
  return { kind: 'order', order: String(order), state: 'placed', ...common };
}

function startServer(folder: string, port: number, primary?: number): ChildProcess {
  const dir = join(folder, String(port));
  mkdirSync(dir, { recursive: true });
  const settings = ['--port', String(port), '--dir', dir, '--bind', '127.0.0.1', '--save', ''];
  const follow = primary === undefined ? [] : ['--replicaof', '127.0.0.1', String(primary)];
  return spawn('redis-server', [...settings, '--repl-diskless-sync-delay', '0', ...follow], {
    stdio: 'ignore',
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
