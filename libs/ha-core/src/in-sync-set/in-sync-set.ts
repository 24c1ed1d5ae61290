/**
 * The in-sync set: the named replicas that an acknowledgement needs (I1).
 *
 * Invariant: a node may be promotable only if every acknowledgement since its last resync included it. So it is not
 * enough that some number of replicas has a write; each member of the set, by name, must have reached its offset.
 */
export type MemberOffset = { readonly endpoint: string; readonly offset: number };

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
