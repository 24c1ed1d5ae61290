/** Which primary this warden suspects: one that is gone, and none has followed it; or an older one that the Sentinels went back to. */
import { type Host, namedByMost, type SentinelSight } from '@holdfast/ha-core';
import type { NodeWatch } from './node-watch.ts';
import type { Situation } from './situation.ts';

export type SuspicionOptions = {
  readonly host: Pick<Host, 'monotonicMs'>;
  readonly watches: readonly NodeWatch[];
  readonly situation: Pick<Situation, 'present' | 'last'>;
  readonly sights: () => readonly SentinelSight[];
};

export type Suspicion = {
  /** The primary that another one must follow, as `host:port`; undefined while there is nothing to do. */
  readonly suspected: () => string | undefined;
  /** The last primary may have handed over: whoever has taken over should be looked for closely. */
  readonly looksForSuccessor: () => boolean;
};

/** So long a successor is looked for at most. */
const HAND_OVER_MS = 300;

/** Suspects nobody yet. */
export function createSuspicion({ host, watches, situation, sights }: SuspicionOptions): Suspicion {
  /** The last primary that answers as something else, and since when. */
  let demoted: { readonly name: string; readonly atMs: number } | undefined;

  const suspected = (): string | undefined => {
    const last = situation.last();
    if (last === undefined || situation.present() !== undefined) {
      demoted = undefined;
      return undefined;
    }
    const outdated = outdatedPrimary();
    if (outdated !== undefined) return outdated;
    const watch = watches.find(({ name }) => name === last);
    if (watch?.goneSinceMs() === undefined) return undefined;
    return mayHaveHandedOver(watch) ? undefined : last;
  };

  /**
   * The Sentinels may go back to an older primary: the one that they had promoted died before they had seen it as primary. What
   * was acknowledged by it is on a replica, which they would soon make follow the older one.
   */
  const outdatedPrimary = (): string | undefined => {
    const named = namedByMost(sights());
    const isThere = watches.some(({ name, seen }) => name === named && seen()?.role.is === 'primary');
    const known = watches.every((one) => one.seen() !== undefined || one.silentSinceMs() !== undefined);
    return isThere && known ? named : undefined;
  };

  /**
   * A primary that answers and is none any more was made one's replica: by a hand-over whose successor this warden has not
   * looked at since. A failover now would promote a second node.
   */
  const mayHaveHandedOver = (watch: NodeWatch): boolean => {
    const nowMs = host.monotonicMs();
    if (watch.seen()?.role.is !== 'replica') {
      demoted = undefined;
      return false;
    }
    if (demoted?.name !== watch.name) demoted = { name: watch.name, atMs: nowMs };
    const { atMs } = demoted;
    const looked = watches.every(
      (one) => one === watch || one.silentSinceMs() !== undefined || (one.seen()?.sentAtMs ?? 0) >= atMs,
    );
    return !looked && nowMs - atMs < HAND_OVER_MS;
  };

  return {
    suspected,
    looksForSuccessor: () => demoted !== undefined && situation.present() === undefined,
  };
}
