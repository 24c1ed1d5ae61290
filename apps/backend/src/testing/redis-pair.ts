/**
 * For tests: a real Redis primary with one replica, on free ports, in a temporary folder. `stop` ends both by their
 * process ids and removes the folder.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Endpoint } from '@holdfast/ha-core';
import { realHost } from '@holdfast/process';
import { createRedisNodes, formInSyncSet } from '@holdfast/redis';

export type RedisPair = {
  readonly nodes: readonly [Endpoint, Endpoint];
  readonly processes: readonly [ChildProcess, ChildProcess];
  readonly stop: () => Promise<void>;
};

const READY_WITHIN_MS = 8000;

/** Starts both and waits until the replica is online. Throws when they are not ready in time. */
export async function startRedisPair(): Promise<RedisPair> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-redis-'));
  const [first, second] = [await freePort(), await freePort()];
  const nodes = [
    { host: '127.0.0.1', port: first },
    { host: '127.0.0.1', port: second },
  ] as const;
  const start = (port: number, more: string[]): ChildProcess =>
    spawn(
      'redis-server',
      `--port ${port} --bind 127.0.0.1 --appendonly no --repl-diskless-sync-delay 0`
        .split(' ')
        .concat('--dir', folder, '--save', '', more),
      { stdio: 'ignore' },
    );
  const primary = start(first, []);
  const replica = start(second, ['--replicaof', `127.0.0.1 ${first}`]);
  const stop = async (): Promise<void> => {
    await Promise.all([primary, replica].map(ended));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await formInSyncSet({
      host: realHost,
      redis: createRedisNodes(),
      nodes,
      replicas: 1,
      withinMs: READY_WITHIN_MS,
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, processes: [primary, replica], stop };
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
