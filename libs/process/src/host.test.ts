/** The real Host keeps what its port says. */
import { performance } from 'node:perf_hooks';
import { expect, onTestFinished, test, vi } from 'vitest';
import { realHost } from './host.ts';

test('the monotonic clock never goes back and has fractions; the wall clock is whole', () => {
  const readings = Array.from({ length: 1000 }, () => realHost.monotonicMs());
  expect(readings).toEqual([...readings].sort((a, b) => a - b));
  expect(readings.some((reading) => !Number.isInteger(reading))).toBe(true);
  expect(Number.isInteger(realHost.wallMs())).toBe(true);
  expect(Math.abs(realHost.wallMs() - Date.now())).toBeLessThan(1000);
});

test('after 0 runs when the present work is done, before any timer', async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    realHost.after(5, () => {
      order.push('timer');
      resolve();
    });
    realHost.after(0, () => order.push('at once'));
    order.push('present');
  });
  expect(order).toEqual(['present', 'at once', 'timer']);
});

test('after never runs early, and not at all when cancelled', async () => {
  const startedMs = realHost.monotonicMs();
  let cancelled = 0;
  const cancel = [realHost.after(0, () => (cancelled += 1)), realHost.after(2, () => (cancelled += 1))];
  for (const each of cancel) each();
  await new Promise<void>((resolve) => realHost.after(20, resolve));
  expect(realHost.monotonicMs() - startedMs).toBeGreaterThanOrEqual(20);
  expect(cancelled).toBe(0);
});

test('delays beyond the longest timer are waited for, and can be cancelled in any part', () => {
  vi.useFakeTimers();
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => Date.now());
  onTestFinished(() => {
    clock.mockRestore();
    vi.useRealTimers();
  });
  const days = 24 * 3600 * 1000;
  let ran = 0;
  realHost.after(30 * days, () => (ran += 1));
  const cancel = realHost.after(30 * days, () => (ran += 100));
  vi.advanceTimersByTime(30 * days - 1);
  expect(ran).toBe(0);
  cancel();
  vi.advanceTimersByTime(1);
  expect(ran).toBe(1);
  expect(() => realHost.after(Number.NaN, () => undefined)).toThrow('NaN');
});

test('chance lies in [0, 1)', () => {
  for (let draw = 0; draw < 100; draw += 1) {
    const chance = realHost.random();
    expect(chance >= 0 && chance < 1).toBe(true);
  }
});
