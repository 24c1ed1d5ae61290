/** The program that runs Redis 8 uses its own loader and libraries, and is the process that was started. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { librariesIn, REDIS_8, throughLoader, versionOf } from './redis8.mjs';
import { suites } from './suites.mjs';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-redis-8-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const script = (name, text) => {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
};

describe('throughLoader', () => {
  it('runs the loader in its place: the same pid, the arguments as they were', async () => {
    mkdirSync(join(folder, 'lib'));
    script('lib/ld.so', 'echo $$; for word in "$@"; do echo "$word"; done');
    const child = spawn(script('program', throughLoader('ld.so', 'redis-server')), [
      '--dir',
      'a b',
      '--sentinel',
    ]);
    let said = '';
    child.stdout.on('data', (text) => {
      said += text;
    });
    await new Promise((resolve) => child.once('close', resolve));
    expect(said.trim().split('\n')).toEqual([
      String(child.pid),
      '--argv0',
      'redis-server',
      '--library-path',
      join(folder, 'lib'),
      join(folder, 'lib', 'redis-server'),
      '--dir',
      'a b',
      '--sentinel',
    ]);
  });
});

describe('librariesIn', () => {
  const list = (path) =>
    `\tlinux-vdso.so.1 (0x00007f01)\n\tlibm.so.6 => ${path} (0x00007f02)\n\t/lib64/ld.so => /x/root/ld.so (0x00007f03)\n`;

  it('are those of the packages', () => {
    expect(librariesIn(list('/x/root/usr/lib/libm.so.6'), '/x/root')).toEqual([
      '/x/root/usr/lib/libm.so.6',
      '/x/root/ld.so',
    ]);
  });

  it.each(['/usr/lib/libm.so.6', 'not found'])('are never others: %s', (path) => {
    expect(() => librariesIn(list(path), '/x/root')).toThrow(path);
  });
});

describe('versionOf', () => {
  it('is what the program says, and nothing where it does not run', () => {
    expect(versionOf(script('redis', 'echo "Redis server v=8.0.2 sha=00000000:0"'))).toBe('8.0.2');
    expect(versionOf(script('broken', 'exit 1'))).toBe('');
    expect(versionOf(join(folder, 'none'))).toBe('');
  });
});

describe('the suites on Redis 8', () => {
  it('are of the long form, are told which program to run, and do not run without it', () => {
    const named = (list) => list.filter(({ name }) => name.endsWith('Redis 8'));
    expect(named(suites('quick'))).toEqual([]);
    expect(named(suites('all')).length).toBeGreaterThan(1);
    for (const suite of named(suites('all'))) {
      expect(suite.needs).toEqual(['redis-8']);
      expect(suite.env.HOLDFAST_REDIS_SERVER).toBe(REDIS_8);
    }
  });
});
