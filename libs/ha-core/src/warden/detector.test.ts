/** Two misses make a suspicion; a good answer ends it; time in which we did not run proves nothing. */
import { expect, it } from 'vitest';
import { type DetectorState, FIRST_DETECTOR, stepDetector, suspectedSince } from './detector.ts';

const options = { probeMs: 25, limitMs: 100, misses: 2 };

/** Ticks every 25 ms from `fromMs` until `toMs`, without an answer. */
function silence(state: DetectorState, fromMs: number, toMs: number): DetectorState {
  let now = state;
  for (let atMs = fromMs; atMs <= toMs; atMs += 25)
    now = stepDetector(now, { is: 'tick' }, atMs, options).state;
  return now;
}

it('probes with each tick, and no more than it can keep count of', () => {
  const first = stepDetector(FIRST_DETECTOR, { is: 'tick' }, 0, options);
  expect(first.effects).toEqual([{ do: 'probe' }]);
  const many = { ...first.state, out: [1, 2, 3, 4, 5, 6, 7, 8], tickedAtMs: 8 };
  expect(stepDetector(many, { is: 'tick' }, 10, options).effects).toEqual([]);
});

it('suspects a silent primary after two limits have passed, one after the other', () => {
  expect(suspectedSince(silence(FIRST_DETECTOR, 0, 175), options)).toBeUndefined();
  expect(suspectedSince(silence(FIRST_DETECTOR, 0, 200), options)).toBe(0);
});

it('suspects a refusing one after two answers', () => {
  let state = silence(FIRST_DETECTOR, 0, 0);
  state = stepDetector(state, { is: 'bad', sentAtMs: 0 }, 1, options).state;
  expect(suspectedSince(state, options)).toBeUndefined();
  state = stepDetector(silence(state, 25, 25), { is: 'bad', sentAtMs: 25 }, 26, options).state;
  expect(suspectedSince(state, options)).toBe(0);
});

it('is at peace again after one good answer', () => {
  const suspected = silence(FIRST_DETECTOR, 0, 225);
  expect(suspectedSince(suspected, options)).toBe(0);
  const { state } = stepDetector(suspected, { is: 'good', sentAtMs: 225 }, 226, options);
  expect(suspectedSince(state, options)).toBeUndefined();
  expect(state.out).toEqual([]);
});

it('counts nothing for time in which it did not run itself', () => {
  const before = silence(FIRST_DETECTOR, 0, 50);
  const { state } = stepDetector(before, { is: 'tick' }, 400, options);
  expect(state.misses).toBe(0);
  expect(suspectedSince(silence(state, 425, 475), options)).toBeUndefined();
});

it('counts an answer that was given up already only once', () => {
  const missed = silence(FIRST_DETECTOR, 0, 100);
  expect(missed.misses).toBe(1);
  expect(stepDetector(missed, { is: 'bad', sentAtMs: 0 }, 101, options).state.misses).toBe(1);
});
