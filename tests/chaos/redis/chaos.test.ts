/**
 * The quick form of the suite: its command, for so many minutes, over all faults. Anything lost, doubled or hanging
 * fails; an outage only when it passes the aim by far (report/limits.ts). Its length:
 *   CHAOS_REDIS_MINUTES  10 by default       CHAOS_REDIS_RUNS  instead of minutes
 *   CHAOS_REDIS_SEED     1 by default        CHAOS_REDIS_FAULTS  all by default
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const MINUTES = Number(process.env['CHAOS_REDIS_MINUTES'] ?? 10);
const RUNS = process.env['CHAOS_REDIS_RUNS'];
const SEED = process.env['CHAOS_REDIS_SEED'] ?? '1';
const FAULTS = process.env['CHAOS_REDIS_FAULTS'];
/** The last run, and building the hosts anew where one could not be made whole. */
const BEYOND_MS = 240_000;
const RUN_MS = 60_000;
const LIMIT_MS = (RUNS === undefined ? MINUTES * 60_000 : Number(RUNS) * RUN_MS) + BEYOND_MS;

it(
  'loses and doubles nothing, and does not hang',
  async () => {
    const length = RUNS === undefined ? ['--minutes', String(MINUTES)] : ['--runs', RUNS];
    const faults = FAULTS === undefined ? [] : ['--faults', FAULTS];
    const child = spawn(
      process.execPath,
      [MAIN, '--seed', SEED, '--stock-every', '8', ...length, ...faults],
      {
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    );
    onTestFinished(() => void child.kill('SIGTERM'));
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    expect(code).toBe(0);
  },
  LIMIT_MS,
);
