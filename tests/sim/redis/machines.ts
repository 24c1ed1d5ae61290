/**
 * The three Redis machines of a simulated system: on each a node, a Sentinel and a warden, all by the product's own
 * settings. A node always starts through the product's start gate; the first start of all is a cold start.
 */
import { type Endpoint, type Host, profile, type ProfileName } from '@holdfast/ha-core';
import {
  createRedisCluster,
  createVirtualNetwork,
  type RedisCluster,
  type VirtualProcess,
  type Wire,
  type World,
} from '@holdfast/simulation';
import { createWarden, type Warden } from '@holdfast/warden';
import { passGate } from '@holdfast/warden/gate';
import { settingsOf } from './settings.ts';

export type MachinesOptions = {
  readonly world: World;
  readonly wire: Wire;
  readonly profile: ProfileName;
  /** Whether a machine, by the name of its node, is short of processors now. */
  readonly pressed?: (machine: string) => boolean;
  /** Told when a node becomes a primary, before anything is executed as one. */
  readonly onPrimary: (name: string, data: NodeData) => void;
};

/** What is on a node's disk. */
export type NodeData = ReturnType<RedisCluster['state']>['disk']['data'];

export type Machines = {
  readonly redis: RedisCluster;
  readonly wire: Wire;
  /** Machines have the names of their Redis nodes; the others by the same index. */
  readonly sentinels: readonly string[];
  readonly wardens: readonly string[];
  readonly warden: (name: string) => Warden | undefined;
  /** The present process of a node, a Sentinel or a warden; undefined for anything else. */
  readonly process: (name: string) => VirtualProcess | undefined;
  readonly crash: (name: string) => void;
  /** Starts what does not run; a node through the gate. `empty`: with nothing on its disk. */
  readonly start: (name: string, how?: { readonly empty?: boolean }) => Promise<void>;
};

const SECRET = 'a secret of the wardens';
const PRIMARY_NAME = 'mymaster';

const hex = (host: Host): string =>
  Array.from({ length: 16 }, () => Math.floor(host.random() * 16).toString(16)).join('');

/** Starts all of it; a moment of the world's time later there is a primary with its set. */
export function startMachines(options: MachinesOptions): Machines {
  const { world, wire } = options;
  const numbers = profile(options.profile);
  const redis = createRedisCluster(world, wire, {
    sentinels: 3,
    primaryName: PRIMARY_NAME,
    downAfterMs: numbers.sentinelDownAfterMs,
    failoverTimeoutMs: numbers.sentinelFailoverTimeoutMs,
    parallelSyncs: numbers.sentinelParallelSyncs,
    settings: settingsOf(options.profile),
    unstarted: true,
    onPrimary: (name, { disk }) => options.onPrimary(name, disk.data),
  });
  const wardenNames = redis.names.map((_, index) => `warden-${index + 1}`);
  const peers = wardenNames.map((_, index): Endpoint => ({ host: '127.0.0.1', port: 7300 + index }));
  const processes = new Map<string, VirtualProcess>();
  const wardens = new Map<string, Warden>();
  const named = (names: readonly string[], endpoints: readonly Endpoint[]) =>
    names.map((name, index) => ({ name, ...at(endpoints, index) }));

  const startNode = async (name: string, empty: boolean): Promise<void> => {
    const gate = world.start(`gate of ${name}`, name);
    const { replicaOf, why } = await passGate(
      {
        host: gate.host,
        redis: redis.nodesFor(gate),
        nodes: named(redis.names, redis.endpoints),
        sentinels: named(redis.sentinelNames, redis.sentinels),
        primaryName: PRIMARY_NAME,
      },
      name,
    );
    gate.crash();
    world.note(`${name} starts${empty ? ' empty' : ''} holding: ${why}`);
    redis.restart(name, { empty, ...(replicaOf === undefined ? {} : { replicaOf }) });
  };

  const startWarden = async (name: string): Promise<void> => {
    const index = wardenNames.indexOf(name);
    const process = world.start(name, at(redis.names, index));
    processes.set(name, process);
    const { host } = process;
    const warden = await createWarden({
      host,
      network: createVirtualNetwork(wire, process),
      redis: redis.nodesFor(process),
      options: {
        name,
        node: at(redis.endpoints, index),
        nodes: redis.endpoints,
        sentinels: redis.sentinels,
        primaryName: PRIMARY_NAME,
        wardens: wardenNames.map((other, place) => ({
          name: other,
          endpoint: at(peers, place),
          node: at(redis.endpoints, place),
        })),
        listen: at(peers, index),
        numbers,
        proof: (text) => `${SECRET} ${text}`.replaceAll(/[^a-z0-9]/gi, '-'),
        equal: (a, b) => a === b,
        nonce: () => hex(host),
        cpuPressure: () => (options.pressed?.(at(redis.names, index)) === true ? 1 : 0),
        log: (event, detail) => world.note(`${name} ${event} ${JSON.stringify(detail)}`),
      },
    });
    if (process.state() !== 'dead') wardens.set(name, warden);
  };

  const machines: Machines = {
    redis,
    wire,
    sentinels: redis.sentinelNames,
    wardens: wardenNames,
    warden: (name) => wardens.get(name),
    process: (name) => {
      if (wardenNames.includes(name)) return processes.get(name);
      const isRedis = redis.names.includes(name) || redis.sentinelNames.includes(name);
      return isRedis ? redis.process(name) : undefined;
    },
    crash: (name) => {
      machines.process(name)?.crash();
      wardens.delete(name);
    },
    start: async (name, how = {}) => {
      const state = machines.process(name)?.state() ?? 'dead';
      if (state === 'dead') await start(name, how.empty === true);
    },
  };
  const start = async (name: string, empty: boolean): Promise<void> => {
    if (redis.names.includes(name)) await startNode(name, empty);
    else if (redis.sentinelNames.includes(name)) redis.restartSentinel(name);
    else await startWarden(name);
  };
  for (const name of [...redis.names, ...wardenNames]) void machines.start(name);
  return machines;
}

const at = <Item>(items: readonly Item[], index: number): Item => {
  const item = items[index];
  if (item === undefined) throw new Error(`there is nothing at ${index}`);
  return item;
};
