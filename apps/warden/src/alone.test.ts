/** When a machine counts as alone: all others are silent, for long, and its warden has looked all the time. */
import type { SentinelSight } from '@holdfast/ha-core';
import { expect, it } from 'vitest';
import { createAlone } from './alone.ts';
import { fakeSight } from './testing/fake-sight.ts';
import { fakeWatch } from './testing/fake-watch.ts';

const [A, B, C] = ['10.0.0.1:1', '10.0.0.2:2', '10.0.0.3:3'];

/** The first of three machines; the others are silent unless it is said otherwise. */
function scene(nodes: readonly string[] = [A, B, C]) {
  const state = { nowMs: 1000, answers: '', sentinel: '' };
  const watches = nodes.map((name) =>
    fakeWatch(name, {
      seen: () => undefined,
      silentSinceMs: () => (name === A || state.answers === name ? undefined : 1),
    }),
  );
  const own = watches.find(({ name }) => name === A);
  if (own === undefined) throw new Error('the own node is missing');
  const sights = (): SentinelSight[] =>
    nodes.map((name) =>
      name === A || state.sentinel === name ? fakeSight(name, A) : { sentinel: name, view: { is: 'silent' } },
    );
  const isAlone = createAlone({
    host: { monotonicMs: () => state.nowMs },
    own,
    watches,
    sights,
    index: 0,
    forMs: () => 500,
  });
  /** Looks until so many milliseconds have passed; what it says at last. */
  const after = (ms: number, everyMs = 100): boolean => {
    let last = isAlone();
    for (let passed = everyMs; passed <= ms; passed += everyMs) {
      state.nowMs += everyMs;
      last = isAlone();
    }
    return last;
  };
  return { state, after };
}

it('is alone after so long, and not before', () => {
  const { after } = scene();
  expect([after(400), after(100)]).toEqual([false, true]);
});

it.each(['answers', 'sentinel'] as const)('is not while one other is there: %s', (what) => {
  const { state, after } = scene();
  state[what] = C;
  expect(after(2000)).toBe(false);
  state[what] = '';
  expect([after(500, 100), after(100)]).toEqual([true, true]);
});

it('begins anew once somebody was seen, and after it stood still itself', () => {
  const { state, after } = scene();
  after(400);
  state.answers = B;
  after(100);
  state.answers = '';
  expect(after(400)).toBe(false);
  state.nowMs += 3000;
  expect([after(400), after(100)]).toEqual([false, true]);
});

it('is never alone where there are no others', () => {
  const { after } = scene([A]);
  expect(after(5000)).toBe(false);
});
