/** The watch of the loop's progress, on a clock of the test's own. */
import type { Host } from '@holdfast/ha-core';
import { expect, test } from 'vitest';
import { watchProgress } from './progress.ts';

function manualHost(): Host & { pass: (ms: number) => void; runDue: () => void } {
  let nowMs = 1000;
  const due: { atMs: number; run: () => void }[] = [];
  return {
    monotonicMs: () => nowMs,
    wallMs: () => 0,
    random: () => 0,
    after: (delayMs, run) => {
      const entry = { atMs: nowMs + delayMs, run };
      due.push(entry);
      return () => due.splice(due.indexOf(entry), 1);
    },
    pass: (ms) => {
      nowMs += ms;
    },
    runDue: () => {
      for (const entry of due.filter((each) => each.atMs <= nowMs)) {
        due.splice(due.indexOf(entry), 1);
        entry.run();
      }
    },
  };
}

test('alive while it ticks; not when the last tick is too long ago; alive again with the next', () => {
  const host = manualHost();
  const progress = watchProgress(host, { everyMs: 100, stalledMs: 1000 });
  host.pass(100);
  host.runDue();
  expect(progress.alive()).toBeUndefined();
  host.pass(1000);
  expect(progress.alive()).toBeUndefined();
  host.pass(1);
  expect(progress.alive()).toBe('the loop has not turned for 1001 ms (limit 1000 ms)');
  host.runDue();
  expect(progress.alive()).toBeUndefined();
});

test('the lag is what a tick came too late, and grows while one is overdue', () => {
  const host = manualHost();
  const progress = watchProgress(host, { everyMs: 100, stalledMs: 1000 });
  host.pass(100);
  host.runDue();
  expect(progress.lagMs()).toBe(0);
  host.pass(350);
  expect(progress.lagMs()).toBe(250);
  host.runDue();
  expect(progress.lagMs()).toBe(250);
  host.pass(100);
  host.runDue();
  expect(progress.lagMs()).toBe(0);
});

test('stopped, it ticks no more', () => {
  const host = manualHost();
  const progress = watchProgress(host, { everyMs: 100, stalledMs: 1000 });
  progress.stop();
  host.pass(2000);
  host.runDue();
  expect(progress.alive()).toContain('2000 ms');
});

test('limits that make no sense are refused', () => {
  expect(() => watchProgress(manualHost(), { everyMs: 100, stalledMs: 100 })).toThrow('everyMs');
  expect(() => watchProgress(manualHost(), { everyMs: 0, stalledMs: 100 })).toThrow('everyMs');
});
