/**
 * The engines, Redis, terminals and broker of a whole system on virtual time, a few hundred seeds, faults one at a time.
 *
 *   SEED=17 npx vitest run --project sim                  replays one seed and prints its story
 *   HOLDFAST_SIM_SEEDS=100000 npx vitest run --project sim   so many seeds, from HOLDFAST_SIM_FROM on
 *   HOLDFAST_SIM_FAULTS='engine crash,drop reply'           only these faults
 *   HOLDFAST_LONG=1                                          the long form
 *
 * Not drawn here: faults that stock Sentinel and the set of all connected replicas do not survive (system/faults.ts).
 */
import { expect, test } from 'vitest';
import { ALL_FAULTS } from './system/faults.ts';
import { runSeed, type SeedOutcome } from './run-seed.ts';

const one = process.env.SEED === undefined ? undefined : Number(process.env.SEED);
const from = one ?? Number(process.env.HOLDFAST_SIM_FROM ?? 1);
const form = process.env.HOLDFAST_LONG === undefined ? 200 : 3000;
const count = one === undefined ? Number(process.env.HOLDFAST_SIM_SEEDS ?? form) : 1;

const named = (process.env.HOLDFAST_SIM_FAULTS ?? '').split(',').filter((name) => name !== '');
const strange = named.filter((name) => !ALL_FAULTS.some((fault) => fault === name));
if (strange.length > 0) throw new Error(`HOLDFAST_SIM_FAULTS: no such fault: ${strange.join(', ')}`);
const kinds = named.length === 0 ? undefined : ALL_FAULTS.filter((fault) => named.includes(fault));

/** A seed may take so long at the outside; many take a tenth. */
const SEED_MS = 1000;
/** After so many failing seeds it is clear; the stories of the first are printed. */
const BROKEN_MAX = 5;
const STORIES_MAX = 2;

test(
  'what was acknowledged is sent at most once, recorded exactly once and never lost (I1-I4, I6-I8)',
  async () => {
    const broken: SeedOutcome[] = [];
    let signals = 0;
    let orders = 0;
    for (let seed = from; seed < from + count && broken.length < BROKEN_MAX; seed += 1) {
      const outcome = await runSeed(seed, kinds === undefined ? {} : { kinds });
      signals += outcome.acknowledged;
      orders += outcome.orders;
      if (outcome.broken !== undefined) broken.push(outcome);
      if (one !== undefined) process.stdout.write(`${outcome.story.join('\n')}\n`);
    }
    process.stdout.write(
      `simulation: ${count} seeds, ${signals} signals, ${orders} orders, ${broken.length} broken\n`,
    );
    if (one === undefined)
      for (const outcome of broken.slice(0, STORIES_MAX)) process.stdout.write(storyOf(outcome));
    expect(broken.map(({ seed, broken: why }) => `SEED=${seed} ${why ?? ''}`)).toEqual([]);
    expect(orders).toBeGreaterThan(0);
  },
  count * SEED_MS + 60_000,
);

test('the same seed gives the same events, byte for byte', async () => {
  const [first, second] = [await runSeed(from, { trace: true }), await runSeed(from, { trace: true })];
  expect(second.story.join('\n')).toBe(first.story.join('\n'));
  expect([second.events, second.hash]).toEqual([first.events, first.hash]);
  const other = await runSeed(from + 1, { trace: true });
  expect(other.hash).not.toBe(first.hash);
});

function storyOf(outcome: SeedOutcome): string {
  return `\nSEED=${outcome.seed} ${outcome.broken ?? ''}\n${outcome.story.join('\n')}\n`;
}
