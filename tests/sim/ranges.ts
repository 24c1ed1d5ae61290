/** Ranges of seeds that were run, as they are kept from one report to the next. */
import { type ManySeeds, together } from './many-seeds.ts';
import { REDIS_FAULTS } from './redis/faults.ts';
import type { Simulation } from './series.ts';
import { ALL_FAULTS } from './system/faults.ts';

/** What `seeds.ts --json` writes. */
export type Measured = ManySeeds & {
  readonly jobs: number;
  readonly seconds: number;
  readonly date: string;
  readonly machine: { readonly cores: number; readonly model: string; readonly node: string };
};

/** One state of the tree: when that changed, the seeds begin elsewhere. */
export type Range = Omit<Measured, 'seconds'> & {
  /** How many kinds of faults were drawn from. */
  readonly kinds: number;
  /** How many files it came from, and the seeds a minute of the fastest: the one with the least other work beside it. */
  readonly parts: number;
  readonly perMinute: number;
};

/** A range of one file. */
export function rangeOf({ seconds, ...measured }: Measured): Range {
  const perMinute = Math.round((measured.ran * 60) / seconds);
  return { ...measured, kinds: kindsOf(measured.simulation), parts: 1, perMinute };
}

const kindsOf = (simulation: Simulation): number =>
  simulation === 'engine' ? ALL_FAULTS.length : REDIS_FAULTS.length;

/**
 * Those and more, the newest day first. What begins where a range ends becomes a part of it; what begins where one begins takes
 * its place.
 */
export function withMore(ranges: readonly Range[], more: readonly Range[]): Range[] {
  const all = ranges.filter((kept) => !more.some((one) => isSame(kept, one)));
  for (const one of more.toSorted((a, b) => a.from - b.from)) {
    const before = all.findIndex(
      ({ simulation, from, ran }) => simulation === one.simulation && from + ran === one.from,
    );
    const kept = all[before];
    if (kept === undefined) all.push(one);
    else all[before] = joined(kept, one);
  }
  return all.toSorted(
    (a, b) => b.date.localeCompare(a.date) || a.simulation.localeCompare(b.simulation) || b.from - a.from,
  );
}

const isSame = (one: Range, other: Range): boolean =>
  one.simulation === other.simulation && one.from === other.from;

function joined(first: Range, second: Range): Range {
  return {
    ...second,
    ...together([first, second]),
    parts: first.parts + second.parts,
    perMinute: Math.max(first.perMinute, second.perMinute),
  };
}
