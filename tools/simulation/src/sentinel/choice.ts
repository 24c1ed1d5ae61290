/**
 * Which replica a leading Sentinel promotes, by its own view, which may be old: its role is not asked, its priority and
 * its offset are those of the last INFO, and offsets are compared without their history.
 */
import type { Instance } from './instance.ts';
import type { SentinelState } from './state.ts';

/** Those that this Sentinel could promote now. */
export function choosable(state: SentinelState, nowMs: number): Instance[] {
  const { primary, periods, file } = state;
  const down = primary.downSinceMs > 0;
  const infoLimitMs = down ? periods.pingMs * 5 : periods.infoMs * 3;
  const linkLimitMs = (down ? nowMs - primary.downSinceMs : 0) + file.downAfterMs * 10;
  return [...state.replicas.values()].filter(({ link, downSinceMs, priority, infoAtMs, linkDownMs }) => {
    if (downSinceMs > 0 || link.disconnected || nowMs - link.availableMs > periods.pingMs * 5) return false;
    if (priority === 0 || nowMs - infoAtMs > infoLimitMs) return false;
    return linkDownMs <= linkLimitMs;
  });
}

/** The one that it promotes; undefined when none will do. */
export function choose(state: SentinelState, nowMs: number): Instance | undefined {
  return firstOf(choosable(state, nowMs));
}

/** The first in the order of choice: lowest priority number, then offset, then run id. */
export function firstOf(candidates: readonly Instance[]): Instance | undefined {
  return candidates.toSorted(
    (a, b) => a.priority - b.priority || b.offset - a.offset || (a.runId < b.runId ? -1 : 1),
  )[0];
}
