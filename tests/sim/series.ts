/**
 * Seeds one after the other, of either simulation, and what came out: for the tests, the planted bugs, and the long runs
 * by hand (seeds.ts).
 */
import { type ClusterSeedOutcome, runClusterSeed } from './cluster/run-cluster-seed.ts';
import { REDIS_FAULTS } from './redis/faults.ts';
import { runSeed, type SeedOutcome } from './run-seed.ts';
import { ALL_FAULTS } from './system/faults.ts';

/** `in-sync-set`: Redis, its wardens and two writers. `engine`: the whole system. */
export type Simulation = 'in-sync-set' | 'engine';

export type SeriesOptions = {
  readonly from: number;
  readonly count: number;
  /** Only these faults are drawn; all, where none is named. */
  readonly faults: readonly string[];
  /** After so many broken seeds it is clear. */
  readonly brokenMax: number;
};

export type BrokenSeed = {
  readonly seed: number;
  readonly why: string;
  readonly story: readonly string[];
};

export type Series = {
  /** How many seeds were run. */
  readonly ran: number;
  readonly broken: readonly BrokenSeed[];
  /** What happened in them all together, by what it is called. */
  readonly counts: Counts;
  /** Acknowledged writes, or orders: a series without any has shown nothing. */
  readonly worth: number;
};

export type Counts = Readonly<Record<string, number>>;

/** `12 orders, 3 …`. */
export function inWords(counts: Counts): string {
  return Object.entries(counts)
    .map(([what, number]) => `${number} ${what}`)
    .join(', ');
}

/** Runs them. Throws for a fault that nothing is called. */
export function runSeries(simulation: Simulation, options: SeriesOptions): Promise<Series> {
  return simulation === 'engine' ? engineSeries(options) : setSeries(options);
}

async function engineSeries(options: SeriesOptions): Promise<Series> {
  const kinds = known(ALL_FAULTS, options.faults);
  let signals = 0;
  let orders = 0;
  const { ran, broken } = await each<SeedOutcome>(options, async (seed) => {
    const outcome = await runSeed(seed, { kinds });
    signals += outcome.acknowledged;
    orders += outcome.orders;
    return outcome;
  });
  return { ran, broken, counts: { 'acknowledged signals': signals, orders }, worth: orders };
}

async function setSeries(options: SeriesOptions): Promise<Series> {
  const kinds = known(REDIS_FAULTS, options.faults);
  let acknowledged = 0;
  let stopped = 0;
  const { ran, broken } = await each<ClusterSeedOutcome>(options, async (seed) => {
    const outcome = await runClusterSeed(seed, { kinds });
    acknowledged += outcome.acknowledged;
    if (outcome.stopped) stopped += 1;
    return outcome;
  });
  const counts = { 'acknowledged writes': acknowledged, 'stopped for a person': stopped };
  return { ran, broken, counts, worth: acknowledged };
}

async function each<Outcome extends SeedOutcome | ClusterSeedOutcome>(
  { from, count, brokenMax }: SeriesOptions,
  run: (seed: number) => Promise<Outcome>,
): Promise<{ ran: number; broken: BrokenSeed[] }> {
  const broken: BrokenSeed[] = [];
  let ran = 0;
  const limit = Error.stackTraceLimit;
  for (let seed = from; seed < from + count && broken.length < brokenMax; seed += 1) {
    // A node that is gone is an error that nobody reads the stack of. A seed that breaks is run again, to have it.
    Error.stackTraceLimit = 0;
    let outcome = await run(seed);
    Error.stackTraceLimit = limit;
    ran += 1;
    if (outcome.broken !== undefined) outcome = await run(seed);
    const { broken: why, story } = outcome;
    if (why !== undefined) broken.push({ seed, why, story });
  }
  return { ran, broken };
}

function known<Fault extends string>(all: readonly Fault[], named: readonly string[]): readonly Fault[] {
  const strange = named.filter((name) => !all.some((fault) => fault === name));
  if (strange.length > 0) throw new Error(`no such fault: ${strange.join(', ')}`);
  return named.length === 0 ? all : all.filter((fault) => named.includes(fault));
}
