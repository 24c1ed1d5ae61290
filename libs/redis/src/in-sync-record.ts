/**
 * The in-sync record in Redis: its shape in replies, the calls that change it, and reading it on any node
 * (ARCHITECTURE section 5; the rules are in ha-core/in-sync-set).
 */
import {
  type Command,
  type Host,
  type InSyncRecord,
  LIMITS,
  NO_RECORD,
  RedisError,
  type RedisNode,
  type RedisReply,
  sleep,
} from '@holdfast/ha-core';
import { IN_SYNC_KEY } from './keys.ts';
import { parseRole } from './role.ts';
import type { FunctionCall } from './writes.ts';

/** Counts a round and replies the record that it is acknowledged by. */
export const ROUND: FunctionCall = { name: 'hf_round', keys: [IN_SYNC_KEY], args: [] };

/** Reads the record without a write; on any node, a replica too. */
export const READ_RECORD: Command = ['HMGET', IN_SYNC_KEY, 'term', 'change', 'primary', 'members', 'writes'];

/** `endpoint` is primary and the record speaks for another: a new term, of `leastTerm` at least. */
export function claimCall(record: InSyncRecord, endpoint: string, leastTerm = 0): FunctionCall {
  return { name: 'hf_claim', keys: [IN_SYNC_KEY], args: [endpoint, String(record.term), String(leastTerm)] };
}

/** `member`, which follows `endpoint`, joins the set of the record as it was read; with the claim where that is due. */
export function joinCall(record: InSyncRecord, endpoint: string, member: string): FunctionCall {
  if (record.primary === endpoint)
    return { name: 'hf_include', keys: [IN_SYNC_KEY], args: change(record, member) };
  const claim = claimCall(record, endpoint);
  return { ...claim, args: [...claim.args, member] };
}

/** `member` leaves the set of the record as it was read; only after `mayExclude`. */
export function excludeCall(record: InSyncRecord, member: string): FunctionCall {
  return { name: 'hf_exclude', keys: [IN_SYNC_KEY], args: change(record, member) };
}

function change(record: InSyncRecord, member: string): readonly string[] {
  return [record.primary, String(record.term), String(record.change), member];
}

/** The record in the reply of `ROUND` or `READ_RECORD`; undefined for anything else, an error reply among them. */
export function parseRecord(reply: RedisReply | undefined): InSyncRecord | undefined {
  if (!Array.isArray(reply) || reply.length !== 5) return undefined;
  const [term, changes, primary, members, writes] = reply as readonly RedisReply[];
  const text = (value: RedisReply | undefined): string => (typeof value === 'string' ? value : '');
  const record = {
    term: Number(text(term)),
    change: Number(text(changes)),
    primary: text(primary),
    members: text(members)
      .split(' ')
      .filter((member) => member !== ''),
    writes: Number(text(writes)),
  };
  return [record.term, record.change, record.writes].every(Number.isInteger) ? record : undefined;
}

/** The reply of a change: whether it was made, and the record as it is now. */
export function parseChange(
  reply: RedisReply | undefined,
): { readonly made: boolean; readonly record: InSyncRecord } | undefined {
  if (!Array.isArray(reply)) return undefined;
  const [word, ...rest] = reply as readonly RedisReply[];
  const record = parseRecord(rest);
  return record === undefined ? undefined : { made: word === 'ok', record };
}

/**
 * The record on a node as it is there, acknowledged or not.
 * @throws NodeUnavailable from the node; RedisError when it refuses to be read.
 */
export async function readRecordAt(node: RedisNode, deadlineMs: number): Promise<InSyncRecord> {
  const [reply] = await node.run([READ_RECORD], deadlineMs);
  if (reply instanceof RedisError) throw reply;
  return parseRecord(reply) ?? NO_RECORD;
}

/**
 * The record of a node that says it is primary; claimed for it where it speaks for another and a member of the set follows
 * it. Without one nothing can be acknowledged there: all that a claim would do is outrank a primary that acknowledges, where
 * this node was promoted by a command that had waited. Whoever joins then claims with it (`joinCall`).
 * @throws NodeUnavailable from the node; RedisError when it refuses (NOREPLICAS: no replica follows it yet).
 */
export async function claimedRecord(
  node: RedisNode,
  endpoint: string,
  deadlineMs: number,
): Promise<InSyncRecord> {
  const [read, said] = await node.run([READ_RECORD, ['ROLE']], deadlineMs);
  if (read instanceof RedisError) throw read;
  const record = parseRecord(read) ?? NO_RECORD;
  const role = parseRole(said);
  const isFollowed =
    role.is === 'primary' && role.replicas.some((replica) => record.members.includes(replica.endpoint));
  if (record.primary === endpoint || !isFollowed) return record;
  const [reply] = await node.run([functionCommand(claimCall(record, endpoint))], deadlineMs);
  if (reply instanceof RedisError) throw reply;
  return parseChange(reply)?.record ?? record;
}

/** So long a node is waited for that no member of its set follows yet. */
const FOLLOWED_WITHIN_MS = 100;
const LOOK_AGAIN_MS = 4;

/**
 * `claimedRecord` of a node that may have been promoted this moment: its replicas follow it a little later. The record
 * speaks for another node still where they do not.
 * @throws as `claimedRecord`.
 */
export async function recordOnceFollowed(
  node: RedisNode,
  endpoint: string,
  host: Host,
): Promise<InSyncRecord> {
  const endMs = host.monotonicMs() + FOLLOWED_WITHIN_MS;
  for (;;) {
    const record = await claimedRecord(node, endpoint, LIMITS.commandDeadlineMs);
    if (record.primary === endpoint || host.monotonicMs() >= endMs) return record;
    await sleep(host, LOOK_AGAIN_MS);
  }
}

/** A call as the command that Redis takes. */
export function functionCommand(call: FunctionCall): Command {
  return ['FCALL', call.name, String(call.keys.length), ...call.keys, ...call.args];
}
