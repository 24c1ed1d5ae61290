/**
 * A node that does not let the warden in is there: no reason for a failover, and told in the log. One whose process ended is
 * suspected within the period. On a real Redis, and on connections that break at will.
 */
import { NodeUnavailable, profile, type RedisNode, type RedisNodes } from '@holdfast/ha-core';
import { realHost } from '@holdfast/process';
import { createRedisNodes, endpointName } from '@holdfast/redis';
import { type RealRedis, startRealRedis } from '@holdfast/redis/testing';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { createComplaints } from './complaints.ts';
import { createNodeWatch, type NodeWatch } from './node-watch.ts';

/** A real process on a machine that may be busy. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const SOON = { timeout: 20_000 };
const EVERY_MS = 25;
/** Longer than a busy machine holds up an answer. */
const LATE_MS = 500;
const { wardenMisses, wardenProbeLimitMs, wardenProbeMs } = profile('fast');

let redis: RealRedis;
let node: RedisNode;

beforeAll(async () => {
  redis = await startRealRedis({ replicas: 0 });
  const [endpoint] = redis.endpoints;
  if (endpoint === undefined) throw new Error('no Redis');
  node = await createRedisNodes().open(endpoint, 1000);
  await node.run([['CONFIG', 'SET', 'requirepass', 'the-right-one']], 1000);
});

afterAll(async () => {
  node?.close();
  await redis?.stop();
});

/** How a warden watches; told of changes by nobody. */
const ways = (redis: RedisNodes) => ({
  host: realHost,
  redis,
  detector: { probeMs: wardenProbeMs, misses: wardenMisses },
  // A busy machine is not what is tested here.
  limitMs: () => 20 * wardenProbeLimitMs,
  onChange: () => undefined,
});

/** Probes it as a warden does, until the test is over. */
function watch(password: string | undefined): {
  readonly watched: NodeWatch;
  readonly answers: () => number;
} {
  let answers = 0;
  const watched = createNodeWatch({
    ...ways(createRedisNodes(password === undefined ? {} : { password })),
    endpoint: node.endpoint,
    onChange: () => {
      answers += 1;
    },
  });
  const timer = setInterval(() => watched.tick(EVERY_MS), EVERY_MS);
  onTestFinished(() => {
    clearInterval(timer);
    watched.close();
  });
  return { watched, answers: () => answers };
}

it.each([
  ['a wrong password', 'not-the-right-one', 'WRONGPASS'],
  ['no password', undefined, 'NOAUTH'],
])('with %s it is refused, and neither silent nor lost', async (_, password, said) => {
  const { watched, answers } = watch(password);
  await expect.poll(answers, SOON).toBeGreaterThan(5);
  const role = watched.seen()?.role;
  expect(role).toMatchObject({ is: 'other', detail: expect.stringContaining(said) });
  expect([watched.silentSinceMs(), watched.goneSinceMs()]).toEqual([undefined, undefined]);
  const told: Record<string, unknown>[] = [];
  const complaints = createComplaints({
    watches: [watched],
    sights: () => [],
    log: (event, detail) => told.push({ event, ...detail }),
  });
  for (let look = 0; look < 3; look += 1) complaints.look();
  expect(told).toEqual([
    {
      event: 'complaint',
      complaint: expect.stringMatching(new RegExp(`^${endpointName(node.endpoint)} answers ${said}`)),
    },
  ]);
});

it('with the right one it is seen as what it is', async () => {
  const { watched } = watch('the-right-one');
  await expect.poll(() => watched.seen()?.role.is, SOON).toBe('primary');
});

it('is suspected within one period when its process has ended', async () => {
  const own = await startRealRedis({ replicas: 0 });
  onTestFinished(() => own.stop());
  const [endpoint] = own.endpoints;
  if (endpoint === undefined) throw new Error('no Redis');
  const watched = createNodeWatch({ ...ways(createRedisNodes()), endpoint });
  onTestFinished(() => watched.close());
  watched.tick(EVERY_MS);
  await expect.poll(() => watched.seen()?.role.is, SOON).toBe('primary');
  await own.kill(0);
  // No tick follows: nobody waited for one.
  await expect.poll(() => watched.silentSinceMs(), SOON).toBeDefined();
  expect([watched.isProcessGone(), watched.hasQuit()]).toEqual([true, true]);
});

it('has not quit while it is frozen, though the connection to it is given up meanwhile', async () => {
  const own = await startRealRedis({ replicas: 0 });
  onTestFinished(() => own.stop());
  const [endpoint] = own.endpoints;
  if (endpoint === undefined) throw new Error('no Redis');
  const redis = createRedisNodes();
  let opened = 0;
  const counted: RedisNodes = {
    open: (to, deadlineMs) => {
      opened += 1;
      return redis.open(to, deadlineMs);
    },
  };
  const watched = createNodeWatch({ ...ways(counted), endpoint });
  const timer = setInterval(() => watched.tick(EVERY_MS), EVERY_MS);
  onTestFinished(() => {
    clearInterval(timer);
    watched.close();
  });
  await expect.poll(() => watched.seen()?.role.is, SOON).toBe('primary');
  own.freeze(0);
  await expect.poll(() => opened, SOON).toBeGreaterThan(1);
  expect(watched.silentSinceMs()).toBeDefined();
  expect([watched.isProcessGone(), watched.hasQuit()]).toEqual([false, false]);
  own.resume(0);
  await expect.poll(() => watched.silentSinceMs(), SOON).toBeUndefined();
  await own.kill(0);
  await expect.poll(() => watched.hasQuit(), SOON).toBe(true);
});

