/** A false alarm doubles the limit for a minute, up to four times. */
import type { Host } from '@holdfast/ha-core';
import { expect, it } from 'vitest';
import { createPatience } from './patience.ts';

it('doubles with each false alarm, up to a bound, and is as before after a calm minute', () => {
  let nowMs = 0;
  const patience = createPatience({ monotonicMs: () => nowMs } as Host, 125);
  expect(patience.limitMs()).toBe(125);
  patience.falseAlarm();
  expect(patience.limitMs()).toBe(250);
  for (let alarm = 0; alarm < 5; alarm += 1) patience.falseAlarm();
  expect(patience.limitMs()).toBe(500);
  nowMs = 59_999;
  expect(patience.limitMs()).toBe(500);
  nowMs = 60_000;
  expect(patience.limitMs()).toBe(125);
});
