/**
 * What should not be, said in the log when it begins and when it ends: two primaries, a Sentinel that names a node that
 * does not exist, Sentinels that disagree or are too few, a node that refuses the password.
 */
import type { SentinelSight } from '@holdfast/ha-core';
import type { NodeWatch } from './node-watch.ts';

export type ComplaintsOptions = {
  readonly watches: readonly NodeWatch[];
  readonly sights: () => readonly SentinelSight[];
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

/** A complaint that stands for so many looks is told; a passing one, as in a failover, is not. */
const LOOKS = 3;

/** Nothing is complained of yet. */
export function createComplaints(options: ComplaintsOptions): { readonly look: () => void } {
  const standing = new Map<string, number>();
  return {
    look: () => {
      const now = new Set([...ofNodes(options.watches), ...ofSentinels(options.watches, options.sights())]);
      for (const [complaint, looks] of standing) {
        if (now.has(complaint)) continue;
        standing.delete(complaint);
        if (looks >= LOOKS) options.log('complaint_ended', { complaint });
      }
      for (const complaint of now) {
        const looks = (standing.get(complaint) ?? 0) + 1;
        standing.set(complaint, looks);
        if (looks === LOOKS) options.log('complaint', { complaint });
      }
    },
  };
}

function ofNodes(watches: readonly NodeWatch[]): string[] {
  const primaries = watches.filter((watch) => watch.seen()?.role.is === 'primary').map(({ name }) => name);
  const refusing = watches.flatMap((watch) => {
    const role = watch.seen()?.role;
    return role?.is === 'other' ? [`${watch.name} answers ${role.detail}`] : [];
  });
  const two = primaries.length > 1 ? [`${primaries.join(' and ')} both say that they are primary`] : [];
  return [...two, ...refusing];
}

function ofSentinels(watches: readonly NodeWatch[], sights: readonly SentinelSight[]): string[] {
  const nodes = new Set(watches.map(({ name }) => name));
  const seen = sights.flatMap(({ sentinel, view }) => (view.is === 'seen' ? [{ sentinel, view }] : []));
  const strangers = seen
    .filter(({ view }) => !nodes.has(view.primary))
    .map(
      ({ sentinel, view }) =>
        `Sentinel ${sentinel} names ${view.primary}, which is no node of the configuration`,
    );
  const named = [...new Set(seen.map(({ view }) => view.primary))].sort();
  const disagree = named.length > 1 ? [`the Sentinels do not agree: they name ${named.join(' and ')}`] : [];
  const few =
    sights.length > 0 && seen.length * 2 <= sights.length
      ? [`${seen.length} of ${sights.length} Sentinels answer: no majority, so nothing can be promoted`]
      : [];
  return [...strangers, ...disagree, ...few];
}
