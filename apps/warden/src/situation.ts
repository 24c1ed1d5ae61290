/** What the nodes say now, put together: who is the primary, who lags behind it, who is gone. Plain questions, no state of its own but what was seen. */
import { type InSyncRecord, isNewer, isPassedOver, NO_RECORD, primaryRank } from '@holdfast/ha-core';
import type { Role } from '@holdfast/redis';
import type { NodeSeen, NodeWatch } from './node-watch.ts';

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
  /** Who may have all that was acknowledged, by the newest record that was seen; undefined where there was none. */
  readonly heirs: () => readonly string[] | undefined;
  /** It says that it is primary, and is older than what was seen: the Sentinels went back to it, or it has come back. */
  readonly isOutdated: (watch: NodeWatch) => boolean;
  /** It says that it is primary, and its data lacks what may have been acknowledged since: whoever follows it loses that. */
  readonly lacks: (watch: NodeWatch) => boolean;
  /** A person gave up what is newer: what is there counts again. */
  readonly forget: () => void;
  /** The data has decided for this node, or a person has: the record that it has now does not pass it over. */
  readonly letLead: (name: string) => void;
  /** How long a replica has not had what its primary had already, in ms. */
  readonly lagMs: (replica: string) => number;
};

type Sample = { readonly atMs: number; readonly offset: number };

/** What all nodes say was asked one after the other: it must stay so for some rounds of questions. */
const GONE_AFTER_MS = 300;
/** Enough for some seconds of probes. */
const SAMPLES_MAX = 400;

/** Newer whatever the rounds: asked at every answer of every node, so without making anything. */
const isLater = (one: InSyncRecord, other: InSyncRecord): boolean =>
  (one.term !== other.term || one.change !== other.change) && isNewer(one, other);

/** Remembers the primary of the highest rank: an old one that comes back is not taken for it while any node may have more. */
export function createSituation(
  watches: readonly NodeWatch[],
  nowMs: () => number,
  log: (event: string, detail: Record<string, unknown>) => void,
): Situation {
  let last: string | undefined;
  /** The newest record that any node was seen to have, and since when it is known. */
  let newest: InSyncRecord = NO_RECORD;
  let newestAtMs = 0;
  let goneSinceMs: number | undefined;
  /** Promoted, and nobody has claimed it yet: above the old primary for as long as it is one. */
  let promoted: { readonly watch: NodeWatch; readonly rank: number } | undefined;
  /** Whom nothing but its own record, as it was then, would keep from being primary. It speaks for the node once it is claimed. */
  let leads: { readonly name: string; readonly record: InSyncRecord } | undefined;
  let samples: Sample[] = [];
  let sampledAtMs = 0;

  /** Looks whether any node has a newer record, and whether the newest is still there. */
  const learn = (): void => {
    let best: InSyncRecord = NO_RECORD;
    let answered = 0;
    for (const watch of watches) {
      const seen = watch.seen();
      if (seen === undefined || seen.role.is === 'other') continue;
      answered += 1;
      if (isLater(seen.record, best)) best = seen.record;
    }
    if (isLater(best, newest)) {
      newest = best;
      newestAtMs = nowMs();
    }
    const isGone = isLater(newest, best) && answered === watches.length;
    goneSinceMs = isGone ? (goneSinceMs ?? nowMs()) : undefined;
    // Every node answers, and none has it any more: waiting for it would be waiting for ever.
    if (goneSinceMs !== undefined && nowMs() - goneSinceMs > GONE_AFTER_MS) {
      log('newest_gone', { term: newest.term, change: newest.change, newest: best.term });
      newest = best;
      goneSinceMs = undefined;
    }
  };

  /** By what was known when the node was asked: an answer that is older than that proves nothing. */
  const passedOver = (name: string, { record, sentAtMs }: NodeSeen): boolean => {
    if (leads?.name === name && !isLater(record, leads.record) && !isLater(leads.record, record))
      return false;
    return isPassedOver(record, name, newestAtMs <= sentAtMs ? newest : undefined);
  };

  /** A replica has its record from a primary: one of an older term lacks what was acknowledged since. */
  const highest = (): number => {
    learn();
    if (promoted?.watch.seen()?.role.is === 'replica') promoted = undefined;
    return Math.max(newest.term, promoted?.rank ?? 0);
  };

  const present = (): Present | undefined => {
    const least = highest();
    const primaries = watches.flatMap((watch): (Present & { atMs: number })[] => {
      const seen = watch.seen();
      if (seen?.role.is !== 'primary' || watch.goneSinceMs() !== undefined) return [];
      const { role, record, atMs } = seen;
      if (passedOver(watch.name, seen)) return [];
      return [{ watch, name: watch.name, role, record, rank: primaryRank(record, watch.name), atMs }];
    });
    primaries.sort((a, b) => b.rank - a.rank || b.role.replicas.length - a.role.replicas.length);
    const [best] = primaries;
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

  const asPrimary = (watch: NodeWatch): NodeSeen | undefined => {
    const seen = watch.seen();
    return seen?.role.is === 'primary' ? seen : undefined;
  };

  return {
    present,
    last: () => last,
    rank: highest,
    newestTerm: () => Math.floor(highest()),
    heirs: () => {
      learn();
      return newest.term === 0 ? undefined : [newest.primary, ...newest.members];
    },
    isOutdated: (watch) => {
      const seen = asPrimary(watch);
      if (seen === undefined) return false;
      return primaryRank(seen.record, watch.name) < highest() || passedOver(watch.name, seen);
    },
    lacks: (watch) => {
      const seen = asPrimary(watch);
      if (seen === undefined) return false;
      const isOlder = seen.record.term < Math.floor(highest()) && seen.sentAtMs >= newestAtMs;
      return isOlder || passedOver(watch.name, seen);
    },
    forget: () => {
      newest = NO_RECORD;
      promoted = undefined;
    },
    letLead: (name) => {
      const seen = watches.find((watch) => watch.name === name)?.seen();
      leads = seen === undefined ? undefined : { name, record: seen.record };
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
