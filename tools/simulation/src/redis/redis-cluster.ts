/**
 * A simulated Redis with its replicas and Sentinels: a node and, when asked for, a Sentinel on each machine; killed,
 * started again, frozen, cut off.
 */
import type { Endpoint, RedisNodes } from '@holdfast/ha-core';
import { startSentinel } from '../sentinel/sentinel.ts';
import { type SentinelFile, type SentinelState, shownAddress } from '../sentinel/state.ts';
import type { VirtualProcess } from '../world/virtual-process.ts';
import type { Wire } from '../world/wire.ts';
import type { World } from '../world/world.ts';
import { createDataSet } from './data-set.ts';
import { startRedisServer } from './redis-server.ts';
import type { RedisDisk, RedisServerState, RedisSettings } from './server-state.ts';
import { createVirtualRedisNodes } from './virtual-redis-nodes.ts';

export type RedisCluster = {
  /** Where the nodes listen; the first begins as the primary. */
  readonly endpoints: readonly Endpoint[];
  /** Names of nodes and of their machines: `redis-1`, … */
  readonly names: readonly string[];
  /** A Sentinel on each of the first machines, when asked for: `sentinel-1`, … */
  readonly sentinels: readonly Endpoint[];
  readonly sentinelNames: readonly string[];
  /** The present process of a node or a Sentinel. */
  readonly process: (name: string) => VirtualProcess;
  readonly state: (name: string) => RedisServerState;
  readonly sentinel: (name: string) => SentinelState;
  readonly kill: (name: string) => void;
  /** Starts a node that does not run, with what is on its disk; as a replica of `replicaOf`, else of whom its disk says. */
  readonly restart: (name: string, how?: RedisStart) => void;
  /** Starts a Sentinel that does not run, with what is in its file. */
  readonly restartSentinel: (name: string) => void;
  /** Connections for a process of this world. */
  readonly nodesFor: (process: VirtualProcess) => RedisNodes;
};

export type RedisStart = {
  readonly replicaOf?: Endpoint;
  readonly settings?: Partial<RedisSettings>;
  /** Nothing is on its disk any more. */
  readonly empty?: boolean;
};

export type RedisClusterOptions = {
  readonly nodes?: number;
  readonly settings?: Partial<RedisSettings>;
  readonly fsyncMs?: readonly [number, number];
  readonly firstPort?: number;
  readonly sentinels?: number;
  readonly downAfterMs?: number;
  readonly failoverTimeoutMs?: number;
  readonly parallelSyncs?: number;
  readonly primaryName?: string;
  /** The nodes do not run yet, as if they had been killed: the scenario starts them, through a gate of its own. */
  readonly unstarted?: boolean;
  /** Told when a node becomes a primary, by whatever way, before anything is executed as one. */
  readonly onPrimary?: (name: string, state: RedisServerState) => void;
};

export const REDIS_SETTINGS: RedisSettings = {
  'min-replicas-to-write': 0,
  'min-replicas-max-lag': 2,
  'replica-priority': 100,
  'repl-timeout': 5,
  'repl-ping-replica-period': 1,
  maxmemory: 0,
};

type Row = { process: VirtualProcess; state: RedisServerState | undefined; disk: RedisDisk };

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
  const rows = new Map<string, Row>();
  const start = (name: string, disk: RedisDisk, settings: Partial<RedisSettings> = {}): void => {
    const process = world.start(name);
    const row: Row = { process, state: undefined, disk };
    rows.set(name, row);
    row.state = startRedisServer({
      wire,
      process,
      endpoint: endpoints[names.indexOf(name)] ?? { host: '127.0.0.1', port: 0 },
      disk,
      settings: { ...REDIS_SETTINGS, ...options.settings, ...settings },
      fsyncMs: options.fsyncMs ?? [0.1, 0.6],
      onPrimary: (state) => options.onPrimary?.(name, state),
    });
  };
  const disks = new Map<string, RedisDisk>(
    names.map((name, index) => {
      const replicaOf = options.unstarted ? endpoints[(index + 1) % count] : endpoints[0];
      return [
        name,
        { data: createDataSet(), replicaOf: replicaOf === endpoints[index] ? undefined : replicaOf },
      ];
    }),
  );
  const diskOf = (name: string): RedisDisk => known(disks.get(name), name);
  for (const name of names) {
    start(name, diskOf(name));
    if (options.unstarted) rows.get(name)?.process.crash();
  }

  const { sentinels, sentinelNames, sentinelRows, startOne } = sentinelsOf(world, wire, endpoints, options);
  return {
    endpoints,
    names,
    sentinels,
    sentinelNames,
    process: (name) => known(sentinelRows.get(name)?.options.process ?? rows.get(name)?.process, name),
    state: (name) => known(rows.get(name)?.state, name),
    sentinel: (name) => known(sentinelRows.get(name), name),
    kill: (name) => known(rows.get(name), name).process.crash(),
    restart: (name, how = {}) => {
      rows.get(name)?.process.crash();
      const disk = diskOf(name);
      if (how.empty === true) disk.data = createDataSet();
      if (how.replicaOf !== undefined) disk.replicaOf = how.replicaOf;
      start(name, disk, how.settings);
    },
    restartSentinel: startOne,
    nodesFor: (process) => createVirtualRedisNodes(wire, process),
  };
}

function sentinelsOf(
  world: World,
  wire: Wire,
  nodes: readonly Endpoint[],
  options: RedisClusterOptions,
): {
  sentinels: readonly Endpoint[];
  sentinelNames: readonly string[];
  sentinelRows: ReadonlyMap<string, SentinelState>;
  startOne: (name: string) => void;
} {
  const firstPort = (options.firstPort ?? 6379) + 20_000;
  const count = options.sentinels ?? 0;
  const sentinels = Array.from(
    { length: count },
    (_, index): Endpoint => ({ host: '127.0.0.1', port: firstPort + index }),
  );
  const sentinelNames = sentinels.map((_, index) => `sentinel-${index + 1}`);
  const [primary] = nodes;
  const files = new Map<string, SentinelFile>(
    sentinelNames.map((name) => [
      name,
      {
        primary: primary === undefined ? '' : shownAddress(primary),
        currentEpoch: 0,
        configEpoch: 0,
        leaderEpoch: 0,
        downAfterMs: options.downAfterMs ?? 500,
        failoverTimeoutMs: options.failoverTimeoutMs ?? 2000,
      },
    ]),
  );
  const sentinelRows = new Map<string, SentinelState>();
  const startOne = (name: string): void => {
    const index = sentinelNames.indexOf(name);
    sentinelRows.get(name)?.options.process.crash();
    const state = startSentinel({
      wire,
      process: world.start(name, `redis-${(index % nodes.length) + 1}`),
      endpoint: known(sentinels[index], name),
      name: options.primaryName ?? 'mymaster',
      nodes,
      sentinels,
      parallelSyncs: options.parallelSyncs ?? 2,
      quorum: Math.floor(count / 2) + 1,
      file: known(files.get(name), name),
      note: world.note,
    });
    sentinelRows.set(name, state);
  };
  for (const name of sentinelNames) startOne(name);
  return { sentinels, sentinelNames, sentinelRows, startOne };
}

function known<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new Error(`nothing is called ${name}, or it was never started`);
  return value;
}
