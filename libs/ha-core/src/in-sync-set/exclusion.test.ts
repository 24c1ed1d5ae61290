/** A member leaves the set only when no Sentinel that could be elected could choose it (I1). */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../constants.ts';
import {
  type MemberFacts,
  mayExclude,
  namedByMost,
  type ReplicaSight,
  type SentinelSight,
} from './exclusion.ts';

const JOINED_MS = 1000;
const good: ReplicaSight = {
  endpoint: 'b',
  down: false,
  disconnected: false,
  priority: 100,
  infoAtMs: JOINED_MS + 1,
};
/** Not promotable, by an INFO of this time. */
const lowered = (infoAtMs: number): ReplicaSight => ({ ...good, priority: 0, infoAtMs });
/** Not promotable, by an INFO of no known time. */
const undated: ReplicaSight = { endpoint: 'b', down: false, disconnected: false, priority: 0 };
const down = { ...good, down: true };

const FACTS: MemberFacts = { forMs: LIMITS.loweredAloneMs, unguarded: false, joinedBeforeMs: JOINED_MS };

type Seen = Extract<SentinelSight['view'], { is: 'seen' }>;

const seen = (
  sentinel: string,
  replica: ReplicaSight | undefined,
  more: Partial<Seen> = {},
): SentinelSight => ({
  sentinel,
  view: {
    is: 'seen',
    primary: 'a',
    configEpoch: 1,
    primaryDown: false,
    failoverUnderWay: false,
    pauses: false,
    replicas: replica === undefined ? [] : [replica],
    sentinelsDown: [],
    ...more,
  },
});
const silent = (sentinel: string): SentinelSight => ({ sentinel, view: { is: 'silent' } });

describe('safe', () => {
  it.each([
    ['when all see it as down', [seen('1', down), seen('2', down), seen('3', down)]],
    [
      'when all are disconnected from it',
      ['1', '2', '3'].map((one) => seen(one, { ...good, disconnected: true })),
    ],
    ['when all see its priority as 0', ['1', '2', '3'].map((one) => seen(one, lowered(JOINED_MS + 1)))],
    ['when nobody knows it', ['1', '2', '3'].map((one) => seen(one, undefined))],
    [
      'when a Sentinel is silent, and all others see it as down',
      [seen('1', down, { sentinelsDown: ['3'] }), seen('2', down, { sentinelsDown: ['3'] }), silent('3')],
    ],
  ] as [string, SentinelSight[]][])('%s', (_, sights) => {
    expect(mayExclude('b', 'a', sights, FACTS)).toEqual({ is: 'safe' });
  });
});

describe('unsafe', () => {
  it.each([
    [
      'when one could choose it, though the majority could not',
      [seen('1', down), seen('2', down), seen('3', good)],
    ],
    [
      'when a silent one is seen as up by one of the others',
      [seen('1', down, { sentinelsDown: ['3'] }), seen('2', down), silent('3')],
    ],
    [
      'when a majority does not answer',
      [seen('1', down, { sentinelsDown: ['2', '3'] }), silent('2'), silent('3')],
    ],
    ['when one names another primary', [seen('1', down), seen('2', down), seen('3', down, { primary: 'c' })]],
    [
      'while a failover is under way',
      [seen('1', down), seen('2', down), seen('3', down, { failoverUnderWay: true })],
    ],
    ['when there is no Sentinel', []],
    [
      'when one knows its priority from before it joined',
      [seen('1', lowered(JOINED_MS + 1)), seen('2', lowered(JOINED_MS + 1)), seen('3', lowered(JOINED_MS))],
    ],
    [
      'when one cannot tell when it was told of its priority',
      [seen('1', down), seen('2', down), seen('3', undated)],
    ],
  ] as [string, SentinelSight[]][])('%s', (_, sights) => {
    expect(mayExclude('b', 'a', sights, FACTS).is).toBe('unsafe');
  });

  it('when a Sentinel is silent, before the member beside it has had the time to give up being promotable', () => {
    const views = [seen('1', down, { sentinelsDown: ['3'] }), seen('2', down, { sentinelsDown: ['3'] })];
    const verdict = (forMs: number): string =>
      mayExclude('b', 'a', [...views, silent('3')], { ...FACTS, forMs }).is;
    expect([LIMITS.loweredAloneMs - 1, LIMITS.loweredAloneMs].map(verdict)).toEqual(['unsafe', 'safe']);
    expect(mayExclude('b', 'a', [...views, seen('3', down)], { ...FACTS, forMs: 0 }).is).toBe('safe');
  });

  it('when a Sentinel is silent, and the warden of the member beside it was gone before', () => {
    const views = [seen('1', down, { sentinelsDown: ['3'] }), seen('2', down, { sentinelsDown: ['3'] })];
    const alone = { ...FACTS, forMs: Number.POSITIVE_INFINITY, unguarded: true };
    expect(mayExclude('b', 'a', [...views, silent('3')], alone)).toMatchObject({
      is: 'unsafe',
      why: expect.stringContaining('the warden of b was gone before') as string,
    });
    expect(mayExclude('b', 'a', [...views, seen('3', down)], alone).is).toBe('safe');
  });
});

it('takes the primary that a majority of all Sentinels names', () => {
  expect(namedByMost([seen('1', good), seen('2', good), silent('3')])).toBe('a');
  expect(namedByMost([seen('1', good), silent('2'), silent('3')])).toBeUndefined();
  expect(namedByMost([seen('1', good), seen('2', good, { primary: 'c' }), silent('3')])).toBeUndefined();
});
