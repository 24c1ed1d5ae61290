/** A Sentinel that waits for a promotion gives it up before another is asked (I1; seed 9712722 of the in-sync set). */
import {
  type Command,
  type Host,
  NodeUnavailable,
  RedisError,
  type RedisReply,
  type SentinelSight,
} from '@holdfast/ha-core';
import { expect, it } from 'vitest';
import { fakeSight } from './testing/fake-sight.ts';
import { giveUpUnseen } from './unseen-promotion.ts';

const A = 'a:1';

/** `s2` waits for a promotion; what it says after so many looks. Time passes by the sleeps alone. */
function scene(states: readonly string[], refuses: 'not' | 'by a reply' | 'by silence' | 'sent' = 'not') {
  const state = { nowMs: 0, looks: 0 };
  const set: string[] = [];
  const parts = {
    host: {
      monotonicMs: () => state.nowMs,
      after: (ms: number, run: () => void) => {
        state.nowMs += ms;
        queueMicrotask(run);
        return () => undefined;
      },
    } as unknown as Host,
    ask: (sentinel: number, [command = ['']]: readonly Command[]): Promise<readonly RedisReply[]> => {
      set.push(`${sentinel} ${command.join(' ')} after ${state.nowMs}`);
      if (refuses === 'by silence' || refuses === 'sent')
        return Promise.reject(new NodeUnavailable('the other side is gone', refuses === 'sent'));
      return Promise.resolve([refuses === 'by a reply' ? new RedisError('NOPERM') : 'OK']);
    },
    failoverState: () => {
      const found = states[Math.min(state.looks, states.length - 1)] ?? '';
      state.looks += 1;
      return Promise.resolve(found);
    },
    primaryName: 'holdfast',
    failoverTimeoutMs: 2000,
  };
  const sights = [fakeSight('s1', A), fakeSight('s2', A, { failoverUnderWay: true }), fakeSight('s3', A)];
  return { parts, state, set, sights };
}

const WAITS = 'wait_promotion';
const SHORT = '1 SENTINEL SET holdfast failover-timeout 1 after';
const AGAIN = '1 SENTINEL SET holdfast failover-timeout 2000 after';

it('makes its failover timeout short until it has given up, and long again', async () => {
  const { parts, sights, set } = scene([WAITS, WAITS, WAITS, '']);
  expect(await giveUpUnseen(parts, A, sights)).toEqual({ by: [1], not: [] });
  expect(set).toEqual([`${SHORT} 0`, `${AGAIN} 15`]);
});

it('says that nobody is to be asked where it has seen the promotion meanwhile', async () => {
  const { parts, sights, set } = scene([WAITS, WAITS, 'reconf_slaves']);
  expect(await giveUpUnseen(parts, A, sights)).toEqual({
    by: [],
    not: ['s2 has seen by now whom it promoted'],
  });
  expect(set.at(-1)).toBe(`${AGAIN} 10`);
});

it('goes on after some ticks where it does not act', async () => {
  const { parts, sights, state, set } = scene([WAITS]);
  expect(await giveUpUnseen(parts, A, sights)).toEqual({ by: [], not: [] });
  expect(state.nowMs).toBe(300);
  expect(set).toEqual([`${SHORT} 0`, `${AGAIN} 300`]);
});

it.each(['', 'wait_start', 'select_slave', 'reconf_slaves'])(
  'changes nothing where the failover is at: %s',
  async (at) => {
    const { parts, sights, set } = scene([at]);
    expect(await giveUpUnseen(parts, A, sights)).toEqual({ by: [], not: [] });
    expect(set).toEqual([]);
  },
);

it.each([
  ['no failover was under way', {}],
  ['it pauses: it would act on nothing', { failoverUnderWay: true, pauses: true }],
  [
    'it replaces another one: whom it promoted may be whom a person replaces now',
    { failoverUnderWay: true, primary: 'b:1' },
  ],
])('asks nothing where, as it was seen last, %s', async (_, view) => {
  const { parts, state, set } = scene([WAITS]);
  const silent: SentinelSight = { sentinel: 's1', view: { is: 'silent' } };
  expect(await giveUpUnseen(parts, A, [silent, fakeSight('s2', A, view)])).toEqual({ by: [], not: [] });
  expect([state.looks, set]).toEqual([0, []]);
});

it.each(['by a reply', 'by silence'] as const)('waits for nothing where it refuses %s', async (how) => {
  const { parts, sights, state, set } = scene([WAITS], how);
  expect(await giveUpUnseen(parts, A, sights)).toEqual({ by: [], not: [] });
  expect([state.nowMs, set]).toEqual([0, [`${SHORT} 0`]]);
});

it('takes a lost answer for a command that may have been taken', async () => {
  const { parts, sights, set } = scene([WAITS, WAITS, ''], 'sent');
  expect(await giveUpUnseen(parts, A, sights)).toEqual({ by: [1], not: [] });
  expect(set.at(-1)).toBe(`${AGAIN} 10`);
});
