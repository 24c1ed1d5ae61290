/** The two sides of the RedisNode port that the one suite runs on: a simulated Redis with two replicas, and a real one. */
import type { Endpoint, RedisNode, RedisNodes } from '@holdfast/ha-core';
import { createRedisNodes, ensureFunctions } from '@holdfast/redis';
import { startRealRedis } from '@holdfast/redis/testing';
import { createRedisCluster, createWire, createWorld } from '@holdfast/simulation';

export type RedisSide = {
  /** The first is the primary, the others its replicas. */
  readonly endpoints: readonly Endpoint[];
  readonly nodes: RedisNodes;
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
