/** A change of the in-sync set as an acknowledged write: made on the primary, and waited for by all of the new set (I1). */
import { type Command, type Host, type InSyncRecord, NO_RECORD, type RedisNode } from '@holdfast/ha-core';
import { confirm } from './confirmation.ts';
import { functionCommand, parseChange } from './in-sync-record.ts';
import { parseRole } from './role.ts';
import type { FunctionCall } from './writes.ts';

/**
 * `made`: all of the new set have it. `lost`: the record was another by now; read it and decide anew. `unknown`: it may
 * stand on the primary, but not all of the new set are known to have it.
 */
export type ChangeOutcome =
  | { readonly is: 'made'; readonly record: InSyncRecord }
  | { readonly is: 'lost'; readonly record: InSyncRecord }
  | { readonly is: 'unknown'; readonly detail: string };

const FIRST_WAIT_MS = 20;

/** Makes the change at `node`, which is the primary that the record speaks for. Never rejects for what the outside does. */
export async function changeInSyncSet(
  node: RedisNode,
  host: Host,
  call: FunctionCall,
  deadlineMs: number,
): Promise<ChangeOutcome> {
  const wait: Command = ['WAIT', '2', String(FIRST_WAIT_MS)];
  try {
    const commands: Command[] = [functionCommand(call), ['ROLE'], wait, ['ROLE']];
    const [reply, before, , after] = await node.run(commands, deadlineMs + FIRST_WAIT_MS);
    const change = parseChange(reply);
    if (change === undefined) return { is: 'unknown', detail: String(reply) };
    if (!change.made) return { is: 'lost', record: change.record };
    const written = { record: change.record, before: parseRole(before), after: parseRole(after) };
    const { outcome, record } = await confirm(node, host, written, deadlineMs);
    return outcome === true ? { is: 'made', record } : { is: 'unknown', detail: outcome };
  } catch (error) {
    return { is: 'unknown', detail: error instanceof Error ? error.message : String(error) };
  }
}

/** Whether two records are the same but for the rounds that were counted since. */
export function sameSet(one: InSyncRecord = NO_RECORD, other: InSyncRecord = NO_RECORD): boolean {
  return one.term === other.term && one.change === other.change;
}
