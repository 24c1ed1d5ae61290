/** Medians and the like. Pure. */

/** The value below which that share of the values lies (nearest rank); undefined for none. */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}

/** p99 says something only from so many values on. */
export const P99_FROM = 300;

export type Spread = {
  readonly count: number;
  readonly median: number | undefined;
  readonly p99: number | undefined;
  readonly max: number | undefined;
};

/** How values are spread. */
export function spreadOf(values: readonly number[]): Spread {
  return {
    count: values.length,
    median: quantile(values, 0.5),
    p99: values.length >= P99_FROM ? quantile(values, 0.99) : undefined,
    max: values.length === 0 ? undefined : Math.max(...values),
  };
}

/** With no failure in `runs` runs, the rate is below this with 95 % (the rule of three). */
export function rateBound(runs: number): number {
  return runs === 0 ? 1 : Math.min(1, 3 / runs);
}
