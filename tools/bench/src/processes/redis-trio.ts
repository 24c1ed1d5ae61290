/**
 * Three real redis-server processes, a primary and two replicas, with the configuration that a cluster's nodes have
 * (libs/topology: appendfsync always), without Sentinels: nothing fails over during a benchmark.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Configuration } from '@holdfast/configuration';
import { profile, type RedisNode, type RedisReply } from '@holdfast/ha-core';
import { programOnPath, realHost } from '@holdfast/process';
import { createRedisNodes, formInSyncSet, parseRole } from '@holdfast/redis';
import { REDIS_CONF, redisConf } from '@holdfast/topology';
import { type Child, startChild } from './child.ts';

export type RedisTrio = {
  readonly processes: readonly Child[];
  /** Port of the primary. */
  readonly port: number;
  readonly ask: (...command: [string, ...string[]]) => Promise<RedisReply | undefined>;
  /** `used_memory` of the primary without its replication backlog, which is of a fixed size once it is full, in bytes. */
  readonly usedMemoryBytes: () => Promise<number>;
  readonly end: () => Promise<void>;
};

const READY_WITHIN_MS = 15_000;
const ASK_WITHIN_MS = 2000;

/** Starts them, waits until both replicas follow, and loads our functions. Throws when they are not ready in time. */
export async function startRedisTrio(values: Configuration, folder: string): Promise<RedisTrio> {
  const server = programOnPath('redis-server');
  if (server === undefined) throw new Error('redis-server is not on the PATH; install version 7 or later');
  const numbers = profile(values.profile);
  const { redis } = values;
  const [primary] = redis.nodes;
  if (primary === undefined) throw new Error('the configuration names no Redis node');
  const processes = redis.nodes.map((node) => {
    const own = join(folder, node.name);
    mkdirSync(own, { recursive: true });
    const conf = join(own, REDIS_CONF);
    writeFileSync(conf, redisConf({ node, folder: own, redis, numbers }), { mode: 0o600 });
    const of = node === primary ? [] : ['--replicaof', primary.host, String(primary.port)];
    return startChild(node.name, [server, conf, ...of], folder);
  });
  const end = async (): Promise<void> => {
    node?.close();
    await Promise.all(processes.map((child) => child.end()));
  };
  let node: RedisNode | undefined;
  try {
    node = await connectedPrimary(primary, redis.nodes.length - 1);
    await formInSyncSet({
      host: realHost,
      redis: createRedisNodes(),
      nodes: redis.nodes,
      replicas: redis.nodes.length - 1,
      withinMs: READY_WITHIN_MS,
    });
  } catch (error) {
    await end();
    throw error;
  }
  const opened = node;
  const ask: RedisTrio['ask'] = async (...command) => (await opened.run([command], ASK_WITHIN_MS))[0];
  return {
    processes,
    port: primary.port,
    ask,
    usedMemoryBytes: async () => {
      const said = String(await ask('INFO', 'memory'));
      const field = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(said)?.[1]);
      return field('used_memory') - field('mem_replication_backlog');
    },
    end,
  };
}

async function connectedPrimary(
  endpoint: { readonly host: string; readonly port: number },
  replicas: number,
): Promise<RedisNode> {
  const endMs = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const role = await roleOf(endpoint, replicas);
    if (typeof role !== 'string') return role;
    if (performance.now() > endMs) throw new Error(`Redis is not ready after ${READY_WITHIN_MS} ms: ${role}`);
    await pause(50);
  }
}

/** The connection when the node is the primary of so many replicas, else what it said. */
async function roleOf(
  endpoint: { readonly host: string; readonly port: number },
  replicas: number,
): Promise<RedisNode | string> {
  let node: RedisNode | undefined;
  try {
    node = await createRedisNodes().open(endpoint, ASK_WITHIN_MS);
    const role = parseRole((await node.run([['ROLE']], ASK_WITHIN_MS))[0]);
    if (role.is === 'primary' && role.replicas.length === replicas) return node;
    node.close();
    return JSON.stringify(role);
  } catch (error) {
    node?.close();
    return error instanceof Error ? error.message : String(error);
  }
}
