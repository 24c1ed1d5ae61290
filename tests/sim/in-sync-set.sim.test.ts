/**
 * Redis with its wardens and Sentinels, and two clients that write, on virtual time: thousands of seeds, faults alone and in
 * pairs. Whoever becomes primary has all that was acknowledged, and all is whole again in the end.
 *
 *   SEED=17 npx vitest run --project sim in-sync-set   replays one seed and prints its story
 *   HOLDFAST_SET_SEEDS=20000 …                                     so many seeds, from HOLDFAST_SET_FROM on
 *   HOLDFAST_SET_FAULTS='primary killed,warden killed'             only these faults
 */
import { expect, test } from 'vitest';
import { type ClusterSeedOutcome, runClusterSeed } from './cluster/run-cluster-seed.ts';
import { REDIS_FAULTS } from './redis/faults.ts';

const one = process.env.SEED === undefined ? undefined : Number(process.env.SEED);
const from = one ?? Number(process.env.HOLDFAST_SET_FROM ?? 1);
const count = one === undefined ? Number(process.env.HOLDFAST_SET_SEEDS ?? 100) : 1;

const named = (process.env.HOLDFAST_SET_FAULTS ?? '').split(',').filter((name) => name !== '');
const strange = named.filter((name) => !REDIS_FAULTS.some((fault) => fault === name));
if (strange.length > 0) throw new Error(`HOLDFAST_SET_FAULTS: no such fault: ${strange.join(', ')}`);
const kinds = named.length === 0 ? REDIS_FAULTS : REDIS_FAULTS.filter((fault) => named.includes(fault));

/** A seed may take so long at the outside. */
const SEED_MS = 2000;
/** After so many failing seeds it is clear; the stories of the first are printed. */
const BROKEN_MAX = 5;
const STORIES_MAX = 2;

test(
  'whoever becomes primary has every acknowledged write, and all is whole again after each fault (I1)',
  async () => {
    const broken: ClusterSeedOutcome[] = [];
    let acknowledged = 0;
    let stopped = 0;
    for (let seed = from; seed < from + count && broken.length < BROKEN_MAX; seed += 1) {
      const outcome = await runClusterSeed(seed, { kinds });
      acknowledged += outcome.acknowledged;
      if (outcome.stopped) stopped += 1;
      if (outcome.broken !== undefined) broken.push(outcome);
      if (one !== undefined) process.stdout.write(`${outcome.story.join('\n')}\n`);
    }
    process.stdout.write(
      `in-sync set: ${count} seeds, ${acknowledged} acknowledged writes, ${stopped} stopped for a person, ${broken.length} broken\n`,
    );
    if (one === undefined)
      for (const { seed, broken: why, story } of broken.slice(0, STORIES_MAX))
        process.stdout.write(`\nSEED=${seed} ${why ?? ''}\n${story.join('\n')}\n`);
    expect(broken.map(({ seed, broken: why }) => `SEED=${seed} ${why ?? ''}`)).toEqual([]);
    expect(acknowledged).toBeGreaterThan(0);
  },
  count * SEED_MS + 60_000,
);

test('the same seed gives the same events, byte for byte', async () => {
  const [first, second] = [await runClusterSeed(from), await runClusterSeed(from)];
  expect([second.events, second.hash]).toEqual([first.events, first.hash]);
  expect((await runClusterSeed(from + 1)).hash).not.toBe(first.hash);
});
