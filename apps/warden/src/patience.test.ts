/** A false alarm, an answer that was late, and running late itself each make the limit longer for ten minutes. */
import type { Host } from '@holdfast/ha-core';
import { expect, it } from 'vitest';
import { createPatience } from './patience.ts';

it('is patient for ten minutes after the last false alarm', () => {
  let nowMs = 0;
  const host = { monotonicMs: () => nowMs } as Host;
  const patience = createPatience(host, { limitMs: 125, patientMs: 225, misses: 2 });
  expect(patience.limitMs()).toBe(125);
  patience.falseAlarm();
  expect(patience.limitMs()).toBe(225);
  nowMs = 300_000;
  patience.falseAlarm();
  nowMs = 899_999;
  expect(patience.limitMs()).toBe(225);
  nowMs = 900_000;
  expect(patience.limitMs()).toBe(125);
});

it('is patient after an answer that was late, and not after a node that was frozen or cut off', () => {
  let nowMs = 0;
  const host = { monotonicMs: () => nowMs } as Host;
  const patience = createPatience(host, { limitMs: 125, patientMs: 175, misses: 2 });
  patience.answeredLate(350);
  expect(patience.limitMs()).toBe(125);
  patience.answeredLate(349);
  expect(patience.limitMs()).toBe(175);
  nowMs = 600_000;
  expect(patience.limitMs()).toBe(125);
});

it('is patient when it runs late itself, and has the others told at most once in ten seconds', () => {
  let nowMs = 0;
  const host = { monotonicMs: () => nowMs } as Host;
  const patience = createPatience(host, { limitMs: 125, patientMs: 175, misses: 2 });
  expect(patience.ranLate(74)).toBe(false);
  expect(patience.ranLate(3000)).toBe(false);
  expect(patience.limitMs()).toBe(125);
  expect(patience.ranLate(75)).toBe(true);
  nowMs = 9999;
  expect(patience.ranLate(100)).toBe(false);
  nowMs = 10_000;
  expect(patience.ranLate(100)).toBe(true);
  nowMs = 609_999;
  expect(patience.limitMs()).toBe(175);
  nowMs = 610_000;
  expect(patience.limitMs()).toBe(125);
});
