/** How a command ends, and where a program is found. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { programOnPath, runCommand, WrongArguments } from './command.ts';

class Mendable extends Error {}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
});

it.each([
  [
    'wrong arguments by their message, and ends with 2',
    new WrongArguments('expected a name'),
    2,
    /^expected a name\n$/,
  ],
  ['what people can mend by its message', new Mendable('a field is wrong'), 1, /^a field is wrong\n$/],
  [
    'an option that parseArgs does not know by its message',
    new TypeError('Unknown option'),
    1,
    /^Unknown option\n$/,
  ],
  ['all else with its stack', new Error('broken'), 1, /^Error: broken\n\s+at /],
] as [string, Error, number, RegExp][])('tells %s', async (_, error, code, said) => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await runCommand(() => Promise.reject(error), [Mendable]);
  expect(process.exitCode).toBe(code);
  expect(write.mock.calls.join('')).toMatch(said);
});

it('says nothing when it goes well', async () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await runCommand(() => undefined);
  expect([process.exitCode, write.mock.calls]).toEqual([undefined, []]);
});

it('finds the first program on PATH that may be run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-path-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const folders = ['a', 'b'].map((name) => join(folder, name));
  for (const path of folders) {
    mkdirSync(path);
    writeFileSync(join(path, 'tool'), '');
  }
  vi.stubEnv('PATH', folders.join(delimiter));
  expect(programOnPath('tool')).toBeUndefined();
  chmodSync(join(folder, 'b', 'tool'), 0o755);
  expect(programOnPath('tool')).toBe(join(folder, 'b', 'tool'));
});
