/**
 * Redis with its wardens and Sentinels, and two clients that write, on virtual time: faults alone and in pairs. Whoever
 * becomes primary has all that was acknowledged, and all is whole again in the end.
 *
 *   SEED=17 npx vitest run --project sim in-sync-set   replays one seed and prints its story
 *   HOLDFAST_SET_SEEDS=1000 …                                     so many seeds, from HOLDFAST_SET_FROM on
 *   HOLDFAST_SET_FAULTS='primary killed,warden killed'            only these faults
 *   node tests/sim/seeds.ts in-sync-set --count 20000              very many
 */
import { expect, test } from 'vitest';
import { runClusterSeed } from './cluster/run-cluster-seed.ts';
import { inWords, runSeries } from './series.ts';

const one = process.env.SEED === undefined ? undefined : Number(process.env.SEED);
const from = one ?? Number(process.env.HOLDFAST_SET_FROM ?? 1);
const count = one === undefined ? Number(process.env.HOLDFAST_SET_SEEDS ?? 100) : 1;
const faults = (process.env.HOLDFAST_SET_FAULTS ?? '').split(',').filter((name) => name !== '');

/** A seed may take so long at the outside. */
const SEED_MS = 2000;
/** After so many failing seeds it is clear; the stories of the first are printed. */
const BROKEN_MAX = 5;
const STORIES_MAX = 2;

test(
  'whoever becomes primary has every acknowledged write, and all is whole again after each fault (I1)',
  async () => {
    if (one !== undefined) process.stdout.write(`${(await runClusterSeed(one)).story.join('\n')}\n`);
    const { ran, broken, counts, worth } = await runSeries('in-sync-set', {
      from,
      count,
      faults,
      brokenMax: BROKEN_MAX,
    });
    process.stdout.write(`in-sync set: ${ran} seeds, ${inWords(counts)}, ${broken.length} broken\n`);
    if (one === undefined)
      for (const { seed, why, story } of broken.slice(0, STORIES_MAX))
        process.stdout.write(`\nSEED=${seed} ${why}\n${story.join('\n')}\n`);
    expect(broken.map(({ seed, why }) => `SEED=${seed} ${why}`)).toEqual([]);
    expect(worth).toBeGreaterThan(0);
  },
  count * SEED_MS + 60_000,
);

test('the same seed gives the same events, byte for byte', async () => {
  const [first, second] = [await runClusterSeed(from), await runClusterSeed(from)];
  expect([second.events, second.hash]).toEqual([first.events, first.hash]);
  expect((await runClusterSeed(from + 1)).hash).not.toBe(first.hash);
});
