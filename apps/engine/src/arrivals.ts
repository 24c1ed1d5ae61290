/**
 * What an engine knows of an account's signals as they arrive, active or not: when it first saw each (I7), and which
 * came while the account was being loaded, because the snapshot may be from before them.
 */
import type { Host } from '@holdfast/ha-core';
import { type AcceptedSignal, entryName } from '@holdfast/redis';

export type Arrivals = {
  readonly see: (signals: readonly AcceptedSignal[]) => void;
  /** Host monotonic time; undefined for an entry never seen, or long ago. */
  readonly firstSeenMs: (accepted: AcceptedSignal) => number | undefined;
  /** Keeps what arrives from now on; to be called once, for all that came until then: undefined when that was too much. */
  readonly keep: () => () => readonly AcceptedSignal[] | undefined;
};

/** Entries remembered; the oldest leave first. */
const ENTRIES_MAX = 20_000;

export function createArrivals(host: Host): Arrivals {
  const seen = new Map<string, number>();
  const keepers = new Set<AcceptedSignal[]>();
  return {
    see: (signals) => {
      for (const accepted of signals) {
        const name = entryName(accepted);
        if (seen.has(name)) continue;
        seen.set(name, host.monotonicMs());
        const [oldest] = seen.keys();
        if (seen.size > ENTRIES_MAX && oldest !== undefined) seen.delete(oldest);
      }
      for (const kept of keepers) if (kept.length <= ENTRIES_MAX) kept.push(...signals);
    },
    firstSeenMs: (accepted) => seen.get(entryName(accepted)),
    keep: () => {
      const kept: AcceptedSignal[] = [];
      keepers.add(kept);
      return () => {
        keepers.delete(kept);
        return kept.length > ENTRIES_MAX ? undefined : kept;
      };
    },
  };
}
