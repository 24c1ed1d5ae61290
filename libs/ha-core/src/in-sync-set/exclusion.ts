/**
 * When may a member leave the in-sync set? Only when no Sentinel that could be elected could choose it (I1): a leader
 * chooses by its own view of the replicas, not by what the majority sees. So every Sentinel counts:
 *
 * - One that answers must name this primary, have no failover under way, and see the member as down, disconnected or
 *   at priority 0, each of which its choice passes over. A priority counts from an INFO since the member joined last: it is
 *   promotable since then, and who leaves by what was known before would be so as no member.
 * - One that does not answer may be cut off from us and not from the others. It cannot be elected when the Sentinels
 *   that answer are a majority and all of them see it as down: it would need the vote of one of them. When it is back it
 *   may take the member for promotable for a moment longer; so the member must have been out of sight for long enough for its
 *   own warden to have given that up, and for the Sentinel beside it to know that (`LIMITS.loweredAloneMs`).
 */
import { LIMITS } from '../constants.ts';

export type SentinelSight = {
  /** The Sentinel, as `host:port`. */
  readonly sentinel: string;
  readonly view:
    | { readonly is: 'silent' }
    | {
        readonly is: 'seen';
        /** Whom it names as primary. */
        readonly primary: string;
        /** Grows with each failover that it knows of. */
        readonly configEpoch: number;
        readonly primaryDown: boolean;
        readonly failoverUnderWay: boolean;
        /** It answers and acts on nothing that it sees, for half a minute after a jump of its clock (TILT). */
        readonly pauses: boolean;
        readonly replicas: readonly ReplicaSight[];
        /** Other Sentinels that it sees as down or disconnected. */
        readonly sentinelsDown: readonly string[];
      };
};

/** A replica in the eyes of one Sentinel. */
export type ReplicaSight = {
  readonly endpoint: string;
  readonly down: boolean;
  readonly disconnected: boolean;
  readonly priority: number;
  /**
   * Its link to the primary is down for longer than this Sentinel's choice allows. Not for good: the link may come back,
   * so it says nothing about who may leave the set.
   */
  readonly linkDownTooLong?: boolean;
  /** When this Sentinel had its last INFO, at the earliest and by the clock of who looks; undefined where it had none. */
  readonly infoAtMs?: number;
};

export type Exclusion = { readonly is: 'safe' } | { readonly is: 'unsafe'; readonly why: string };

/** Whom most of all Sentinels name as primary; undefined where no majority names the same. */
export function namedByMost(sights: readonly SentinelSight[]): string | undefined {
  const names = sights.flatMap(({ view }) => (view.is === 'seen' ? [view.primary] : []));
  return names.find((name) => names.filter((other) => other === name).length * 2 > sights.length);
}

/** Whether a Sentinel could choose this replica if it had to choose now. */
export function couldChoose(replica: ReplicaSight): boolean {
  return !replica.down && !replica.disconnected && replica.priority !== 0;
}

const isByPriority = (replica: ReplicaSight): boolean => !replica.down && !replica.disconnected;
const isSince = ({ infoAtMs }: ReplicaSight, ms: number): boolean => infoAtMs !== undefined && infoAtMs > ms;

/**
 * Whether a Sentinel that sees these replicas would find one to promote. Without a primary no link comes back: who is passed over
 * for that stays so.
 */
export function couldPromote(replicas: readonly ReplicaSight[]): boolean {
  return replicas.some((one) => couldChoose(one) && one.linkDownTooLong !== true);
}

/** What is known of a member, beside what the Sentinels see. */
export type MemberFacts = {
  /** For how long it has not answered or been in the way. */
  readonly forMs: number;
  /** Its warden was gone before it was: nobody there takes back that it may be promoted. */
  readonly unguarded: boolean;
  /** It has not joined since, by the clock of who looks: a Sentinel whose INFO is from before knows an older priority. */
  readonly joinedBeforeMs: number;
};

/**
 * Whether `member` may leave the set of `primary` (I1). `sights`: one for each Sentinel of the configuration. By time alone, where
 * a Sentinel does not answer, only who had a warden that makes it not promotable within that time.
 */
export function mayExclude(
  member: string,
  primary: string,
  sights: readonly SentinelSight[],
  { forMs, unguarded, joinedBeforeMs }: MemberFacts,
): Exclusion {
  const seen = sights.flatMap(({ sentinel, view }) => (view.is === 'seen' ? [{ sentinel, view }] : []));
  if (seen.length * 2 <= sights.length) {
    return { is: 'unsafe', why: `only ${seen.length} of ${sights.length} Sentinels answer` };
  }
  for (const { sentinel, view } of seen) {
    if (view.primary !== primary) return { is: 'unsafe', why: `${sentinel} names ${view.primary}` };
    if (view.failoverUnderWay) return { is: 'unsafe', why: `${sentinel} has a failover under way` };
    const replica = view.replicas.find(({ endpoint }) => endpoint === member);
    if (replica !== undefined && couldChoose(replica)) {
      return { is: 'unsafe', why: `${sentinel} could choose ${member}` };
    }
    if (replica !== undefined && isByPriority(replica) && !isSince(replica, joinedBeforeMs)) {
      return {
        is: 'unsafe',
        why: `${sentinel} has not asked ${member} for its priority since it may have joined`,
      };
    }
  }
  const silent = sights.filter(({ view }) => view.is === 'silent').map(({ sentinel }) => sentinel);
  const electable = silent.find((one) => seen.some(({ view }) => !view.sentinelsDown.includes(one)));
  if (electable !== undefined) {
    return { is: 'unsafe', why: `${electable} does not answer here, and could still be elected` };
  }
  const [first] = silent;
  if (first !== undefined && unguarded) {
    return {
      is: 'unsafe',
      why: `${first} does not answer, and the warden of ${member} was gone before: it may be promotable there for as long`,
    };
  }
  if (first !== undefined && forMs < LIMITS.loweredAloneMs) {
    return {
      is: 'unsafe',
      why: `${first} does not answer, and may take ${member} for promotable if it does`,
    };
  }
  return { is: 'safe' };
}