it('counts a connection that broke as it was handed over, and does not storm who throws it out', async () => {
  let opened = 0;
  const thrownOut: RedisNodes = {
    open: async (endpoint) => {
      opened += 1;
      return {
        endpoint,
        run: () => Promise.reject(new NodeUnavailable('connection closed', false)),
        onClosed: (listener) => listener('thrown out'),
        close: () => undefined,
      };
    },
  };
  let looks = 0;
  const watched = createNodeWatch({
    ...ways(thrownOut),
    endpoint: node.endpoint,
    onChange: () => {
      looks += 1;
    },
  });
  onTestFinished(() => watched.close());
  watched.tick(EVERY_MS);
  await expect.poll(() => watched.silentSinceMs(), SOON).toBeDefined();
  await expect.poll(() => looks, SOON).toBe(1 + wardenMisses);
  expect(opened).toBe(1 + wardenMisses);
});

it('tells of an answer that was late, and of none after a connection that broke', async () => {
  const own = await startRealRedis({ replicas: 0 });
  onTestFinished(() => own.stop());
  const [endpoint] = own.endpoints;
  if (endpoint === undefined) throw new Error('no Redis');
  const late: number[] = [];
  const watched = createNodeWatch({
    ...ways(createRedisNodes()),
    endpoint,
    limitMs: () => LATE_MS,
    onLate: (silentMs) => late.push(silentMs),
  });
  const timer = setInterval(() => watched.tick(EVERY_MS), EVERY_MS);
  onTestFinished(() => {
    clearInterval(timer);
    watched.close();
  });
  await expect.poll(() => watched.seen()?.role.is, SOON).toBe('primary');
  expect(late).toEqual([]);
  own.freeze(0);
  await expect.poll(() => watched.isDoubted(), SOON).toBe(true);
  own.resume(0);
  await expect.poll(() => late.at(-1) ?? 0, SOON).toBeGreaterThan(LATE_MS);
  const before = late.length;
  await own.kill(0);
  await expect.poll(() => watched.silentSinceMs(), SOON).toBeDefined();
  await own.restart(0);
  await expect.poll(() => watched.silentSinceMs(), SOON).toBeUndefined();
  expect(late.length).toBe(before);
});

/** Opens what the test hands out, one after the other; `closed` are the places of those that were closed. */
function handedOut(opens: readonly (() => Promise<RedisNode['run']>)[]) {
  const closed: number[] = [];
  let opened = 0;
  const nodes: RedisNodes = {
    open: async (endpoint) => {
      const place = opened;
      opened += 1;
      const run = (await opens[place]?.()) ?? (() => Promise.reject(new Error('one too many')));
      return { endpoint, run, onClosed: () => undefined, close: () => void closed.push(place) };
    },
  };
  return { nodes, closed, opened: () => opened };
}

const hangs: RedisNode['run'] = () => new Promise(() => undefined);
const answers: RedisNode['run'] = () => Promise.resolve([['master', 7, []], null]);

/** Watched by a short limit, until it is suspected not to answer. */
async function suspected(nodes: RedisNodes): Promise<NodeWatch> {
  const watched = createNodeWatch({ ...ways(nodes), endpoint: node.endpoint, limitMs: () => 5 });
  const timer = setInterval(() => watched.tick(EVERY_MS), EVERY_MS);
  await expect.poll(() => watched.silentSinceMs(), SOON).toBeDefined();
  clearInterval(timer);
  onTestFinished(() => watched.close());
  return watched;
}

it('is asked anew on a new connection where the old one hangs', async () => {
  const { nodes, closed, opened } = handedOut([() => Promise.resolve(hangs), () => Promise.resolve(answers)]);
  const watched = await suspected(nodes);
  expect([opened(), closed]).toEqual([1, []]);
  watched.askAnew();
  await expect.poll(() => watched.silentSinceMs(), SOON).toBeUndefined();
  expect([opened(), closed]).toEqual([2, [0]]);
  watched.askAnew();
  expect([opened(), closed]).toEqual([2, [0]]);
});

it('keeps one connection where an older one is opened after all', async () => {
  const { promise: first, resolve: letIn } = Promise.withResolvers<RedisNode['run']>();
  const { nodes, closed } = handedOut([() => first, () => Promise.resolve(answers)]);
  const watched = await suspected(nodes);
  watched.askAnew();
  await expect.poll(() => watched.silentSinceMs(), SOON).toBeUndefined();
  expect(closed).toEqual([]);
  letIn(hangs);
  await expect.poll(() => closed, SOON).toContain(0);
  expect(closed).not.toContain(1);
});
