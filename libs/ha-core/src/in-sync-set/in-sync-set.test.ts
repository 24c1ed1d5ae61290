/** Acknowledged by name, not by count (I1). */
import { expect, it } from 'vitest';
import { reachedBy } from './in-sync-set.ts';

const seen = [
  { endpoint: 'b', offset: 10 },
  { endpoint: 'c', offset: 12 },
];

it('acknowledges by name, not by count (I1)', () => {
  expect(reachedBy(['b', 'c'], 10, seen)).toBe(true);
  expect(reachedBy(['b', 'c'], 11, seen)).toBe(false);
  expect(reachedBy(['b', 'd'], 10, seen)).toBe(false);
});

it('acknowledges nothing with an empty set', () => {
  expect(reachedBy([], 0, seen)).toBe(false);
});
