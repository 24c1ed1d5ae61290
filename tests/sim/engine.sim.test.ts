/**
 * The engines, Redis, terminals and broker of a whole system on virtual time, a few hundred seeds, faults one at a time.
 *
 *   SEED=17 npx vitest run --project sim                  replays one seed and prints its story
 *   HOLDFAST_SIM_SEEDS=100000 npx vitest run --project sim   so many seeds, from HOLDFAST_SIM_FROM on
 *   HOLDFAST_SIM_FAULTS='engine crash,drop reply'           only these faults
 *   HOLDFAST_LONG=1                                          the long form
 *   node tests/sim/seeds.ts engine --count 20000                 very many
 *
 */
import { expect, test } from 'vitest';
import { runSeed } from './run-seed.ts';
import { inWords, runSeries } from './series.ts';

const one = process.env.SEED === undefined ? undefined : Number(process.env.SEED);
const from = one ?? Number(process.env.HOLDFAST_SIM_FROM ?? 1);
const form = process.env.HOLDFAST_LONG === undefined ? 200 : 3000;
const count = one === undefined ? Number(process.env.HOLDFAST_SIM_SEEDS ?? form) : 1;
const faults = (process.env.HOLDFAST_SIM_FAULTS ?? '').split(',').filter((name) => name !== '');

/** A seed may take so long at the outside; many take a tenth. */
const SEED_MS = 1000;
/** After so many failing seeds it is clear; the stories of the first are printed. */
const BROKEN_MAX = 5;
const STORIES_MAX = 2;

test(
  'what was acknowledged is sent at most once, recorded exactly once and never lost (I1 to I8)',
  async () => {
    if (one !== undefined) process.stdout.write(`${(await runSeed(one)).story.join('\n')}\n`);
    const { ran, broken, counts, worth } = await runSeries('engine', {
      from,
      count,
      faults,
      brokenMax: BROKEN_MAX,
    });
    process.stdout.write(`simulation: ${ran} seeds, ${inWords(counts)}, ${broken.length} broken\n`);
    if (one === undefined)
      for (const { seed, why, story } of broken.slice(0, STORIES_MAX))
        process.stdout.write(`\nSEED=${seed} ${why}\n${story.join('\n')}\n`);
    expect(broken.map(({ seed, why }) => `SEED=${seed} ${why}`)).toEqual([]);
    expect(worth).toBeGreaterThan(0);
  },
  count * SEED_MS + 60_000,
);

test('the same seed gives the same events, byte for byte', async () => {
  const hashes = new Set<number>();
  for (const seed of [from, from + 1, from + 2]) {
    const [first, second] = [await runSeed(seed, { trace: true }), await runSeed(seed, { trace: true })];
    expect(second.story.join('\n')).toBe(first.story.join('\n'));
    expect([second.events, second.hash]).toEqual([first.events, first.hash]);
    hashes.add(first.hash);
  }
  expect(hashes.size).toBe(3);
});
