/**
 * What systemd is told about this process: ready, stopping, and that its loop still turns (WatchdogSec).
 *
 * Node has no datagram sockets of the Unix kind, so `systemd-notify` says it; the unit needs `Type=notify` and
 * `NotifyAccess=all`, because the message comes from a child. Without NOTIFY_SOCKET all of it does nothing.
 */
import { spawn } from 'node:child_process';
import type { Host } from '@holdfast/ha-core';
import type { Log } from './log.ts';

export type ServiceManager = {
  /** The process serves: `READY=1`. Starts the watchdog's beat when the unit asks for one. */
  readonly ready: () => void;
  /** The process is on its way out: `STOPPING=1`. Ends the beat. */
  readonly stopping: () => void;
};

export type ServiceManagerOptions = {
  readonly host: Host;
  readonly log: Log;
  /** Undefined while the loop turns; the beat stays away when it does not, and systemd starts the process again. */
  readonly alive: () => string | undefined;
  readonly environment?: NodeJS.ProcessEnv;
};

/** One notification must be out in this time. */
const NOTIFY_LIMIT_MS = 2000;

/** Speaks to the service manager that started this process, if one did. */
export function serviceManager(options: ServiceManagerOptions): ServiceManager {
  const { host, log, alive } = options;
  const environment = options.environment ?? process.env;
  if (!environment['NOTIFY_SOCKET']) return { ready: () => undefined, stopping: () => undefined };
  const everyMs = watchdogEveryMs(environment);
  let cancel: () => void = () => undefined;
  let busy = false;

  const notify = (argument: string): void => {
    busy = true;
    const child = spawn('systemd-notify', [argument], {
      env: environment,
      stdio: 'ignore',
      timeout: NOTIFY_LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    child.on('error', (error) => {
      busy = false;
      log.error({ err: error }, 'systemd-notify cannot be run: the service manager learns nothing');
    });
    child.on('exit', (code, signal) => {
      busy = false;
      if (code !== 0) log.warn({ argument, code, signal }, 'systemd-notify failed');
    });
  };

  const beat = (everyMs: number): void => {
    cancel = host.after(everyMs, () => beat(everyMs));
    const stalled = alive();
    if (stalled !== undefined) log.error({ reason: stalled }, 'no beat for the watchdog');
    else if (!busy) notify('WATCHDOG=1');
  };

  return {
    ready: () => {
      notify('READY=1');
      if (everyMs !== undefined) cancel = host.after(everyMs, () => beat(everyMs));
    },
    stopping: () => {
      cancel();
      notify('STOPPING=1');
    },
  };
}

/** A third of the limit, so that two beats may be late; undefined when the watchdog is not meant for this process. */
function watchdogEveryMs(environment: NodeJS.ProcessEnv): number | undefined {
  const limitUs = Number(environment['WATCHDOG_USEC'] ?? 0);
  const meant = environment['WATCHDOG_PID'] ?? String(process.pid);
  return Number.isFinite(limitUs) && limitUs > 0 && meant === String(process.pid)
    ? limitUs / 3000
    : undefined;
}
