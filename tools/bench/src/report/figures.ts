/** From the times of single signals to the figures that are told: per round, then over the rounds. */
import type { Timings } from '../load/closed-loop.ts';

/** One contestant in one round. */
export type Measure = { readonly p50Ms: number; readonly p99Ms: number; readonly perSecond: number };

/** One contestant in one setting, a measure a round. */
export type Series = {
  /** `64 in flight`, `1 in flight, broker 50 ms`. */
  readonly setting: string;
  readonly contestant: string;
  /** The contestant that the others are held against. */
  readonly isFloor: boolean;
  readonly rounds: readonly Measure[];
};

/** Medians over the rounds, and of the ratios to the floor of the same round. */
export type Summary = Measure & {
  readonly setting: string;
  readonly contestant: string;
  readonly latencyToFloor: number | undefined;
  readonly rateToFloor: number | undefined;
};

/** The value below which the share `at` (0 to 1) of the values lies. Throws for none. */
export function quantile(values: ArrayLike<number>, at: number): number {
  const sorted = Float64Array.from(values).sort();
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))];
  if (value === undefined) throw new Error('no value, no quantile');
  return value;
}

/** The middle value; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) throw new Error('no value, no median');
  return (upper + lower) / 2;
}

export function measureOf({ latenciesMs, tookMs }: Timings): Measure {
  return {
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    perSecond: latenciesMs.length / (tookMs / 1000),
  };
}

/** A line for each series; ratios only where its setting has a floor. */
export function summarise(series: readonly Series[]): Summary[] {
  return series.map(({ setting, contestant, rounds }) => {
    const floor = series.find((other) => other.isFloor && other.setting === setting)?.rounds;
    const over = (of: (measure: Measure) => number): number => median(rounds.map(of));
    const ratio = (of: (measure: Measure) => number): number | undefined =>
      floor === undefined
        ? undefined
        : median(rounds.map((mine, round) => of(mine) / of(floor[round] ?? mine)));
    return {
      setting,
      contestant,
      p50Ms: over((measure) => measure.p50Ms),
      p99Ms: over((measure) => measure.p99Ms),
      perSecond: over((measure) => measure.perSecond),
      latencyToFloor: ratio((measure) => measure.p50Ms),
      rateToFloor: ratio((measure) => measure.perSecond),
    };
  });
}
