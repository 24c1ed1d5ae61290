/** The simulated Sentinel: when it acts, by which states, whom it promotes, what it answers. */
import { type Command, RedisError, type RedisReply } from '@holdfast/ha-core';
import { expect, test } from 'vitest';
import { createRedisCluster, type RedisCluster } from '../redis/redis-cluster.ts';
import { createWire, type Wire } from '../world/wire.ts';
import { createWorld, type World } from '../world/world.ts';
import { choosable } from './choice.ts';

type Parts = {
  readonly world: World;
  readonly wire: Wire;
  readonly redis: RedisCluster;
  /** Asks the first Sentinel. */
  readonly ask: (...command: Command) => Promise<RedisReply>;
  readonly row: (what: string) => Promise<Record<string, string>>;
};

const system = (seed: number): Parts => {
  const world = createWorld(seed);
  const wire = createWire(world);
  const redis = createRedisCluster(world, wire, { sentinels: 3 });
  const nodes = redis.nodesFor(world.start('client'));
  const [sentinel] = redis.sentinels;
  if (sentinel === undefined) throw new Error('there is no Sentinel');
  const ask: Parts['ask'] = async (...command) => {
    let answer: { reply: RedisReply } | undefined;
    void nodes.open(sentinel, 500).then(async (node) => {
      answer = { reply: (await node.run([command], 500))[0] ?? null };
      node.close();
    });
    await world.run(() => answer !== undefined, 1000);
    return answer?.reply ?? null;
  };
  const row: Parts['row'] = async (what) => {
    const reply = await ask('SENTINEL', what, 'mymaster');
    const first = what === 'MASTER' ? reply : (reply as readonly RedisReply[])[0];
    const words = (first as readonly RedisReply[]).map(String);
    return Object.fromEntries(
      words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1] ?? '']] : [])),
    );
  };
  return { world, wire, redis, ask, row };
};

const primaries = (redis: RedisCluster): string[] =>
  redis.names.filter((name) => {
    const { process, primary } = redis.state(name);
    return process.state() === 'running' && primary === undefined;
  });
const namedBy = (redis: RedisCluster): string[] =>
  redis.sentinelNames.map((name) => redis.sentinel(name).primary.address);

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
    expect(new Set(namedBy(redis)).size).toBe(1);
  }
  expect(Math.min(...took)).toBeGreaterThan(500);
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

test('asked for a failover it goes through its states, one a tick, and the others believe it', async () => {
  const { world, redis, ask, row } = system(2);
  await world.run(3000);
  expect(await ask('SENTINEL', 'FAILOVER', 'mymaster')).toBe('OK');
  expect(String(await ask('SENTINEL', 'FAILOVER', 'mymaster'))).toContain('INPROG');
  const states: string[] = [];
  while (redis.sentinel('sentinel-1').failover.state !== 'none') {
    const { state } = redis.sentinel('sentinel-1').failover;
    if (states.at(-1) !== state) states.push(state);
    await world.run(world.now() + 5);
  }
  expect(states).toEqual([
    'wait_start',
    'select_slave',
    'send_slaveof_noone',
    'wait_promotion',
    'reconf_slaves',
  ]);
  await world.run(world.now() + 3000);
  expect(new Set(namedBy(redis)).size).toBe(1);
  expect(namedBy(redis)[0]).not.toBe('127.0.0.1:6379');
  expect((await row('MASTER'))['flags']).toBe('master');
  expect((await row('MASTER'))['config-epoch']).toBe('1');
});

test('a Sentinel that dies right after it has seen its promotion names the promoted one when it starts again', async () => {
  const { world, redis } = system(2);
  await world.run(3000);
  redis.kill('redis-1');
  const leader = (): string | undefined =>
    redis.sentinelNames.find((name) => redis.sentinel(name).failover.state === 'reconf_slaves');
  expect(await world.run(() => leader() !== undefined, 30_000)).toBe(true);
  const name = leader() ?? '';
  const promoted = redis.sentinel(name).failover.promoted?.address;
  redis.restartSentinel(name);
  expect(redis.sentinel(name).primary.address).toBe(promoted);
  await world.run(world.now() + 5000);
  expect(new Set(namedBy(redis))).toEqual(new Set([promoted]));
});

