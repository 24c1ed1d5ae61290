/**
 * How a process ends. By SIGTERM or SIGINT: in order, within a limit. By an error that nobody handled: at once, because
 * what must never happen has happened; the service manager starts it again.
 *
 * Exit codes: 0 stopped in order · 1 could not stop in order · 128 + signal asked twice · 70 an error nobody handled.
 */
import { constants } from 'node:os';
import type { Log } from './log.ts';

export type StopSignal = 'SIGTERM' | 'SIGINT';

export const EXIT_UNHANDLED = 70;

/**
 * Runs `stop` at the first SIGTERM or SIGINT and exits 0 when it is done. Exits 1 when it fails or takes more than
 * `limitMs`, with a line that says so; a second signal exits at once. Call it once a process.
 */
export function onShutdown(log: Log, stop: (signal: StopSignal) => Promise<void>, limitMs: number): void {
  let stopping = false;
  const asked = (signal: StopSignal): void => {
    if (stopping) {
      log.warn({ signal }, 'asked to stop a second time: leaving at once');
      process.exit(128 + constants.signals[signal]);
    }
    stopping = true;
    log.info({ signal, limitMs }, 'stopping');
    setTimeout(() => {
      log.error({ signal, limitMs }, `not stopped within ${limitMs} ms: leaving with work unfinished`);
      process.exit(1);
    }, limitMs);
    void run(signal);
  };
  const run = async (signal: StopSignal): Promise<void> => {
    try {
      await stop(signal);
    } catch (error) {
      log.error({ err: error, signal }, 'stopping failed');
      process.exit(1);
    }
    log.info({ signal }, 'stopped');
    process.exit(0);
  };
  process.on('SIGTERM', asked);
  process.on('SIGINT', asked);
}

/** Ends the process with code 70 and a line at an exception or a rejected promise that nobody handled. */
export function crashOnUnhandled(log: Log): void {
  const crash = (what: string) => (error: unknown) => {
    log.error({ err: error, fatal: true }, `${what}: leaving, the state in memory cannot be trusted`);
    process.exit(EXIT_UNHANDLED);
  };
  process.on('uncaughtException', crash('an exception that nobody handled'));
  process.on('unhandledRejection', crash('a rejected promise that nobody handled'));
}
