/**
 * Measures how long acknowledged writes paused: writes one after the other, each a counted round and nothing else, and
 * keeps the longest time between two acknowledgements. What a client of the cluster would see, measured as one.
 */
import { type Endpoint, type Host, type RedisNodes, sleep } from '@holdfast/ha-core';
import { createAcknowledgedWriter, ROUND } from '@holdfast/redis';

export type PauseMeter = {
  /** Resolves with the longest time between two acknowledged writes; undefined when there were not two. */
  readonly stop: () => Promise<number | undefined>;
};

const EVERY_MS = 4;
const WRITE_WITHIN_MS = 10_000;

/** Writes from now on, until stopped. Resolves once the first write is acknowledged, or after `withinMs` without one. */
export async function startPauseMeter(options: {
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly nodes: readonly Endpoint[];
  readonly withinMs: number;
}): Promise<PauseMeter> {
  const { host } = options;
  const writer = createAcknowledgedWriter({ ...options, log: () => undefined });
  let stopped = false;
  let lastMs: number | undefined;
  let longestMs: number | undefined;

  const writeOnce = async (): Promise<void> => {
    const outcome = await writer.writeUntil(ROUND, WRITE_WITHIN_MS);
    if (outcome.is !== 'acknowledged') return;
    const nowMs = host.monotonicMs();
    if (lastMs !== undefined) longestMs = Math.max(longestMs ?? 0, nowMs - lastMs);
    lastMs = nowMs;
  };
  const run = async (): Promise<void> => {
    while (!stopped) {
      await writeOnce();
      await sleep(host, EVERY_MS);
    }
  };
  const running = run();
  const endMs = host.monotonicMs() + options.withinMs;
  while (lastMs === undefined && host.monotonicMs() < endMs) await sleep(host, EVERY_MS);
  return {
    stop: async () => {
      stopped = true;
      await running;
      await writer.stop();
      return longestMs;
    },
  };
}
