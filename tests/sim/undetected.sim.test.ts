/**
 * The profile `seed`, where Sentinel's timer alone finds out that the primary is gone: the killed primary is back, holding,
 * before that timer is over. To a Sentinel it is a primary that answers, for two of its periods of INFO (20 s) at least.
 */
import { expect, test } from 'vitest';
import { endsWhole, startWhole } from './cluster/scenario.ts';
import { primaryOf } from './redis/wholeness.ts';

/** Sooner than a Sentinel's 3 s. */
const BACK_AFTER_MS = 2000;
/** The next look at the Sentinels, the wardens' patience, and a failover with a Sentinel's own period of INFO. */
const ACKNOWLEDGED_WITHIN_MS = 3000;

test.each(Array.from({ length: 12 }, (_, index) => index + 1))(
  'it is replaced all the same, and nothing is lost (I1); seed %i',
  async (seed) => {
    const cluster = await startWhole(seed, 'seed');
    const { world, machines, clients } = cluster;
    const primary = primaryOf(machines);
    machines.crash(primary);
    await world.run(world.now() + BACK_AFTER_MS);
    const backAtMs = world.now();
    void machines.start(primary);
    const acknowledged = (): boolean => clients.every((client) => client.acknowledgedAtMs() > backAtMs);
    expect(await world.run(acknowledged, ACKNOWLEDGED_WITHIN_MS)).toBe(true);
    await endsWhole(cluster);
  },
);
