/**
 * Runs a source under the runtime that the workspace pins, whatever Node started this process. Signals are handed on,
 * and this process stays until the other has ended, so that nobody is left behind.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RUNTIME = join(ROOT, 'node_modules', '.bin', 'node');

/** Resolves with the exit code. Rejects when the runtime or the script is missing. */
export function runPinned(script, args) {
  const path = resolve(ROOT, script);
  for (const [what, file] of [
    ['the pinned runtime', RUNTIME],
    ['the script', path],
  ]) {
    if (!existsSync(file)) {
      return Promise.reject(
        new Error(`${what} ${file} is missing; npm start or npm test installs the packages`),
      );
    }
  }
  const child = spawn(RUNTIME, [path, ...args], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolved, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolved(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}
