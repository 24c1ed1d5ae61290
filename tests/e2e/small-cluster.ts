/** What the tests over a few real processes and a real Redis share: Redis's part of the configuration, and ending a process. */
import type { ChildProcess } from 'node:child_process';
import type { RealRedis } from '@holdfast/redis/testing';

/** The nodes of this Redis, and Sentinel and wardens that the configuration asks for and nobody runs. */
export function redisPart(redis: RealRedis): Record<string, unknown> {
  const at = (port: number) => ({ host: '127.0.0.1', port });
  return {
    nodes: redis.endpoints.map((node, index) => ({ name: `redis-${index + 1}`, ...node })),
    sentinels: [{ name: 'sentinel-1', ...at(1) }],
    wardens: redis.endpoints.map((_, index) => ({
      name: `warden-${index + 1}`,
      node: `redis-${index + 1}`,
      peer: at(10 + index),
      health: at(20 + index),
    })),
  };
}

/** Resolves when it is gone; one that was never started is. */
export function ended(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}
