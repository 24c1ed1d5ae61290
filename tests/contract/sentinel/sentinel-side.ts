/** The two sides that the suite of Sentinel runs on: three simulated nodes with three Sentinels, and three real ones of each. */
import {
  type Command,
  type Endpoint,
  profile,
  RedisError,
  type RedisNodes,
  type RedisReply,
} from '@holdfast/ha-core';
import { hashOf } from '@holdfast/redis';
import { createRedisCluster, createWire, createWorld } from '@holdfast/simulation';
import { as, startTrio, PASSWORDS, trioFolder } from '@holdfast/topology/testing';

export type SentinelSide = {
  /** The first is the primary; all have priority 0. */
  readonly nodes: readonly Endpoint[];
  readonly sentinels: readonly Endpoint[];
  readonly primaryName: string;
  /** Runs one command on a connection of its own; an error reply is its text. */
  readonly ask: (at: Endpoint, command: Command) => Promise<RedisReply>;
  readonly pause: (ms: number) => Promise<void>;
  readonly kill: (index: number) => Promise<void>;
  /** Starts a killed node again, as a replica of the first, with priority 0. */
  readonly restart: (index: number) => void;
  readonly stop: () => Promise<void>;
};

/** Both, by name. */
export const SIDES: readonly (readonly [string, () => Promise<SentinelSide>])[] = [
  ['simulated', startSimulated],
  ['real', startReal],
];

const NUMBERS = profile('fast');
const ANSWER_WITHIN_MS = 2000;

async function askOf(redis: RedisNodes, at: Endpoint, command: Command): Promise<RedisReply> {
  const node = await redis.open(at, ANSWER_WITHIN_MS);
  try {
    const [reply] = await node.run([command], ANSWER_WITHIN_MS);
    return reply instanceof RedisError ? reply.message : (reply ?? null);
  } finally {
    node.close();
  }
}

async function startSimulated(): Promise<SentinelSide> {
  const world = createWorld(1);
  const wire = createWire(world);
  const cluster = createRedisCluster(world, wire, {
    sentinels: 3,
    settings: { 'replica-priority': 0 },
    downAfterMs: NUMBERS.sentinelDownAfterMs,
    failoverTimeoutMs: NUMBERS.sentinelFailoverTimeoutMs,
    parallelSyncs: NUMBERS.sentinelParallelSyncs,
  });
  const redis = cluster.nodesFor(world.start('client'));
  const nameOf = (index: number): string => `redis-${index + 1}`;
  await world.run(3000);
  return {
    nodes: cluster.endpoints,
    sentinels: cluster.sentinels,
    primaryName: 'mymaster',
    ask: async (at, command) => {
      let settled = false;
      const asked = askOf(redis, at, command).finally(() => {
        settled = true;
      });
      await world.run(() => settled, 2 * ANSWER_WITHIN_MS);
      return asked;
    },
    pause: async (ms) => void (await world.run(world.now() + ms)),
    kill: (index) => Promise.resolve(cluster.kill(nameOf(index))),
    restart: (index) => cluster.restart(nameOf(index)),
    stop: () => Promise.resolve(),
  };
}

async function startReal(): Promise<SentinelSide> {
  const redis = as('warden');
  const trio = await startTrio({ folder: trioFolder(), redis, secrets: { users: PASSWORDS } });
  const [primary] = trio.endpoints;
  return {
    nodes: trio.endpoints,
    sentinels: trio.sentinels,
    primaryName: trio.redis.primaryName,
    ask: (at, command) => askOf(redis, at, command),
    pause: (ms) =>
      new Promise((resolve) => {
        setTimeout(resolve, ms);
      }),
    kill: trio.kill,
    restart: (index) => trio.restart(index, ['--replicaof', primary?.host ?? '', String(primary?.port)]),
    stop: trio.stop,
  };
}

/** How one Sentinel sees one replica: its fields by name. */
export async function seenBy(
  side: SentinelSide,
  sentinel: Endpoint,
  node: Endpoint,
): Promise<Readonly<Record<string, string>>> {
  const rows = await side.ask(sentinel, ['SENTINEL', 'REPLICAS', side.primaryName]);
  const all = Array.isArray(rows) ? (rows as readonly RedisReply[]).map(hashOf) : [];
  return all.find((row) => row['port'] === String(node.port)) ?? {};
}

/** Waits until it holds, in the side's own time. Throws at the limit. */
export async function until(side: SentinelSide, what: string, holds: () => Promise<boolean>): Promise<void> {
  const [everyMs, times] = [50, 200];
  for (let turn = 0; turn < times; turn += 1) {
    if (await holds()) return;
    await side.pause(everyMs);
  }
  throw new Error(`not within ${everyMs * times} ms: ${what}`);
}
