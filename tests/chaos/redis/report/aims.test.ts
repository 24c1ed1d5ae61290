/** An aim is reached only when all of its faults stayed within it, and never when it was not measured. */
import { expect, it } from 'vitest';
import type { RunResult } from '../one-run.ts';
import { aimRows, reachedText } from './aims.ts';

const run = (fault: string, outageMs: number | undefined, lost: readonly string[] = []): RunResult =>
  ({ fault, outageMs, verdict: { lost, doubled: [] } }) as unknown as RunResult;

const reached = (runs: readonly RunResult[], what: string): string => {
  const row = aimRows([{ runs, loadBefore: 0.4 }], undefined).find((one) => one.what === what);
  return row === undefined ? 'no such row' : reachedText(row);
};

it('holds median and worst case against what was aimed at', () => {
  const kill = 'kill -9 of the primary';
  expect(reached([run('kill-primary', 250), run('kill-primary', 290), run('kill-primary', 590)], kill)).toBe(
    'yes',
  );
  expect(reached([run('kill-primary', 250), run('kill-primary', 290), run('kill-primary', 610)], kill)).toBe(
    'no',
  );
  expect(reached([run('kill-primary', 310), run('kill-primary', 320)], kill)).toBe('no');
  expect(reached([run('kill-primary', 250), run('kill-primary', undefined)], kill)).toBe('no');
  expect(reached([run('freeze', 250)], kill)).toBe('–');
});

it('takes times from quiet parts alone, and losses from all', () => {
  const rows = aimRows(
    [
      { runs: [run('kill-primary', 250)], loadBefore: 0.4 },
      { runs: [run('kill-primary', 2500, ['a'])], loadBefore: 6 },
    ],
    undefined,
  );
  expect(rows.map(reachedText)).toEqual(['yes', '–', '–', '–', '–', 'no', '–']);
});

it('counts what was lost, and a soak that was long and hard enough', () => {
  const lost = 'acknowledged writes lost or doubled';
  expect(reached([run('freeze', 1)], lost)).toBe('yes');
  expect(reached([run('freeze', 1), run('pair', 1, ['a'])], lost)).toBe('no');
  const soak = { minutes: 30, burners: 6, failovers: 0, longestGapMs: 80 };
  const last = (more: Partial<typeof soak>): string => {
    const row = aimRows([], { ...soak, ...more } as Parameters<typeof aimRows>[1]).at(-1);
    return row === undefined ? 'none' : reachedText(row);
  };
  expect([last({}), last({ failovers: 1 }), last({ minutes: 29 }), last({ burners: 5 })]).toEqual([
    'yes',
    'no',
    'no',
    'no',
  ]);
});
