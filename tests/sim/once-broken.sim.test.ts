/** The seeds that once broke do not break now. */
import { expect, test } from 'vitest';
import { runClusterSeed } from './cluster/run-cluster-seed.ts';
import { ONCE_BROKEN_SETS, ONCE_BROKEN_SYSTEMS, runOnceBrokenSystem } from './once-broken.ts';

test.each(ONCE_BROKEN_SETS)('in-sync set, seed %i: %s', async (seed) => {
  const { broken, acknowledged } = await runClusterSeed(seed);
  expect(broken).toBeUndefined();
  expect(acknowledged).toBeGreaterThan(0);
});

test.each(ONCE_BROKEN_SYSTEMS)('whole system, seed %i: %s', async (seed) => {
  const { broken, orders } = await runOnceBrokenSystem(seed);
  expect(broken).toBeUndefined();
  expect(orders).toBeGreaterThan(0);
});
