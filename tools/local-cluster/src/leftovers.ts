/**
 * Processes of an earlier run whose supervisor is gone (kill -9, a crash): recognised by pid and start, and ended
 * before anything new starts, so that no port and no data folder has two owners.
 */
import { type Host, sleep } from '@holdfast/ha-core';
import type { ClusterNode } from '@holdfast/topology';
import { isRunning, type ProcessIdentity, signalProcess } from './process-identity.ts';
import type { ClusterRecord } from './state/cluster-record.ts';
import { stopWave, stopWithinMs } from './stop-order.ts';

export type Leftover = {
  readonly name: string;
  readonly process: ProcessIdentity;
  readonly wave: number;
  readonly withinMs: number;
};

const KILL_LIMIT_MS = 5000;
const POLL_MS = 50;

/** The processes of the record that still run. A node that the configuration no longer has goes first. */
export function leftovers(
  record: ClusterRecord,
  nodes: readonly Pick<ClusterNode, 'name' | 'kind'>[],
): readonly Leftover[] {
  const kinds = new Map(nodes.map(({ name, kind }) => [name, kind]));
  return Object.entries(record.nodes).flatMap(([name, { process }]) => {
    if (process === null || !isRunning(process)) return [];
    const kind = kinds.get(name) ?? 'backend';
    const wave = stopWave(kind, name === record.lastPrimary);
    return [{ name, process, wave, withinMs: stopWithinMs(kind) }];
  });
}

/** Ends them wave by wave: SIGTERM, a limit, SIGKILL, each by its identity. Throws when one cannot be ended. */
export async function endLeftovers(host: Host, left: readonly Leftover[]): Promise<void> {
  for (const wave of [...new Set(left.map((one) => one.wave))].sort((a, b) => a - b)) {
    const ones = left.filter((one) => one.wave === wave);
    for (const { process } of ones) signalProcess(process, 'SIGTERM');
    await gone(host, ones, Math.max(...ones.map(({ withinMs }) => withinMs)));
    for (const { process } of ones) signalProcess(process, 'SIGKILL');
    const still = await gone(host, ones, KILL_LIMIT_MS);
    if (still.length > 0) {
      throw new Error(`processes of an earlier run could not be ended: ${leftoverNames(still)}`);
    }
  }
}

/** For messages: `redis-1 (pid 17), …`. */
export function leftoverNames(left: readonly Leftover[]): string {
  return left.map(({ name, process }) => `${name} (pid ${process.pid})`).join(', ');
}

async function gone(host: Host, left: readonly Leftover[], limitMs: number): Promise<readonly Leftover[]> {
  const untilMs = host.monotonicMs() + limitMs;
  for (;;) {
    const still = left.filter(({ process }) => isRunning(process));
    if (still.length === 0 || host.monotonicMs() >= untilMs) return still;
    await sleep(host, POLL_MS);
  }
}
