/** What the nodes say now, put together: who is the primary, who lags behind it, who is gone. Plain questions, no state of its own but what was seen. */
import { type InSyncRecord, isPassedOver, primaryRank } from '@holdfast/ha-core';
import type { Role } from '@holdfast/redis';
import type { NodeWatch } from './node-watch.ts';

export type Present = {
  readonly watch: NodeWatch;
  readonly name: string;
  readonly role: Role & { readonly is: 'primary' };
  readonly record: InSyncRecord;
  readonly rank: number;
};

export type Situation = {
  /** The node that is the primary now; undefined while none is, or only one that is older than the last. */
  readonly present: () => Present | undefined;
  /** The one that was, whether or not it is still. */
  readonly last: () => string | undefined;
  /** The rank of the newest primary ever seen, itself or by the record on a replica. */
  readonly rank: () => number;
  /** The newest term whose data was ever seen: who has less lacks what was acknowledged since. */
  readonly newestTerm: () => number;
  /** It says that it is primary, and is older than what was seen: the Sentinels went back to it, or it has come back. */
  readonly isOutdated: (watch: NodeWatch) => boolean;
  /** It says that it is primary, and its data lacks what may have been acknowledged since: whoever follows it loses that. */
  readonly lacks: (watch: NodeWatch) => boolean;
  /** A person gave up what is newer: what is there counts again. */
  readonly forget: () => void;
  /** How long a replica has not had what its primary had already, in ms. */
  readonly lagMs: (replica: string) => number;
};

type Sample = { readonly atMs: number; readonly offset: number };

/** Enough for some seconds of probes. */
const SAMPLES_MAX = 400;

/** Remembers the primary of the highest rank: an old one that comes back is not taken for it while any node may have more. */
export function createSituation(
  watches: readonly NodeWatch[],
  nowMs: () => number,
  log: (event: string, detail: Record<string, unknown>) => void,
): Situation {
  let last: string | undefined;
  let newestTerm = 0;
  /** Promoted, and nobody has claimed it yet: above the old primary for as long as it is one. */
  let promoted: { readonly watch: NodeWatch; readonly rank: number } | undefined;
  let samples: Sample[] = [];
  let sampledAtMs = 0;

  const passedOver = (name: string, record: InSyncRecord): boolean =>
    watches.some((other) => isPassedOver(record, name, other.seen()?.record ?? record));

  /** A replica has its record from a primary: one of an older term lacks what was acknowledged since. */
  const highest = (): number => {
    const records = watches.flatMap((watch) => {
      const seen = watch.seen();
      return seen === undefined || seen.role.is === 'other' ? [] : [seen.record];
    });
    const term = Math.max(0, ...records.map((record) => record.term));
    // Every node answers, and none has it any more: waiting for it would be waiting for ever.
    if (term < newestTerm && records.length === watches.length) {
      log('term_gone', { term: newestTerm, newest: term });
      newestTerm = term;
    }
    newestTerm = Math.max(newestTerm, term);
    if (promoted?.watch.seen()?.role.is === 'replica') promoted = undefined;
    return Math.max(newestTerm, promoted?.rank ?? 0);
  };

  const present = (): Present | undefined => {
    const primaries = watches.flatMap((watch): (Present & { atMs: number })[] => {
      const seen = watch.seen();
      if (seen?.role.is !== 'primary' || watch.goneSinceMs() !== undefined) return [];
      const { role, record, atMs } = seen;
      if (passedOver(watch.name, record)) return [];
      return [{ watch, name: watch.name, role, record, rank: primaryRank(record, watch.name), atMs }];
    });
    primaries.sort((a, b) => b.rank - a.rank || b.role.replicas.length - a.role.replicas.length);
    const [best] = primaries;
    const least = highest();
    if (best === undefined || best.rank < least) return undefined;
    if (best.rank > least) promoted = { watch: best.watch, rank: best.rank };
    if (last !== best.name) samples = [];
    last = best.name;
    if (best.atMs > sampledAtMs) {
      sampledAtMs = best.atMs;
      samples.push({ atMs: best.atMs, offset: best.role.offset });
      if (samples.length > SAMPLES_MAX * 2) samples = samples.slice(-SAMPLES_MAX);
    }
    return best;
  };

  /** The record of a node that says that it is primary. */
  const asPrimary = (watch: NodeWatch): InSyncRecord | undefined => {
    const seen = watch.seen();
    return seen?.role.is === 'primary' ? seen.record : undefined;
  };

  return {
    present,
    last: () => last,
    rank: highest,
    newestTerm: () => Math.floor(highest()),
    isOutdated: (watch) => {
      const record = asPrimary(watch);
      if (record === undefined) return false;
      return primaryRank(record, watch.name) < highest() || passedOver(watch.name, record);
    },
    lacks: (watch) => {
      const record = asPrimary(watch);
      if (record === undefined) return false;
      return record.term < Math.floor(highest()) || passedOver(watch.name, record);
    },
    forget: () => {
      newestTerm = 0;
      promoted = undefined;
    },
    lagMs: (replica) => {
      const best = present();
      const reached = best?.role.replicas.find(({ endpoint }) => endpoint === replica)?.offset;
      if (best === undefined || reached === undefined) return 0;
      const ahead = samples.find(({ offset }) => offset > reached);
      return ahead === undefined ? 0 : nowMs() - ahead.atMs;
    },
  };
}
