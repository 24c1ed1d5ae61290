/**
 * A replica that is cut off with its warden and its Sentinel: its own warden gives up that it may be promoted at once, the
 * others take it out of the set only when there was time for that (I1).
 */
import { type Host, LIMITS, NO_RECORD, type RedisNode, type SentinelSight } from '@holdfast/ha-core';
import { expect, it } from 'vitest';
import { createExclusion } from './exclusion.ts';
import { createMembership } from './membership.ts';
import type { NodeWatch } from './node-watch.ts';
import type { OwnNode } from './own-node.ts';
import type { Sentinels } from './sentinels.ts';
import type { Present, Situation } from './situation.ts';
import { fakeSight } from './testing/fake-sight.ts';
import { fakeWatch } from './testing/fake-watch.ts';

const [A, B, C] = ['10.0.0.1:1', '10.0.0.2:1', '10.0.0.3:1'] as const;
const RECORD = { ...NO_RECORD, term: 1, primary: A, members: [B, C] };

const watchOf = (name: string, silentSinceMs: number | undefined, more: Partial<NodeWatch> = {}): NodeWatch =>
  fakeWatch(name, {
    ...more,
    seen: () => ({
      role: { is: 'replica', of: A, link: 'connected', offset: 1 },
      record: RECORD,
      sentAtMs: 0,
      atMs: 0,
    }),
    silentSinceMs: () => silentSinceMs,
    goneSinceMs: () => silentSinceMs,
    isDoubted: () => silentSinceMs !== undefined,
  });

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it.each([
  ['nobody else is in sight', 100, [0]],
  ['one other node is', undefined, []],
] as const)('gives up being promotable at once where %s', async (_, silentSinceMs, expected) => {
  const priorities: number[] = [];
  const told: number[] = [];
  const own = watchOf(C, undefined);
  const membership = createMembership({
    host: { monotonicMs: () => 500 } as Host,
    redis: { open: () => Promise.reject(new Error('nobody is asked')) },
    own,
    ownNode: {
      setPriority: (priority: number) => {
        priorities.push(priority);
        return Promise.resolve(true);
      },
    } as unknown as OwnNode,
    watches: [watchOf(A, 100), watchOf(B, silentSinceMs), own],
    situation: { present: () => undefined } as Situation,
    sights: () => [],
    onOutOfSight: () => void told.push(priorities.length),
    log: () => undefined,
  });
  expect(membership.isOutOfSight()).toBe(expected.length > 0);
  // Once for every answer and every miss that is told.
  for (let times = 0; times < 3; times += 1) membership.cutOff();
  await settle();
  membership.cutOff();
  expect(priorities).toEqual(expected);
  // At once: its Sentinel must not see the primary as down before it has heard of it.
  expect(told).toEqual(expected.map(() => 0));
});

/**
 * Beside the primary: `C` is silent since 1000 ms, and so is its Sentinel, which the other two see as down. It has last answered
 * what it was asked at 980 ms.
 */
function besidePrimary({ hurried = true, hasQuit = false, warden = { isHere: true, sinceMs: 0 } } = {}) {
  let nowMs = 1000;
  const asked: string[] = [];
  const down = { endpoint: C, down: true, disconnected: true, priority: 100 };
  const sight = (sentinel: string): SentinelSight =>
    fakeSight(sentinel, A, { replicas: [down], sentinelsDown: ['s3'] });
  const replicas = [
    { endpoint: B, offset: 1 },
    { endpoint: C, offset: 1 },
  ];
  const present = {
    watch: watchOf(A, undefined),
    name: A,
    role: { is: 'primary', offset: 1, replicas },
    record: RECORD,
    rank: 1,
  } satisfies Present;
  const node = {
    run: (commands: readonly (readonly string[])[]) => {
      asked.push(...commands.map((command) => command[1] ?? ''));
      const changed = commands[0]?.[1] === 'hf_exclude';
      const row = ['1', '0', A, `${B} ${C}`, '0'];
      return Promise.resolve([changed ? ['ok', ...row] : row]);
    },
    close: () => undefined,
  } as unknown as RedisNode;
  const exclusion = createExclusion({
    host: {
      monotonicMs: () => nowMs,
      after: (ms: number, run: () => void) => {
        nowMs += ms;
        setImmediate(run);
        return () => undefined;
      },
    } as unknown as Host,
    redis: { open: () => Promise.resolve(node) },
    watches: [
      watchOf(A, undefined),
      watchOf(B, undefined),
      watchOf(C, 1000, { answeredAtMs: () => 980, hasQuit: () => hasQuit }),
    ],
    sentinels: {
      look: () => Promise.resolve([sight('s1'), sight('s2'), { sentinel: 's3', view: { is: 'silent' } }]),
    } as unknown as Sentinels,
    situation: { present: () => present, lagMs: () => 0 } as unknown as Situation,
    hurried,
    wardenOf: () => warden,
    hold: () => undefined,
    log: () => undefined,
  });
  return { exclusion, now: () => nowMs, isExcluded: () => asked.includes('hf_exclude') };
}

it('is taken out when its own warden and its Sentinel have had the time to know', async () => {
  const { exclusion, now, isExcluded } = besidePrimary();
  for (let times = 0; times < 5 && !isExcluded(); times += 1) await exclusion.tend();
  expect(isExcluded()).toBe(true);
  expect(now() - 1000).toBeGreaterThanOrEqual(LIMITS.loweredAloneMs);
  expect(now() - 1000).toBeLessThan(LIMITS.loweredAloneMs + 100);
});

it('is taken out at once where nobody hurries the Sentinels: they ask for INFO too seldom', async () => {
  const { exclusion, now, isExcluded } = besidePrimary({ hurried: false });
  await exclusion.tend();
  expect([isExcluded(), now()]).toEqual([true, 1000]);
});

it.each([
  ['is not, however long it lasts, where the node went on to answer without its warden', 979, false, false],
  ['is not, where the node has answered what was asked at the loss of its warden', 980, false, false],
  ['is where its warden may have been lost by the same cut', 981, false, true],
  ['is where the node has ended too, after its warden', 979, true, true],
] as const)('%s', async (_, sinceMs, hasQuit, expected) => {
  for (const hurried of [true, false]) {
    const { exclusion, isExcluded } = besidePrimary({
      hurried,
      hasQuit,
      warden: { isHere: false, sinceMs },
    });
    for (let times = 0; times < 20 && !isExcluded(); times += 1) await exclusion.tend();
    expect(isExcluded()).toBe(expected);
  }
});

it('is not before its warden, that has just come back, has had the time to know', async () => {
  for (const hurried of [true, false]) {
    const { exclusion, now, isExcluded } = besidePrimary({
      hurried,
      warden: { isHere: true, sinceMs: 1500 },
    });
    for (let times = 0; times < 20 && !isExcluded(); times += 1) await exclusion.tend();
    expect(isExcluded()).toBe(true);
    expect(now() - 1500).toBeGreaterThanOrEqual(LIMITS.loweredAloneMs);
    expect(now() - 1500).toBeLessThan(LIMITS.loweredAloneMs + 100);
  }
});
