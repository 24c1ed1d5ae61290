/** The two sides that the suite of Sentinel runs on: three simulated nodes with three Sentinels, and three real ones of each. */
import {
  type Command,
  type Endpoint,
  NodeUnavailable,
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
  /** Opens a connection, asks once and leaves it idle; the reason of its end is told once there is one. */
  readonly hold: (at: Endpoint) => Promise<() => string | undefined>;
  readonly pause: (ms: number) => Promise<void>;
  readonly kill: (index: number) => Promise<void>;
  /** It answers nobody any more, and its connections stay. */
  readonly freeze: (index: number) => void;
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

async function holdOf(redis: RedisNodes, at: Endpoint): Promise<() => string | undefined> {
  const node = await redis.open(at, ANSWER_WITHIN_MS);
  await node.run([['PING']], ANSWER_WITHIN_MS);
  let ended: string | undefined;
  node.onClosed((reason) => {
    ended = reason;
  });
  return () => ended;
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
  const drive = async <T>(work: Promise<T>): Promise<T> => {
    let settled = false;
    const done = work.finally(() => {
      settled = true;
    });
    await world.run(() => settled, 2 * ANSWER_WITHIN_MS);
    return done;
  };
  return {
    nodes: cluster.endpoints,
    sentinels: cluster.sentinels,
    primaryName: 'mymaster',
    ask: (at, command) => drive(askOf(redis, at, command)),
    hold: (at) => drive(holdOf(redis, at)),
    pause: async (ms) => void (await world.run(world.now() + ms)),
    kill: (index) => Promise.resolve(cluster.kill(nameOf(index))),
    freeze: (index) => cluster.process(nameOf(index)).freeze(),
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
    hold: (at) => holdOf(redis, at),
    pause: (ms) =>
      new Promise((resolve) => {
        setTimeout(resolve, ms);
      }),
    kill: trio.kill,
    freeze: trio.freeze,
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

/**
 * Whether a node says that it is a primary. Not yet, where the connection ended before the answer: Sentinel ends those of a
 * node's clients as it promotes it.
 */
export async function isPrimary(side: SentinelSide, at: Endpoint): Promise<boolean> {
  try {
    const [role] = (await side.ask(at, ['ROLE'])) as readonly RedisReply[];
    return role === 'master';
  } catch (error) {
    if (error instanceof NodeUnavailable) return false;
    throw error;
  }
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
