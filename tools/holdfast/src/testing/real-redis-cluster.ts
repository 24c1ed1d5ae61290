/**
 * For the tests: the Redis part of a local cluster as real processes (three nodes, three Sentinels, three wardens) in a
 * state folder of its own, so that commands find it by `--state`. Ended by pid, the folder removed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type LoadedConfiguration, redisAccess, redisSecrets } from '@holdfast/configuration';
import { profile, type RedisNodes } from '@holdfast/ha-core';
import { identify, PLAN_SIZE, prepareState, writeRecord } from '@holdfast/local-cluster';
import { realHost } from '@holdfast/process';
import { createRedisNodes, endpointName } from '@holdfast/redis';
import { redisServer } from '@holdfast/redis/testing';
import { REDIS_CONF, redisConf, SENTINEL_CONF, sentinelConf } from '@holdfast/topology';
import { passGate } from '@holdfast/warden/gate';
import { type RedisTopology, readTopology } from '../redis/read-topology.ts';

export type RealRedisCluster = {
  readonly folder: string;
  readonly configuration: LoadedConfiguration;
  /** Opens connections as the warden. */
  readonly redis: RedisNodes;
  readonly topology: () => Promise<RedisTopology>;
  /** Sends a signal to a node, Sentinel or warden, by its name; SIGKILL is waited for. */
  readonly signal: (name: string, signal: NodeJS.Signals) => Promise<void>;
  /** Starts one that was killed; a Redis node when the start gate lets it, as a replica of this or the next node. */
  readonly start: (name: string, replicaOf?: string) => Promise<void>;
  readonly stop: () => Promise<void>;
};

const WARDEN = fileURLToPath(new URL('../../../../apps/warden/src/main.ts', import.meta.url));
/** Nine processes have to start on a machine that may be busy. */
const READY_WITHIN_MS = 60_000;
/** Each look asks all nine. */
const LOOK_EVERY_MS = 100;

/** Starts all and waits until there is a primary with the whole set. Throws with what was seen last when there is none in time. */
export async function startRealRedisCluster(): Promise<RealRedisCluster> {
  const parent = mkdtempSync(join(tmpdir(), 'holdfast-redis-cluster-'));
  const folder = join(parent, 'state');
  const basePort = await freeBase();
  const state = prepareState(folder, { basePort, apiPort: basePort + PLAN_SIZE - 1 }).settle();
  const { configuration, recordFile, record } = state;
  const { values } = configuration;
  const { nodes, sentinels, wardens } = values.redis;
  const redis = createRedisNodes(redisAccess(configuration, 'warden'));
  const children = new Map<string, ChildProcess>();
  const endAll = (): void => {
    for (const child of children.values()) child.kill('SIGKILL');
  };
  process.once('exit', endAll);

  const run = (name: string, command: readonly string[]): void => {
    const [program = '', ...args] = command;
    const log = openSync(join(folder, 'logs', `${name}.log`), 'a');
    children.set(name, spawn(program, args, { stdio: ['ignore', log, log] }));
    closeSync(log);
  };

  const start: RealRedisCluster['start'] = async (name, replicaOf) => {
    const own = join(folder, name);
    mkdirSync(own, { recursive: true });
    const shared = { folder: own, redis: values.redis, numbers: profile(values.profile) };
    const secrets = redisSecrets(configuration);
    const node = nodes.find((one) => one.name === name);
    const sentinel = sentinels.find((one) => one.name === name);
    if (node !== undefined) {
      // Not before the Sentinels would ask anew for its priority: they could promote it by the one of its former life.
      await passGate({ ...values.redis, host: realHost, redis }, name);
      const of = nodes.find((one) => one.name === replicaOf) ?? node;
      writeFileSync(join(own, REDIS_CONF), redisConf({ ...shared, ...secrets, node }), { mode: 0o600 });
      run(name, [redisServer(), join(own, REDIS_CONF), '--replicaof', of.host, String(of.port)]);
    } else if (sentinel !== undefined) {
      const [primary] = nodes;
      const file = join(own, SENTINEL_CONF);
      if (primary === undefined) throw new Error('a configuration has at least one Redis node');
      const text = sentinelConf({ ...shared, ...secrets, node: sentinel, primary });
      if (!existsSync(file)) writeFileSync(file, text, { mode: 0o600 });
      run(name, [redisServer(), file, '--sentinel']);
    } else run(name, [process.execPath, WARDEN, '--config', configuration.file, '--name', name]);
  };

  const stop = async (): Promise<void> => {
    await Promise.all([...children.values()].map((child) => ended(child)));
    process.off('exit', endAll);
    rmSync(parent, { recursive: true, force: true });
  };

  const topology = (): Promise<RedisTopology> => readTopology(configuration);
  try {
    // Commands ask a cluster only while its supervisor runs: this process stands for it.
    const supervisor = identify(process.pid);
    if (supervisor !== undefined) writeRecord(recordFile, { ...record, supervisor });
    for (const { name } of [...nodes, ...sentinels, ...wardens]) await start(name);
    await untilTopology('a primary with the whole set', topology, ({ inSync }) => inSync.level === 'full');
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    folder,
    configuration,
    redis,
    topology,
    start,
    stop,
    signal: async (name, what) => {
      const child = children.get(name);
      if (child === undefined) throw new Error(`${name} was never started`);
      if (what === 'SIGKILL') await ended(child);
      else child.kill(what);
    },
  };
}

/** Looks until the topology is as wanted. Throws with what was seen last. */
export async function untilTopology(
  what: string,
  read: () => Promise<RedisTopology>,
  wanted: (seen: RedisTopology) => boolean,
  limitMs = READY_WITHIN_MS,
): Promise<RedisTopology> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const seen = await read();
    if (wanted(seen)) return seen;
    if (performance.now() > endMs) {
      throw new Error(`not within ${limitMs} ms: ${what}; last seen: ${JSON.stringify(seen)}`);
    }
    await pause(LOOK_EVERY_MS);
  }
}

/** The endpoint of a node of the configuration, as `host:port`. */
export function endpointOf({ values }: LoadedConfiguration, name: string): string {
  const node = values.redis.nodes.find((one) => one.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return endpointName(node);
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

/** A block of ports of loopback of which none is taken now. */
async function freeBase(): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const base = 12_000 + PLAN_SIZE * Math.floor(Math.random() * 58);
    const free = await Promise.all(Array.from({ length: PLAN_SIZE }, (_, offset) => isFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
  throw new Error('no block of free ports found');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
