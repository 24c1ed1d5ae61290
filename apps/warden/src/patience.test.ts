/** A false alarm makes the limit longer for a minute. */
import type { Host } from '@holdfast/ha-core';
import { expect, it } from 'vitest';
import { createPatience } from './patience.ts';

it('is patient for a minute after the last false alarm', () => {
  let nowMs = 0;
  const host = { monotonicMs: () => nowMs } as Host;
  const patience = createPatience(host, { limitMs: 125, patientMs: 225 });
  expect(patience.limitMs()).toBe(125);
  patience.falseAlarm();
  expect(patience.limitMs()).toBe(225);
  nowMs = 30_000;
  patience.falseAlarm();
  nowMs = 89_999;
  expect(patience.limitMs()).toBe(225);
  nowMs = 90_000;
  expect(patience.limitMs()).toBe(125);
});