test('a replica is chosen by its last INFO: priority, age, and nothing at all right after a switch', async () => {
  const { world, redis, ask } = system(4);
  await world.run(3000);
  const sentinel = redis.sentinel('sentinel-1');
  const now = (): number => redis.process('sentinel-1').host.wallMs();
  expect(choosable(sentinel, now())).toHaveLength(2);
  for (const name of ['redis-2', 'redis-3']) redis.state(name).settings['replica-priority'] = 0;
  expect(choosable(sentinel, now())).toHaveLength(2);
  await world.run(12_000);
  expect(choosable(sentinel, now())).toEqual([]);
  expect(await ask('SENTINEL', 'FAILOVER', 'mymaster')).toBeInstanceOf(RedisError);
  redis.state('redis-3').settings['replica-priority'] = 100;
  await world.run(24_000);
  expect(await ask('SENTINEL', 'FAILOVER', 'mymaster')).toBe('OK');
  await world.run(() => sentinel.primary.address === '127.0.0.1:6381', 6000);
  const fresh = [...sentinel.replicas.values()];
  expect(fresh.map(({ priority, infoAtMs }) => [priority, infoAtMs])).toEqual([
    [100, 0],
    [100, 0],
  ]);
  expect(choosable(sentinel, now())).toEqual([]);
});

test('a node that says that it is a primary keeps the priority that it had as a replica', async () => {
  const { world, redis } = system(5);
  await world.run(3000);
  redis.process('redis-1').freeze();
  expect(await world.run(() => namedBy(redis).every((name) => name !== '127.0.0.1:6379'), 10_000)).toBe(true);
  redis.state('redis-1').settings['replica-priority'] = 0;
  redis.process('redis-1').resume();
  const old = (): unknown => redis.sentinel('sentinel-1').replicas.get('127.0.0.1:6379');
  await world.run(world.now() + 2000);
  expect(old()).toMatchObject({ role: 'master', priority: 100, offset: 0 });
  expect(await world.run(() => redis.state('redis-1').primary !== undefined, 15_000)).toBe(true);
  await world.run(world.now() + 11_000);
  expect(old()).toMatchObject({ role: 'slave', priority: 0 });
});

test('what is down and what is disconnected shows in the flags; a jump of time makes it stop acting', async () => {
  const { world, redis, row } = system(6);
  await world.run(3000);
  redis.kill('redis-2');
  await world.run(3200);
  expect((await row('REPLICAS'))['flags']).toBe('slave,disconnected');
  await world.run(4000);
  expect((await row('REPLICAS'))['flags']).toContain('s_down,slave');
  redis.process('sentinel-2').crash();
  await world.run(5000);
  expect((await row('SENTINELS'))['flags']).toContain('s_down,sentinel');
  redis.process('sentinel-1').stepWallClock(5000);
  await world.run(5200);
  redis.kill('redis-1');
  await world.run(20_000);
  expect(primaries(redis)).toEqual([]);
  await world.run(50_000);
  expect(primaries(redis)).toEqual(['redis-3']);
});

test('it answers who is the primary and who its replicas are', async () => {
  const { world, ask } = system(1);
  await world.run(2000);
  expect(await ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'mymaster')).toEqual(['127.0.0.1', '6379']);
  expect(await ask('SENTINEL', 'REPLICAS', 'mymaster')).toHaveLength(2);
  expect(await ask('SENTINEL', 'SENTINELS', 'mymaster')).toHaveLength(2);
  expect(await ask('SENTINEL', 'MASTERS')).toHaveLength(1);
  expect(await ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'other')).toBeNull();
  expect(String(await ask('GET', 'x'))).toContain('unknown command');
  expect(await ask('SENTINEL', 'DEBUG', 'INFO-PERIOD', '500', 'PING-PERIOD', '300')).toBe('OK');
  expect(String(await ask('SENTINEL', 'SET', 'mymaster', 'quorum', '1'))).toContain('Unknown option');
});
