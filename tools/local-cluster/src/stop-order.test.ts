/** The order of stops, kind by kind. */
import type { NodeKind } from '@holdfast/topology';
import { expect, test } from 'vitest';
import { stopWave } from './stop-order.ts';

const before = (one: NodeKind, other: NodeKind): boolean => stopWave(one, false) < stopWave(other, false);

test('wardens stop after what writes, and before what they watch: no stop is taken for a death', () => {
  for (const writer of ['backend', 'engine', 'sync'] as const) expect(before(writer, 'warden')).toBe(true);
  for (const watched of ['sentinel', 'redis'] as const) expect(before('warden', watched)).toBe(true);
});

test('the primary stops after its replicas', () => {
  expect(stopWave('redis', true)).toBeGreaterThan(stopWave('redis', false));
});
