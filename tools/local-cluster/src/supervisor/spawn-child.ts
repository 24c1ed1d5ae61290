/**
 * Starts a node as a process of its own session: a Ctrl-C of the terminal reaches the supervisor alone, which then
 * stops the nodes in order. What it prints goes to its log file, also when the supervisor is gone.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Child, Command } from './supervisor.ts';

const LOG_BYTES_MAX = 20 * 1024 * 1024;
const LOGS_KEPT = 3;

export type SpawnOptions = { readonly folder: string; readonly logFile: string };

/** Starts the command. Throws when it cannot be started at all; a program that is missing ends at once with the reason. */
export function spawnChild(command: Command, options: SpawnOptions): Child {
  rotate(options.logFile);
  const log = openSync(options.logFile, 'a', 0o600);
  try {
    const [program, ...args] = command;
    const child = spawn(program, args, {
      cwd: options.folder,
      detached: true,
      stdio: ['ignore', log, log],
      // A process that was killed starts again in half the time when its code is compiled already.
      env: { ...process.env, NODE_COMPILE_CACHE: join(options.folder, 'compiled') },
    });
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(`could not be started: ${error.message}`));
      child.once('exit', (code, signal) =>
        resolve(signal === null ? `ended with exit code ${code}` : `ended by ${signal}`),
      );
    });
    if (child.pid === undefined) throw new Error(`${program} could not be started`);
    return { pid: child.pid, ended, signal: (signal) => void child.kill(signal) };
  } finally {
    closeSync(log);
  }
}

/** Moves a log that has grown large aside; the oldest goes. */
export function rotate(file: string, bytesMax = LOG_BYTES_MAX): void {
  if (!existsSync(file) || statSync(file).size < bytesMax) return;
  rmSync(`${file}.${LOGS_KEPT}`, { force: true });
  for (let index = LOGS_KEPT - 1; index >= 1; index -= 1) {
    if (existsSync(`${file}.${index}`)) renameSync(`${file}.${index}`, `${file}.${index + 1}`);
  }
  renameSync(file, `${file}.1`);
}
