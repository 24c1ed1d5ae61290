/**
 * Whether the own machine has lost sight of all others for so long that they may have another primary by now. What is acknowledged
 * there is not on the own node; so that node must not be a primary any more when it is in sight again: a Sentinel that was cut off
 * with it could still make everybody follow it (I1).
 */
import type { Host, SentinelSight } from '@holdfast/ha-core';
import type { NodeWatch } from './node-watch.ts';

export type AloneOptions = {
  readonly host: Pick<Host, 'monotonicMs'>;
  readonly own: NodeWatch;
  readonly watches: readonly NodeWatch[];
  readonly sights: () => readonly SentinelSight[];
  /** The own Sentinel, by its place. */
  readonly index: number;
  /** So long all others must be silent. */
  readonly forMs: () => number;
};

/** Who looks more seldom has not run meanwhile: what it has seen before proves nothing. */
const LOOKS_EVERY_MS = 250;

/** Returns what is to be asked again and again; true from `forMs` of silence on. Where there are no others it is never true. */
export function createAlone(options: AloneOptions): () => boolean {
  const { host, own, watches } = options;
  const others = watches.filter((watch) => watch !== own);
  let sinceMs: number | undefined;
  let lookedAtMs = Number.NEGATIVE_INFINITY;

  const seesNobody = (): boolean =>
    others.length > 0 &&
    others.every((watch) => watch.silentSinceMs() !== undefined) &&
    options.sights().every(({ view }, place) => place === options.index || view.is === 'silent');

  return () => {
    const nowMs = host.monotonicMs();
    if (!seesNobody()) sinceMs = undefined;
    else if (sinceMs === undefined || nowMs - lookedAtMs > LOOKS_EVERY_MS) sinceMs = nowMs;
    lookedAtMs = nowMs;
    return sinceMs !== undefined && nowMs - sinceMs >= options.forMs();
  };
}
