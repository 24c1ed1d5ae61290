/**
 * A bound on requests per key: a bucket of `burst` tokens that fills by `perSecond`. Keys that have been full again
 * for a while are forgotten, so that the table stays as small as the set of keys in use.
 */
import type { Host } from '@holdfast/ha-core';

export type RateLimitOptions = { readonly perSecond: number; readonly burst: number };

export type RateLimit = {
  /** Takes one token; otherwise says after how many milliseconds there will be one. */
  readonly take: (
    key: string,
  ) => { readonly is: 'taken' } | { readonly is: 'empty'; readonly afterMs: number };
};

type Bucket = { tokens: number; atMs: number };

/** More keys than this are swept for full ones before another is added. */
const KEYS_BEFORE_SWEEP = 1024;

export function createRateLimit(host: Pick<Host, 'monotonicMs'>, options: RateLimitOptions): RateLimit {
  const buckets = new Map<string, Bucket>();
  const perMs = options.perSecond / 1000;
  const filled = (bucket: Bucket, nowMs: number): number =>
    Math.min(options.burst, bucket.tokens + (nowMs - bucket.atMs) * perMs);

  const sweep = (nowMs: number): void => {
    for (const [key, bucket] of buckets) if (filled(bucket, nowMs) >= options.burst) buckets.delete(key);
  };

  const take: RateLimit['take'] = (key) => {
    const nowMs = host.monotonicMs();
    let bucket = buckets.get(key);
    if (bucket === undefined) {
      if (buckets.size >= KEYS_BEFORE_SWEEP) sweep(nowMs);
      bucket = { tokens: options.burst, atMs: nowMs };
      buckets.set(key, bucket);
    }
    bucket.tokens = filled(bucket, nowMs);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return { is: 'empty', afterMs: Math.ceil((1 - bucket.tokens) / perMs) };
    bucket.tokens -= 1;
    return { is: 'taken' };
  };
  return { take };
}
