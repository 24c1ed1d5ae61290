/** Which fault strikes in which run: every one in turn, in an order by the seed, until the runs or the minutes are over. */
import type { Fault } from './faults/fault.ts';
import { PAIR, pairOf } from './faults/table.ts';
import { type Random, seededRandom } from '@holdfast/drill';

export type Planned = {
  readonly number: number;
  /** With it the run chooses its targets; a run is asked for again by `--seed` and its number. */
  readonly seed: number;
  readonly fault: Fault;
  readonly random: Random;
};

/** The run of that number. The same seed, faults and number give the same run; `pairable` may make pairs. */
export function createPlan(
  seed: number,
  faults: readonly Fault[],
  pairable: readonly Fault[],
): (number: number) => Planned {
  const withPairs = pairable.length > 0;
  const perRound = faults.length + (withPairs ? Math.max(1, Math.round(faults.length / 4)) : 0);
  if (perRound === 0) throw new Error('no fault to plan with');
  return (number) => {
    const round = Math.floor(number / perRound);
    const order = seededRandom(seed * 7919 + round);
    const slots: (Fault | typeof PAIR)[] = [
      ...faults,
      ...Array.from({ length: perRound - faults.length }, () => PAIR as typeof PAIR),
    ];
    const slot = order.shuffled(slots)[number % perRound] ?? PAIR;
    const own = (seed * 1_000_003 + number) >>> 0;
    const random = seededRandom(own);
    return { number, seed: own, fault: slot === PAIR ? pairOf(pairable, random) : slot, random };
  };
}
