/** A trouble that lasts is told when it begins, when it changes, every ten seconds, and when it is over. */
import type { Host } from '@holdfast/ha-core';
import type { Log } from './log.ts';

export type Trouble = {
  readonly is: (reason: string) => void;
  readonly over: () => void;
};

const AGAIN_MS = 10_000;

/** `what` stands in each line; nothing is wrong yet. */
export function createTrouble(
  host: Pick<Host, 'monotonicMs'>,
  log: Pick<Log, 'warn' | 'info'>,
  what: string,
): Trouble {
  let standing:
    | { readonly reason: string; readonly sinceMs: number; toldMs: number; times: number }
    | undefined;
  return {
    is: (reason) => {
      const nowMs = host.monotonicMs();
      if (standing?.reason !== reason)
        standing = { reason, sinceMs: nowMs, toldMs: Number.NEGATIVE_INFINITY, times: 0 };
      standing.times += 1;
      if (nowMs - standing.toldMs < AGAIN_MS) return;
      standing.toldMs = nowMs;
      log.warn({ reason, times: standing.times, forMs: Math.round(nowMs - standing.sinceMs) }, what);
    },
    over: () => {
      if (standing === undefined) return;
      log.info(
        { times: standing.times, forMs: Math.round(host.monotonicMs() - standing.sinceMs) },
        `${what}: over`,
      );
      standing = undefined;
    },
  };
}
