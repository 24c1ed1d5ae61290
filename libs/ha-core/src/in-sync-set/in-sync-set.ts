/**
 * The in-sync set: the named replicas that an acknowledgement needs (I1).
 *
 * Invariant: a node may be promotable only if every acknowledgement since its last resync included it. So it is not
 * enough that some number of replicas has a write; each member of the set, by name, must have reached its offset.
 *
 * The set is a record on the primary. Its members are the nodes that may have a priority above 0, so that Sentinel
 * could promote them. A primary's own priority is 0 and it is no member: a primary that comes back is not promotable, and after
 * a failover the set is right as it stands. Every transition keeps the invariant:
 *
 *   claim    another node became primary: the same members, a higher term. Nothing about who may be promoted changes.
 *   include  first the record, and only when all of the new set have it, the priority of the new member.
 *   exclude  only when no Sentinel that could be elected could choose the member (exclusion.ts).
 */
export type MemberOffset = { readonly endpoint: string; readonly offset: number };

export type InSyncRecord = {
  /** Grows with every change of primary; 0 where there was never a record. */
  readonly term: number;
  /** Counts the changes within a term. */
  readonly change: number;
  /** The node that it speaks for, as `host:port`; '' where there was never a record. */
  readonly primary: string;
  /** The nodes that may be promotable, as `host:port`. */
  readonly members: readonly string[];
  /** Rounds of the acknowledged write so far: of two data sets of one history the one with more is newer. */
  readonly writes: number;
};

export const NO_RECORD: InSyncRecord = { term: 0, change: 0, primary: '', members: [], writes: 0 };

/** True when each member is listed and has reached `offset`. An empty set acknowledges nothing. */
export function reachedBy(
  members: readonly string[],
  offset: number,
  seen: readonly MemberOffset[],
): boolean {
  if (members.length === 0) return false;
  return members.every((member) =>
    seen.some((replica) => replica.endpoint === member && replica.offset >= offset),
  );
}

/**
 * Who must have a write before it is acknowledged at `primary`: the members but itself. None (an empty list) where the
 * record speaks for another node: that one's set may differ, so nothing is acknowledged before the claim.
 */
export function neededBy(record: InSyncRecord, primary: string): readonly string[] {
  return record.primary === primary ? record.members.filter((member) => member !== primary) : [];
}

/** Whether the first record is newer: a later term, then a later change, then more rounds of one history. */
export function isNewer(one: InSyncRecord, other: InSyncRecord): boolean {
  if (one.term !== other.term) return one.term > other.term;
  if (one.change !== other.change) return one.change > other.change;
  return one.writes > other.writes;
}

/**
 * Whether a member of the later record may have joined since the earlier one, again or for the first time: by any step but a
 * single one that took another out. Then it may be promotable now, whatever was known of its priority before.
 */
export function mayHaveJoined(before: InSyncRecord, after: InSyncRecord): boolean {
  if (before.term === after.term && before.change === after.change) return false;
  const isNextStep = before.term === after.term && before.change + 1 === after.change;
  const isSmaller = after.members.length < before.members.length;
  return !(isNextStep && isSmaller);
}

/**
 * How sure a node that calls itself primary is to be the present one, for choosing between two: a promoted node that
 * has not claimed yet stands above the old primary, whose record it copied, and below whoever claimed since.
 */
export function primaryRank(record: InSyncRecord, endpoint: string): number {
  return record.primary === endpoint ? record.term : record.term + 0.5;
}

/**
 * Whether a node that calls itself primary cannot be it, whatever promoted it: it has not claimed, and is no member of the
 * set in its own record; or a later record is known, of which it is neither primary nor member. (The command that
 * promotes may wait in a node that is frozen and leaves the set meanwhile; and Sentinel takes an old primary whose INFO it
 * never had for promotable.) What was acknowledged since need not be on it.
 */
export function isPassedOver(
  record: InSyncRecord,
  endpoint: string,
  known: InSyncRecord = NO_RECORD,
): boolean {
  const isOfOthers = record.term > 0 && record.primary !== endpoint && !record.members.includes(endpoint);
  const isLater = known.term > record.term || (known.term === record.term && known.change > record.change);
  return isOfOthers || (isLater && known.primary !== endpoint && !known.members.includes(endpoint));
}

/** How safe writes are now: `full`, `degraded` with one member left, `none` when nothing is acknowledged. */
export type InSyncLevel = 'full' | 'degraded' | 'none';

/** The level that `needed` replicas of a cluster with so many nodes give. */
export function inSyncLevel(needed: number, nodes: number): InSyncLevel {
  if (needed === 0) return 'none';
  return needed >= nodes - 1 ? 'full' : 'degraded';
}

/**
 * The level as it is at this moment: a member that an acknowledgement needs and that the primary does not list as
 * connected holds everything up until it is back or has left the set.
 */
export function levelNow(
  needed: readonly string[],
  connected: readonly string[],
  nodes: number,
): InSyncLevel {
  return needed.every((member) => connected.includes(member)) ? inSyncLevel(needed.length, nodes) : 'none';
}
