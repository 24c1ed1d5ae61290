/** A simulated Redis with its replicas: nodes on machines of their own, killed, started again, frozen, cut off. */
import type { Endpoint, RedisNodes } from '@holdfast/ha-core';
import type { VirtualProcess } from '../world/virtual-process.ts';
import type { Wire } from '../world/wire.ts';
import type { World } from '../world/world.ts';
import { createDataSet } from './data-set.ts';
import { startRedisServer } from './redis-server.ts';
import { startSentinel } from './sentinel.ts';
import type { SentinelView } from './sentinel-answers.ts';
import type { RedisDisk, RedisServerState, RedisSettings } from './server-state.ts';
import { createVirtualRedisNodes } from './virtual-redis-nodes.ts';

export type RedisCluster = {
  /** Where the nodes listen; the first begins as the primary. */
  readonly endpoints: readonly Endpoint[];
  /** Names of nodes and of their machines: `redis-1`, … */
  readonly names: readonly string[];
  /** A Sentinel on each of the first machines, when asked for: `sentinel-1`, … */
  readonly sentinels: readonly Endpoint[];
  readonly sentinelViews: readonly SentinelView[];
  readonly process: (name: string) => VirtualProcess;
  readonly state: (name: string) => RedisServerState;
  readonly kill: (name: string) => void;
  /** Starts a killed node with what is on its disk; as a replica of `of`, when given. */
  readonly restart: (name: string, of?: Endpoint) => void;
  /** Connections for a process of this world. */
  readonly nodesFor: (process: VirtualProcess) => RedisNodes;
};

export type RedisClusterOptions = {
  readonly nodes?: number;
  readonly settings?: Partial<RedisSettings>;
  readonly fsyncMs?: readonly [number, number];
  readonly firstPort?: number;
  readonly sentinels?: number;
  readonly downAfterMs?: number;
  readonly failoverTimeoutMs?: number;
};

export const REDIS_SETTINGS: RedisSettings = {
  'min-replicas-to-write': 0,
  'min-replicas-max-lag': 2,
  'replica-priority': 100,
  'repl-timeout': 5,
  'repl-ping-replica-period': 1,
  maxmemory: 0,
};

/** Starts the nodes; replicas need a moment of the world's time to be in sync. */
export function createRedisCluster(
  world: World,
  wire: Wire,
  options: RedisClusterOptions = {},
): RedisCluster {
  const count = options.nodes ?? 3;
  const firstPort = options.firstPort ?? 6379;
  const names = Array.from({ length: count }, (_, index) => `redis-${index + 1}`);
  const endpoints = names.map((_, index): Endpoint => ({ host: '127.0.0.1', port: firstPort + index }));
  const sentinelProcesses = new Map<string, VirtualProcess>();
  const rows = new Map<string, { process: VirtualProcess; state: RedisServerState; disk: RedisDisk }>();
  const find = (name: string): { process: VirtualProcess; state: RedisServerState; disk: RedisDisk } => {
    const row = rows.get(name);
    if (row === undefined) throw new Error(`no Redis node is called ${name}`);
    return row;
  };
  const start = (name: string, disk: RedisDisk): void => {
    const process = world.start(name);
    const state = startRedisServer({
      wire,
      process,
      endpoint: endpoints[names.indexOf(name)] ?? { host: '127.0.0.1', port: 0 },
      disk,
      settings: { ...REDIS_SETTINGS, ...options.settings },
      fsyncMs: options.fsyncMs ?? [0.1, 0.6],
    });
    rows.set(name, { process, state, disk });
  };

  for (const [index, name] of names.entries()) {
    start(name, { data: createDataSet(), replicaOf: index === 0 ? undefined : endpoints[0] });
  }
  const sentinels = Array.from(
    { length: options.sentinels ?? 0 },
    (_, index): Endpoint => ({ host: '127.0.0.1', port: firstPort + 20_000 + index }),
  );
  const sentinelViews = sentinels.map((endpoint, index) => {
    const process = world.start(`sentinel-${index + 1}`, names[index % count]);
    sentinelProcesses.set(process.name, process);
    return startSentinel({
      wire,
      process,
      endpoint,
      name: 'mymaster',
      nodes: endpoints,
      sentinels,
      downAfterMs: options.downAfterMs ?? 500,
      failoverTimeoutMs: options.failoverTimeoutMs ?? 2000,
      quorum: Math.floor(sentinels.length / 2) + 1,
      note: world.note,
    });
  });
  return {
    endpoints,
    names,
    sentinels,
    sentinelViews,
    process: (name) => sentinelProcesses.get(name) ?? find(name).process,
    state: (name) => find(name).state,
    kill: (name) => find(name).process.crash(),
    restart: (name, of) => {
      const { process, disk } = find(name);
      process.crash();
      if (of !== undefined) disk.replicaOf = of;
      start(name, disk);
    },
    nodesFor: (process) => createVirtualRedisNodes(wire, process),
  };
}
