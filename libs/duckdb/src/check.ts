/**
 * Asks in a process of its own whether a database file is whole, because a damaged file can abort the process that
 * opens it. What is asked is whole-database.ts.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CheckOutcome } from './whole-database.ts';

/** The program that checks: receives the file as its last argument and prints a CheckOutcome as JSON. */
export type CheckCommand = readonly [string, ...string[]];

export const CHECK_COMMAND: CheckCommand = [
  process.execPath,
  fileURLToPath(new URL('./check-child.ts', import.meta.url)),
];

const CHECK_DEADLINE_MS = 300_000;

/** Checks a file in a child process. Never rejects: whatever ends the child badly means `damaged`. */
export function checkDatabase(file: string, command: CheckCommand = CHECK_COMMAND): Promise<CheckOutcome> {
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const limits = { timeout: CHECK_DEADLINE_MS, killSignal: 'SIGKILL', maxBuffer: 4_194_304 } as const;
    execFile(program, [...args, file], limits, (error, stdout, stderr) => {
      if (error !== null) {
        const said = stderr.trim().split('\n').slice(-3).join(' ').slice(0, 500);
        resolve({ is: 'damaged', why: `the check ended with ${error.signal ?? error.code}: ${said}` });
        return;
      }
      try {
        resolve(JSON.parse(stdout) as CheckOutcome);
      } catch {
        resolve({ is: 'damaged', why: `the check printed no answer: ${stdout.slice(0, 200)}` });
      }
    });
  });
}
