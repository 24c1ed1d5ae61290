/**
 * Agreement of wardens before a failover is asked for: SENTINEL FAILOVER passes over Sentinel's own quorum, and two of
 * them at once promote two nodes. So a warden asks for it only with the votes of a majority of all wardens, and a vote
 * is given to one candidate at a time, by whoever sees the same primary gone himself.
 *
 * A vote lasts so long that the failover is over or has failed; then another may try.
 */
export type Vote = { readonly candidate: string; readonly primary: string; readonly atMs: number };

export type VoteRequest = { readonly candidate: string; readonly primary: string };

/** Whether `request` gets the vote now. `suspected`: the primary that this warden sees gone, if any. */
export function mayVote(
  request: VoteRequest,
  suspected: string | undefined,
  given: Vote | undefined,
  nowMs: number,
  lastsMs: number,
): boolean {
  if (suspected !== request.primary) return false;
  return given === undefined || given.candidate === request.candidate || nowMs - given.atMs >= lastsMs;
}

/** How many votes of so many wardens are needed: more than half, and never less than two. */
export function votesNeeded(wardens: number): number {
  return Math.max(2, Math.floor(wardens / 2) + 1);
}
