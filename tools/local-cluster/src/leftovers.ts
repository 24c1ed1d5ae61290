/**
 * Processes of an earlier run whose supervisor is gone (kill -9, a crash): recognised by pid and start, and ended
 * before anything new starts, so that no port and no data folder has two owners.
 */
import type { Host } from '@holdfast/ha-core';
import { isRunning, type ProcessIdentity, signalProcess } from './process-identity.ts';
import type { ClusterRecord } from './state/cluster-record.ts';

export type Leftover = { readonly name: string; readonly process: ProcessIdentity };

const STOP_LIMIT_MS = 8000;
const KILL_LIMIT_MS = 5000;
const POLL_MS = 50;

/** The processes of the record that still run. */
export function leftovers(record: ClusterRecord): readonly Leftover[] {
  return Object.entries(record.nodes).flatMap(([name, { process }]) =>
    process !== null && isRunning(process) ? [{ name, process }] : [],
  );
}

/** Ends them: SIGTERM, a limit, SIGKILL, each by its identity. Throws when one cannot be ended. */
export async function endLeftovers(host: Host, left: readonly Leftover[]): Promise<void> {
  for (const { process } of left) signalProcess(process, 'SIGTERM');
  await gone(host, left, STOP_LIMIT_MS);
  for (const { process } of left) signalProcess(process, 'SIGKILL');
  const still = await gone(host, left, KILL_LIMIT_MS);
  if (still.length > 0) {
    const names = still.map(({ name, process }) => `${name} (pid ${process.pid})`).join(', ');
    throw new Error(`processes of an earlier run could not be ended: ${names}`);
  }
}

async function gone(host: Host, left: readonly Leftover[], limitMs: number): Promise<readonly Leftover[]> {
  const untilMs = host.monotonicMs() + limitMs;
  for (;;) {
    const still = left.filter(({ process }) => isRunning(process));
    if (still.length === 0 || host.monotonicMs() >= untilMs) return still;
    await new Promise<void>((resolve) => void host.after(POLL_MS, resolve));
  }
}
