/** Time for a drill: one monotonic clock in ms, a pause, and waiting for a condition with a limit. */
import { setTimeout as sleep } from 'node:timers/promises';

/** CLOCK_MONOTONIC in ms, which all processes of a machine share. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Resolves after `ms`. */
export async function pause(ms: number): Promise<void> {
  await sleep(ms);
}

export type Until = { readonly limitMs: number; readonly everyMs?: number };

/** Asks until there is an answer; undefined when none came within the limit. What asking throws is no answer. */
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
      // What is asked may be down: that is what a drill is about.
    }
    if (monotonicMs() >= endMs) return undefined;
    await pause(everyMs);
  }
}

/** Waits until `missing` has nothing to say. Resolves with what was missing last when that took too long. */
export async function untilNothingMissing(
  { limitMs, everyMs = 50 }: Until,
  missing: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const endMs = monotonicMs() + limitMs;
  for (;;) {
    const why = await missing();
    if (why === undefined || monotonicMs() >= endMs) return why;
    await pause(everyMs);
  }
}
