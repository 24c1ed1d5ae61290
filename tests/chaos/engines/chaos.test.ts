/**
 * The quick form of the suite: its command for so many minutes, over all faults. What is lost, doubled or hangs fails;
 * times are printed. Its length:
 *   CHAOS_ENGINES_MINUTES  2 by default      CHAOS_ENGINES_SEED  1 by default
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const MINUTES = Number(process.env['CHAOS_ENGINES_MINUTES'] ?? 2);
const SEED = process.env['CHAOS_ENGINES_SEED'] ?? '1';
/** Building the system, and the last run. */
const BEYOND_MS = 120_000;

it(
  'loses and doubles nothing, and does not hang',
  async () => {
    const child = spawn(process.execPath, [MAIN, '--seed', SEED, '--minutes', String(MINUTES)], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGTERM'));
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    expect(code).toBe(0);
  },
  MINUTES * 60_000 + BEYOND_MS,
);
