/** The end of a joining of the in-sync set, once the priority of the node has gone up (I1). */
import { type InSyncRecord, LIMITS, NodeUnavailable, type RedisNode } from '@holdfast/ha-core';
import { functionCommand, joinCall, parseChange } from '@holdfast/redis';

/** Others may change the record at the same moment, each once. */
const TRIES = 4;

/**
 * `member` joins once more, at the primary `node` that the record `joined` speaks for, by a change of it: who still knows the
 * priority from before it went up can exclude nobody by a record from before, and by a later one what a Sentinel was told until
 * then does not count. False when it was excluded meanwhile, and when that is not known: then it must not stay promotable.
 */
export async function joinOnceMore(
  node: RedisNode,
  member: string,
  joined: InSyncRecord,
  log: (event: string, detail: Record<string, unknown>) => void,
): Promise<boolean> {
  let record = joined;
  try {
    for (let tries = 0; tries < TRIES; tries += 1) {
      if (record.primary !== joined.primary || !record.members.includes(member)) return false;
      const call = functionCommand(joinCall(record, joined.primary, member));
      const [reply] = await node.run([call], LIMITS.commandDeadlineMs);
      const change = parseChange(reply);
      if (change === undefined || change.made) return change?.made === true;
      record = change.record;
    }
  } catch (error) {
    if (!(error instanceof NodeUnavailable)) throw error;
    log('join_unconfirmed', { node: member, reason: error.message });
  }
  return false;
}
