/**
 * One clock for all processes of a run: CLOCK_MONOTONIC, which network and process namespaces share. Times of writers,
 * faults and log lines can so be subtracted from each other.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** CLOCK_MONOTONIC in ms. Unlike performance.now() it does not start anew with each process. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Resolves after `ms`. */
export async function pause(ms: number): Promise<void> {
  await sleep(ms);
}

export type Until = {
  readonly limitMs: number;
  readonly everyMs?: number;
};

/** Asks until there is an answer; undefined when none came within the limit. What asking throws counts as no answer. */
export async function within<T>(
  { limitMs, everyMs = 20 }: Until,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T | undefined> {
  const endMs = monotonicMs() + limitMs;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch {
      // Not yet: what is asked may be down, which is what these tests are about.
    }
    if (monotonicMs() >= endMs) return undefined;
    await pause(everyMs);
  }
}
