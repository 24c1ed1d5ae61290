/**
 * Programs that a benchmark starts: each a process with a log file, ended by its pid. Whatever way this process ends,
 * none of them is left behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

export type Child = {
  readonly name: string;
  readonly pid: number;
  /** SIGTERM, and SIGKILL when it has not ended in time. */
  readonly end: () => Promise<void>;
  /** Holds the process still while others are measured, and lets it go on. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** SIGKILL, without a word. */
  readonly kill: () => void;
};

const END_WITHIN_MS = 10_000;

const running = new Set<ChildProcess>();

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.once(signal, () => process.exit(code));
}

/** Starts a program with its output in `<folder>/<name>.log`. Throws when it cannot be started. */
export function startChild(name: string, command: readonly [string, ...string[]], folder: string): Child {
  const log = openSync(join(folder, `${name}.log`), 'a', 0o600);
  const [program, ...args] = command;
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', log, log] });
  closeSync(log);
  return childOf(name, child);
}

/** The handle of a process that was just spawned; it is ended with this one at the latest. */
export function childOf(name: string, child: ChildProcess): Child {
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} could not be started: ${child.spawnfile}`);
  running.add(child);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      running.delete(child);
      resolve();
    });
  });
  return {
    name,
    pid,
    end: async () => {
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), END_WITHIN_MS);
      await ended;
      clearTimeout(late);
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    kill: () => void child.kill('SIGKILL'),
  };
}
