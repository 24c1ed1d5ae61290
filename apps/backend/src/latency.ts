/** The last durations of one kind of work, for the percentiles that the console shows. Bounded; oldest fall out. */
export type Latency = {
  readonly add: (tookMs: number) => void;
  readonly summary: () => LatencySummary;
};

export type LatencySummary = {
  readonly count: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
};

export function createLatency(kept = 1024): Latency {
  const ring = new Float64Array(kept);
  let count = 0;
  return {
    add: (tookMs) => {
      ring[count % kept] = tookMs;
      count += 1;
    },
    summary: () => {
      const sorted = ring.slice(0, Math.min(count, kept)).sort();
      return { count, p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99) };
    },
  };
}

/** The smallest value that at least `share` of the values do not exceed; null for none. */
function percentile(sorted: Float64Array, share: number): number | null {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  return value === undefined ? null : Math.round(value * 100) / 100;
}
