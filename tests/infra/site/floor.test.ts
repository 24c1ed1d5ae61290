/** What of a recovery over its limit is the machine's. */
import { expect, it } from 'vitest';
import { machinesShare } from './floor.ts';

it('excuses nothing over a limit on a calm machine', () => {
  for (const limitMs of [1000, 3000, 5000])
    expect(machinesShare({ start: 500, fsync: 7 }, limitMs)).toBeLessThan(limitMs);
});

it('grows with what the machine takes for an empty process, and for an fsync', () => {
  expect(machinesShare({ start: 1000, fsync: 0 }, 5000)).toBe(8000);
  expect(machinesShare({ start: 500, fsync: 200 }, 1000)).toBe(1600);
});
