/** The two sides of the RedisNode port that the one suite runs on: a simulated Redis with two replicas, and a real one. */
import type { Endpoint, Host, RedisNode, RedisNodes } from '@holdfast/ha-core';
import { realHost } from '@holdfast/process';
import { createRedisNodes, ensureFunctions } from '@holdfast/redis';
import { type RealRedis, startRealRedis } from '@holdfast/redis/testing';
import { createRedisCluster, createWire, createWorld } from '@holdfast/simulation';

export type RedisSide = {
  /** The first is the primary, the others its replicas. */
  readonly endpoints: readonly Endpoint[];
  readonly nodes: RedisNodes;
  /** Of a client of this side. */
  readonly host: Host;
  /** Whose rules it goes by, where versions differ. */
  readonly major: number;
  /** Lets time pass until the promise settles. Everything that a test awaits goes through it. */
  readonly drive: <Value>(promise: Promise<Value>) => Promise<Value>;
  readonly pause: (ms: number) => Promise<void>;
  /** Milliseconds of the side's own clock. */
  readonly nowMs: () => number;
  readonly freeze: (index: number) => void;
  readonly resume: (index: number) => void;
  readonly kill: (index: number) => Promise<void>;
  readonly stop: () => Promise<void>;
};

export type RedisSideStart = (settings?: Readonly<Record<string, string>>) => Promise<RedisSide>;

/** Both, by name. */
export const SIDES: readonly (readonly [string, RedisSideStart])[] = [
  ['simulated', startSimulated],
  ['real', startReal],
];

async function startSimulated(settings: Readonly<Record<string, string>> = {}): Promise<RedisSide> {
  const world = createWorld(1);
  const wire = createWire(world);
  const numbers = Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, Number(value)]));
  const cluster = createRedisCluster(world, wire, { settings: numbers });
  const client = world.start('client');
  const drive = async <Value>(promise: Promise<Value>): Promise<Value> => {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    await world.run(() => settled);
    if (!settled) throw new Error('nothing is left to happen in this world, and the promise has not settled');
    return promise;
  };
  await world.run(3000);
  const side: RedisSide = {
    endpoints: cluster.endpoints,
    nodes: cluster.nodesFor(client),
    host: client.host,
    major: 7,
    drive,
    pause: async (ms) => {
      await world.run(world.now() + ms);
    },
    nowMs: () => client.host.monotonicMs(),
    freeze: (index) => cluster.process(nameOf(index)).freeze(),
    resume: (index) => cluster.process(nameOf(index)).resume(),
    kill: (index) => Promise.resolve(cluster.kill(nameOf(index))),
    stop: () => Promise.resolve(),
  };
  await loadFunctions(side);
  return side;
}

const nameOf = (index: number): string => `redis-${index + 1}`;

async function startReal(settings: Readonly<Record<string, string>> = {}): Promise<RedisSide> {
  const nodes = createRedisNodes();
  const redis = await startRealRedis({ settings });
  const side: RedisSide = {
    endpoints: redis.endpoints,
    nodes,
    host: realHost,
    major: await majorOf(nodes, redis),
    drive: (promise) => promise,
    pause: (ms) =>
      new Promise((resolve) => {
        setTimeout(resolve, ms);
      }),
    nowMs: () => performance.now(),
    freeze: redis.freeze,
    resume: redis.resume,
    kill: redis.kill,
    stop: redis.stop,
  };
  await loadFunctions(side);
  return side;
}

/** The major version that the node itself tells. */
async function majorOf(nodes: RedisNodes, { endpoints: [primary] }: RealRedis): Promise<number> {
  if (primary === undefined) throw new Error('there is no node 0');
  const node = await nodes.open(primary, 2000);
  const [info] = await node.run([['INFO', 'server']], 2000);
  node.close();
  const [, major] = /^redis_version:(\d+)\./m.exec(String(info)) ?? [];
  if (major === undefined) throw new Error(`Redis does not tell its version: ${String(info)}`);
  return Number(major);
}

async function loadFunctions(side: RedisSide): Promise<void> {
  const node = await openAt(side, 0);
  await side.drive(ensureFunctions(node, 2000));
  node.close();
}

/** A connection to one node of a side. */
export function openAt(side: RedisSide, index: number): Promise<RedisNode> {
  const endpoint = side.endpoints[index];
  if (endpoint === undefined) throw new Error(`there is no node ${index}`);
  return side.drive(side.nodes.open(endpoint, 2000));
}
