/** Real processes: their end is told, their output is kept, their session is their own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rotate, spawnChild } from './spawn-child.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-spawn-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const node = (script: string) => [process.execPath, '-e', script] as const;

describe('spawnChild', () => {
  it('keeps the output and tells the exit code', async () => {
    const logFile = join(folder, 'a.log');
    const child = spawnChild(node('console.log("out"); console.error("err"); process.exit(3)'), {
      folder,
      logFile,
    });
    expect(await child.ended).toBe('ended with exit code 3');
    expect(readFileSync(logFile, 'utf8')).toBe('out\nerr\n');
  });

  it('runs in the folder, in a session of its own, and ends by a signal', async () => {
    const logFile = join(folder, 'a.log');
    const child = spawnChild(node('setInterval(() => {}, 1000)'), { folder, logFile });
    const [, , , group] = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    child.signal('SIGKILL');
    expect(group).toBe(String(child.pid));
    expect(await child.ended).toBe('ended by SIGKILL');
  });

  it('throws when the program is not there', () => {
    expect(() => spawnChild(['/no/such/program'], { folder, logFile: join(folder, 'a.log') })).toThrow(
      '/no/such/program could not be started',
    );
  });
});

describe('rotate', () => {
  it('moves a large log aside and keeps the newest few', () => {
    const file = join(folder, 'a.log');
    for (const text of ['first', 'second', 'third', 'fourth', 'fifth']) {
      writeFileSync(file, text);
      rotate(file, 1);
    }
    expect([1, 2, 3].map((index) => readFileSync(`${file}.${index}`, 'utf8'))).toEqual([
      'fifth',
      'fourth',
      'third',
    ]);
    expect(() => readFileSync(`${file}.4`)).toThrow('ENOENT');
  });

  it('leaves a small one', () => {
    const file = join(folder, 'a.log');
    writeFileSync(file, 'small');
    rotate(file, 100);
    expect(readFileSync(file, 'utf8')).toBe('small');
  });
});
