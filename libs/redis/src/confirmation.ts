/**
 * Acknowledged by name: waits until each member of the in-sync set has a write (I1).
 *
 * WAIT alone only counts, and a count can be made up by a replica that is not in the set. The record is read anew while
 * it waits, so that a set that shrinks meanwhile frees the write: then all of the newer set must have reached the offset
 * at which it was read, so that whoever can be promoted from then on has both.
 */
import {
  type Command,
  type Host,
  type InSyncRecord,
  neededBy,
  reachedBy,
  RedisError,
  type RedisNode,
  sleep,
} from '@holdfast/ha-core';
import { parseRecord, READ_RECORD } from './in-sync-record.ts';
import { endpointName, parseRole, type Role } from './role.ts';

/** What stood on the primary right after the write. */
export type Written = { readonly record: InSyncRecord; readonly before: Role; readonly after: Role };

export type Confirmed = {
  /** True, or why not. */
  readonly outcome: true | string;
  /** The record that it was judged by in the end. */
  readonly record: InSyncRecord;
};

/** One more WAIT: short, so that a change of the set is seen soon. */
const WAIT_MS = 20;
/** Where a member is not connected there is nobody to WAIT for. */
const ABSENT_PAUSE_MS = 4;
const BEHIND_PAUSE_MS = 2;

/** Waits for `deadlineMs` from now at most. Never rejects for what the outside does. */
export async function confirm(
  node: RedisNode,
  host: Host,
  written: Written,
  deadlineMs: number,
): Promise<Confirmed> {
  const own = endpointName(node.endpoint);
  const endMs = host.monotonicMs() + deadlineMs;
  let { record, before, after } = written;
  const failed = (outcome: string): Confirmed => ({ outcome, record });
  for (;;) {
    if (before.is !== 'primary' || after.is !== 'primary') return failed('no longer the primary');
    if (record.primary !== own) return failed(`the in-sync record speaks for ${record.primary || 'nobody'}`);
    const needed = neededBy(record, own);
    if (reachedBy(needed, before.offset, after.replicas)) return { outcome: true, record };
    if (host.monotonicMs() >= endMs) {
      return failed(
        needed.length === 0
          ? 'no replica is in the in-sync set'
          : `not every one of ${needed.join(', ')} has it after ${deadlineMs} ms`,
      );
    }
    const present = after.replicas.filter(({ endpoint }) => needed.includes(endpoint));
    const complete = present.length === needed.length && needed.length > 0;
    await sleep(host, complete ? BEHIND_PAUSE_MS : ABSENT_PAUSE_MS);
    const wait: Command[] = complete ? [['WAIT', String(needed.length), String(WAIT_MS)]] : [];
    try {
      const replies = await node.run([READ_RECORD, ['ROLE'], ...wait, ['ROLE']], WAIT_MS + deadlineMs);
      const refused = replies.find((reply) => reply instanceof RedisError);
      if (refused instanceof RedisError) return failed(refused.message);
      const now = parseRecord(replies[0]);
      if (now === undefined) return failed('the in-sync record is gone');
      // Another term on the same connection: demoted and promoted again meanwhile, perhaps without the write.
      if (now.term !== record.term) return failed('the primary changed meanwhile');
      if (now.change !== record.change) before = parseRole(replies[1]);
      record = now;
      after = parseRole(replies.at(-1));
    } catch (error) {
      return failed(error instanceof Error ? error.message : String(error));
    }
  }
}
