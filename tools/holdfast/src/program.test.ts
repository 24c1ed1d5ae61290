/** The command line: what is wrong is named with what was expected, and exits with 2; what fails exits with 1. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ended, runCommand as parsed } from './testing/run-command.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The command line as a process of its own. */
function holdfast(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  return new Promise((resolve) => {
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}

/** Starting a process takes its time on a machine that is busy with other tests. */
const SPAWN_LIMIT_MS = 60_000;

const SEND = ['signal', 'send', '--account', 'a', '--id', '1', '--symbol', 'EURUSD'];

describe('a wrong command line', () => {
  it.each([
    [
      ['up', '--base-port', '80'],
      ['--base-port <port>', "'80'", 'whole number from 1024 to'],
    ],
    [
      ['up', '--api-port', '99999'],
      ['--api-port <port>', "'99999'", 'to 65535'],
    ],
    [
      ['up', '--profile', 'slow'],
      ['--profile <name>', "'slow'", 'fast, seed'],
    ],
    [
      ['up', '--prices', 'none.csv'],
      ['--prices <file>', "'none.csv'", 'nothing is there'],
    ],
    [
      ['up', '--latency', '1.5'],
      ['--latency <ms>', "'1.5'", 'whole number from 0'],
    ],
    [
      ['status', '--jsn'],
      ["unknown option '--jsn'", 'Did you mean --json?'],
    ],
    [
      ['status', '--config', 'none.yaml'],
      ['--config <file>', "'none.yaml'", 'nothing is there'],
    ],
    [
      ['status', '--config', MAIN, '--state', 'there'],
      ["'--config <file>' cannot be used with option '--state <dir>'"],
    ],
    [['stauts'], ["unknown command 'stauts'", 'Did you mean status?']],
    [
      ['switchover', 'broker'],
      ["'broker'", 'engine, redis'],
    ],
    [['signal', 'send'], ['--account <account>']],
    [SEND, ['--action <action>']],
    [
      ['resolve', 's1', '--account', 'a', '--reason', 'r', '--outcome', 'lost'],
      ["'lost'", 'filled, partly_filled, rejected, placed, done'],
    ],
    [
      [...SEND, '--action', 'buy'],
      ["'buy'", 'open, close, modify, cancel'],
    ],
  ])('%j is refused with 2', async (args, parts) => {
    const { exitCode, stdout, stderr } = await parsed(...args);
    for (const part of parts) expect(stderr).toContain(part);
    expect([exitCode, stdout]).toEqual([2, '']);
  });
});

describe('a command that cannot be done', () => {
  it.each([
    ['status'],
    ['down'],
    ['doctor'],
    ['history', '--account', 'a'],
    ['leaders'],
    ['pause'],
    ['resume', '--account', 'a'],
    ['switchover', 'engine', '--account', 'a', '--to', 'b'],
    ['switchover', 'redis'],
    ['redis', 'recover'],
    ['drill', 'list'],
    ['drill', 'engine-killed', '--account', 'a'],
  ])('%s without a state exits with 1 and the path', async (...args) => {
    const state = join(folder, 'none');
    const { exitCode, stderr } = await parsed(...args, '--state', state);
    expect(stderr).toContain(`${state}: holds no cluster`);
    expect(exitCode).toBe(1);
  });

  it('names a damaged file', { timeout: SPAWN_LIMIT_MS }, async () => {
    const file = join(folder, 'holdfast.yaml');
    writeFileSync(file, 'cluster: [');
    const { exitCode, stderr } = await holdfast('up', '--state', folder);
    expect(stderr).toContain(`${file} cannot be used`);
    expect(exitCode).toBe(1);
  });
});

describe('help', () => {
  it('exits with 0', async () => {
    const { exitCode, stdout } = await parsed('--help');
    expect(stdout).toContain('switchover');
    expect(exitCode).toBe(0);
  });
});
