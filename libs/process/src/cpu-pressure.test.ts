/** The kernel's own figure where it gives one, the load where it does not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cpuPressure } from './cpu-pressure.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-pressure-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const told = (text: string): number => {
  const file = join(folder, 'cpu');
  writeFileSync(file, text);
  return cpuPressure(file);
};

it('is the share of the last ten seconds in which somebody waited', () => {
  const full = 'full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n';
  expect(told(`some avg10=19.53 avg60=12.60 avg300=19.48 total=8210412146\n${full}`)).toBeCloseTo(0.1953);
  expect(told(`some avg10=100.00 avg60=80.01 avg300=2.00 total=1\n${full}`)).toBe(1);
});

it.each([
  [0.95, 0],
  [1.5, 0.5],
  [4.5, 1],
])('is by the load where the kernel does not tell: %d on each processor', (load, share) => {
  expect(cpuPressure(join(folder, 'absent'), () => load)).toBe(share);
  const file = join(folder, 'other');
  writeFileSync(file, 'not what was expected\n');
  expect(cpuPressure(file, () => load)).toBe(share);
});
