/**
 * One round on the wire: the commands that make it, and what the replies say (ARCHITECTURE section 5).
 *
 *   MULTI  call…  round  EXEC  ROLE  WAIT n t  ROLE
 *
 * MULTI, because a blocked reader would wake on the first entry and the group would come apart. `round` counts the
 * round and reads the in-sync record within the same transaction. The first ROLE names the offset that the set must
 * reach; the second says by name who has.
 *
 * Out of memory Redis takes no command into a transaction, not even one that may run: then the calls go without one, so
 * that those with allow-oom finish what is under way.
 */
import { type Command, type InSyncRecord, NO_RECORD, RedisError, type RedisReply } from '@holdfast/ha-core';
import { functionCommand, parseRecord, ROUND } from './in-sync-record.ts';
import { parseRole, type Role } from './role.ts';

/**
 * How long the WAIT of a round blocks the connection before the second ROLE tells who is there. Short, because it counts
 * the members of the round before: where one has died since, it would wait for nobody.
 */
const FIRST_WAIT_MS = 100;

export type RoundReplies = {
  readonly calls: readonly RedisReply[];
  /** The transaction was refused as a whole: `calls` says which command was at fault, none was executed. */
  readonly aborted: boolean;
  readonly record: InSyncRecord;
  readonly before: Role;
  readonly after: Role;
};

/** The commands of a round of these calls; `needed`: how many replicas its WAIT counts. */
export function roundCommands(calls: readonly Command[], needed: number, transaction: boolean): Command[] {
  const group = [...calls, functionCommand(ROUND)];
  const wait: Command = ['WAIT', String(Math.max(1, needed)), String(FIRST_WAIT_MS)];
  return [...(transaction ? transactionOf(group) : group), ['ROLE'], wait, ['ROLE']];
}

function transactionOf(group: readonly Command[]): Command[] {
  return [['MULTI'], ...group, ['EXEC']];
}

/** Reads the replies of `roundCommands` of so many calls. */
export function readRound(count: number, replies: readonly RedisReply[], transaction: boolean): RoundReplies {
  const [before, waited, after] = replies.slice(-3);
  const roles = {
    before: parseRole(before),
    after:
      waited instanceof RedisError ? ({ is: 'other', detail: waited.message } as const) : parseRole(after),
  };
  if (!transaction) {
    const record = parseRecord(replies[count]) ?? NO_RECORD;
    return { calls: replies.slice(0, count), aborted: false, record, ...roles };
  }
  const executed = replies[count + 2];
  if (Array.isArray(executed)) {
    const values = executed as readonly RedisReply[];
    const record = parseRecord(values[count]) ?? NO_RECORD;
    return { calls: values.slice(0, count), aborted: false, record, ...roles };
  }
  return { calls: replies.slice(1, count + 1), aborted: true, record: NO_RECORD, ...roles };
}

/** Whether a transaction was refused because there is no memory left. */
export function isOutOfMemory(replies: readonly RedisReply[]): boolean {
  return replies.some((reply) => reply instanceof RedisError && reply.code === 'OOM');
}
