/** When a signal was first seen, and what arrives while an account is being read, once for each reading. */
import type { Host } from '@holdfast/ha-core';
import type { AcceptedSignal } from '@holdfast/redis';
import { expect, it } from 'vitest';
import { createArrivals } from './arrivals.ts';

const signal = (entry: string): AcceptedSignal => ({
  entry,
  id: entry,
  magic: '1',
  body: '{}',
  acceptedAt: 0,
  ttlMs: 1,
});

it('counts from its own first sight, whatever an older primary gave the same entry', () => {
  let nowMs = 100;
  const arrivals = createArrivals({ monotonicMs: () => nowMs } as Host);
  arrivals.see([signal('1')]);
  nowMs = 600;
  const other = { ...signal('1'), id: 'other' };
  expect(arrivals.firstSeenMs(other)).toBeUndefined();
  arrivals.see([signal('1'), other]);
  expect([signal('1'), other].map(arrivals.firstSeenMs)).toEqual([100, 600]);
});

it('is kept for each of two readings that overlap, from its own beginning on', () => {
  const arrivals = createArrivals({ monotonicMs: () => 0 } as Host);
  arrivals.see([signal('1')]);
  const first = arrivals.keep();
  arrivals.see([signal('2')]);
  const second = arrivals.keep();
  arrivals.see([signal('3')]);
  const entries = (kept: readonly AcceptedSignal[] | undefined): string[] | undefined =>
    kept?.map(({ entry }) => entry);
  expect(entries(first())).toEqual(['2', '3']);
  arrivals.see([signal('4')]);
  expect(entries(second())).toEqual(['3', '4']);
});
