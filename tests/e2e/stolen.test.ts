/** What others on the host took of this machine, from a file as the kernel writes it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readTicks, stolenShare } from './stolen.ts';

function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-ticks-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'stat'), text);
  return join(folder, 'stat');
}

test('reads all processors together, idle and waiting left out', () => {
  const path = fileWith('cpu  100 10 50 9000 400 3 7 30 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n');
  expect(readTicks(path)).toEqual({ used: 170, stolen: 30 });
});

test('nothing is stolen where nobody counts it', () => {
  expect(readTicks('/nowhere/stat')).toEqual({ used: 0, stolen: 0 });
});

test('the share is of what was wanted, not of all time', () => {
  expect(stolenShare({ used: 100, stolen: 10 }, { used: 140, stolen: 70 })).toBe(0.6);
  expect(stolenShare({ used: 100, stolen: 10 }, { used: 140, stolen: 10 })).toBe(0);
  expect(stolenShare({ used: 100, stolen: 10 }, { used: 100, stolen: 10 })).toBe(0);
});
