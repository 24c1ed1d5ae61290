/** On from half of the time on, until half a minute after the last word of it. */
import { expect, it } from 'vitest';
import { createPressure } from './pressure.ts';

it('is on for half a minute after the last measure that shows it, and has the others told every ten seconds', () => {
  let nowMs = 0;
  const pressure = createPressure({ monotonicMs: () => nowMs });
  expect([pressure.measured(0.49), pressure.isOn()]).toEqual([false, false]);
  expect([pressure.measured(0.5), pressure.isOn()]).toEqual([true, true]);
  nowMs = 9999;
  expect(pressure.measured(1)).toBe(false);
  nowMs = 10_000;
  expect(pressure.measured(1)).toBe(true);
  nowMs = 39_999;
  expect([pressure.measured(0), pressure.isOn()]).toEqual([false, true]);
  nowMs = 40_000;
  expect(pressure.isOn()).toBe(false);
});

it('is on when another warden says so', () => {
  let nowMs = 0;
  const pressure = createPressure({ monotonicMs: () => nowMs });
  pressure.elsewhere();
  nowMs = 29_999;
  expect(pressure.isOn()).toBe(true);
  nowMs = 30_000;
  expect(pressure.isOn()).toBe(false);
});
