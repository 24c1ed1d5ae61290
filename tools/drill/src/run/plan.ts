/** Which fault strikes in which run: every one in turn, in an order by the seed, with pairs in between. */
import type { Fault } from '../faults/fault.ts';
import { PAIR, pairOf } from '../faults/table.ts';
import { type Random, seededRandom } from '../random.ts';

export type Planned = {
  readonly number: number;
  /** With it the run chooses its targets; a run is asked for again by `--seed` and its number. */
  readonly seed: number;
  readonly fault: Fault;
  readonly random: Random;
};

/** One pair after so many single faults. */
const PAIR_EVERY = 4;

/** The run of that number. The same seed, faults and number give the same run; `pairable` may make pairs. */
export function createPlan(
  seed: number,
  faults: readonly Fault[],
  pairable: readonly Fault[],
): (number: number) => Planned {
  const canPair = pairable.filter(({ pairs }) => pairs === true).length > 1;
  const pairs = canPair ? Math.max(1, Math.round(faults.length / PAIR_EVERY)) : 0;
  const slots: (Fault | typeof PAIR)[] = [...faults, ...Array<typeof PAIR>(pairs).fill(PAIR)];
  if (slots.length === 0) throw new Error('no fault to plan with');
  return (number) => {
    const round = Math.floor(number / slots.length);
    const order = seededRandom(seed * 7919 + round).shuffled(slots);
    const own = (seed * 1_000_003 + number) >>> 0;
    const random = seededRandom(own);
    const slot = order[number % slots.length] ?? PAIR;
    return { number, seed: own, fault: slot === PAIR ? pairOf(pairable, random) : slot, random };
  };
}
