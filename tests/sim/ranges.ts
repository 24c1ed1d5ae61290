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
 * Those and more, the newest day first. What begins where a range of the same machine ends becomes a part of it; what was run again
 * takes the place of what it covers. Throws where it covers a range in part: the same seeds would count twice.
 */
export function withMore(ranges: readonly Range[], more: readonly Range[]): Range[] {
  const added = joinedUp(more);
  for (const one of added) {
    const half = ranges.find((kept) => overlaps(kept, one) && !covers(one, kept));
    if (half !== undefined)
      throw new Error(`${nameOf(one)} has seeds of ${nameOf(half)}, and not all: give all files of that`);
  }
  const kept = ranges.filter((old) => !added.some((one) => covers(one, old)));
  return joinedUp([...kept, ...added]).toSorted(
    (a, b) =>
      lastDay(b).localeCompare(lastDay(a)) || a.simulation.localeCompare(b.simulation) || b.from - a.from,
  );
}

function joinedUp(ranges: readonly Range[]): Range[] {
  const all: Range[] = [];
  for (const one of ranges.toSorted((a, b) => a.from - b.from)) {
    const before = all.findIndex((kept) => goesOn(kept, one));
    const kept = all[before];
    if (kept === undefined) all.push(one);
    else all[before] = joined(kept, one);
  }
  return all;
}

const endOf = ({ from, ran }: Range): number => from + ran;
const nameOf = (one: Range): string => `${one.simulation} ${one.from} to ${endOf(one) - 1}`;
const lastDay = ({ date }: Range): string => date.slice(-'2026-01-01'.length);

const overlaps = (one: Range, other: Range): boolean =>
  one.simulation === other.simulation && one.from < endOf(other) && other.from < endOf(one);

const covers = (one: Range, other: Range): boolean =>
  one.simulation === other.simulation && one.from <= other.from && endOf(one) >= endOf(other);

const goesOn = (first: Range, second: Range): boolean =>
  first.simulation === second.simulation &&
  endOf(first) === second.from &&
  first.machine.model === second.machine.model &&
  first.machine.node === second.machine.node;

function joined(first: Range, second: Range): Range {
  const isOneDay = first.date === second.date;
  return {
    ...second,
    ...together([first, second]),
    date: isOneDay ? first.date : `${first.date.slice(0, 10)} to ${lastDay(second)}`,
    parts: first.parts + second.parts,
    perMinute: Math.max(first.perMinute, second.perMinute),
  };
}
