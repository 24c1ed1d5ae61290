/** Medians, quantiles and ratios: what the tables are made from. */
import { describe, expect, it } from 'vitest';
import { measureOf, median, quantile, type Series, summarise } from './figures.ts';

const series = (contestant: string, isFloor: boolean, p50s: readonly number[]): Series => ({
  setting: '1 in flight',
  contestant,
  isFloor,
  rounds: p50s.map((p50Ms) => ({ p50Ms, p99Ms: p50Ms * 2, perSecond: 1000 / p50Ms })),
});

describe('quantile and median', () => {
  it('find their value whatever the order', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(quantile(values, 0.5)).toBe(51);
    expect(quantile(values, 0.99)).toBe(100);
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  it('of nothing are an error', () => {
    expect(() => quantile([], 0.5)).toThrow('no value');
    expect(() => median([])).toThrow('no value');
  });
});

describe('measureOf', () => {
  it('counts what ended over the time it took', () => {
    const measure = measureOf({ latenciesMs: Float64Array.from([1, 2, 3, 4]), tookMs: 500 });
    expect(measure).toEqual({ p50Ms: 3, p99Ms: 4, perSecond: 8 });
  });
});

describe('summarise', () => {
  it('takes ratios within a round, so that a slow round weighs on both', () => {
    const [, floor] = [series('Holdfast', false, [2, 30, 4]), series('floor', true, [1, 10, 2])];
    const [product, own] = summarise([series('Holdfast', false, [2, 30, 4]), floor]);
    expect(product).toMatchObject({ p50Ms: 4, latencyToFloor: 2, rateToFloor: 0.5 });
    expect(own).toMatchObject({ latencyToFloor: 1, rateToFloor: 1 });
  });

  it('has no ratio where there is no floor', () => {
    const [only] = summarise([series('Holdfast', false, [2])]);
    expect(only?.latencyToFloor).toBeUndefined();
  });
});
