/** The simulated Sentinel: when it acts, whom it promotes, what it answers. */
import type { RedisReply } from '@holdfast/ha-core';
import { expect, test } from 'vitest';
import { createWire } from '../world/wire.ts';
import { createWorld, type World } from '../world/world.ts';
import { createRedisCluster, type RedisCluster } from './redis-cluster.ts';
import { choosePromoted, unseen } from './sentinel-choice.ts';

const system = (seed: number): { world: World; redis: RedisCluster } => {
  const world = createWorld(seed);
  return { world, redis: createRedisCluster(world, createWire(world), { sentinels: 3 }) };
};
const primaries = (redis: RedisCluster): string[] =>
  redis.names.filter((name) => {
    const { process, primary } = redis.state(name);
    return process.state() === 'running' && primary === undefined;
  });

test('a killed primary is replaced, the other replica follows, and the old one is demoted when it comes back', async () => {
  const took: number[] = [];
  for (let seed = 1; seed <= 20; seed += 1) {
    const { world, redis } = system(seed);
    await world.run(3000);
    redis.kill('redis-1');
    expect(await world.run(() => primaries(redis).length === 1, 30_000)).toBe(true);
    took.push(world.now() - 3000);
    const [promoted = ''] = primaries(redis);
    expect(await world.run(() => redis.state(promoted).replicas.size === 1, 5000)).toBe(true);
    redis.restart('redis-1');
    expect(await world.run(() => redis.state('redis-1').primary !== undefined, 60_000)).toBe(true);
    expect(await world.run(() => redis.state(promoted).replicas.size === 2, 5000)).toBe(true);
    expect(new Set(redis.sentinelViews.map((view) => view.primary)).size).toBe(1);
  }
  expect(Math.min(...took)).toBeGreaterThan(50);
  expect(took.sort((a, b) => a - b)[10]).toBeLessThan(3000);
});

test('a short freeze is no failover; without a majority of Sentinels there is none', async () => {
  const { world, redis } = system(3);
  await world.run(3000);
  redis.process('redis-1').freeze();
  await world.run(3300);
  redis.process('redis-1').resume();
  await world.run(10_000);
  expect(primaries(redis)).toEqual(['redis-1']);
  redis.process('sentinel-2').crash();
  redis.process('sentinel-3').crash();
  redis.kill('redis-1');
  await world.run(40_000);
  expect(primaries(redis)).toEqual([]);
});

test('it answers who is the primary and who its replicas are', async () => {
  const { world, redis } = system(1);
  const client = world.start('client');
  let replies: RedisReply[] = [];
  const [sentinel] = redis.sentinels;
  if (sentinel === undefined) throw new Error('there is no Sentinel');
  void redis
    .nodesFor(client)
    .open(sentinel, 500)
    .then(async (node) => {
      replies = await node.run(
        [
          ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'mymaster'],
          ['SENTINEL', 'REPLICAS', 'mymaster'],
          ['SENTINEL', 'MASTERS'],
          ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'other'],
          ['GET', 'x'],
        ],
        500,
      );
    });
  await world.run(2000);
  expect(replies[0]).toEqual(['127.0.0.1', '6379']);
  expect(replies[1]).toHaveLength(2);
  expect(replies[2]).toHaveLength(1);
  expect(replies[3]).toBeNull();
  expect(String(replies[4])).toContain('unknown command');
});

test('the choice: priority before offset, stale and unreachable ones left out, the role not asked', () => {
  const settings = { downAfterMs: 500, pingMs: 1000, infoMs: 10_000 };
  const replica = (
    address: string,
    change: Partial<ReturnType<typeof unseen>> = {},
  ): ReturnType<typeof unseen> => ({
    ...unseen(address, 1000),
    connected: true,
    ...change,
  });
  const choose = (...replicas: ReturnType<typeof unseen>[]): string | undefined =>
    choosePromoted(replicas, 1000, 900, settings)?.address;
  expect(choose(replica('a', { offset: 5 }), replica('b', { offset: 9 }))).toBe('b');
  expect(choose(replica('a', { offset: 5, priority: 10 }), replica('b', { offset: 9 }))).toBe('a');
  expect(choose(replica('a', { priority: 0 }))).toBeUndefined();
  expect(choose(replica('a', { connected: false }))).toBeUndefined();
  expect(choose(replica('a', { infoAtMs: -9000 }))).toBeUndefined();
  expect(choose(replica('a', { isDown: true }))).toBeUndefined();
  expect(choose(replica('a', { role: 'master', offset: 50 }), replica('b', { offset: 9 }))).toBe('a');
});
