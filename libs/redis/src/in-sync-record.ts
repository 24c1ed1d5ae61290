/**
 * The in-sync record in Redis: its shape in replies, the calls that change it, and reading it on any node
 * (ARCHITECTURE section 5; the rules are in ha-core/in-sync-set).
 */
import {
  type Command,
  type InSyncRecord,
  NO_RECORD,
  RedisError,
  type RedisNode,
  type RedisReply,
} from '@holdfast/ha-core';
import { IN_SYNC_KEY } from './keys.ts';
import type { FunctionCall } from './writes.ts';

/** Counts a round and replies the record that it is acknowledged by. */
export const ROUND: FunctionCall = { name: 'hf_round', keys: [IN_SYNC_KEY], args: [] };

/** Reads the record without a write; on any node, a replica too. */
export const READ_RECORD: Command = ['HMGET', IN_SYNC_KEY, 'term', 'change', 'primary', 'members', 'writes'];

/** `endpoint` is primary and the record speaks for another: a new term, of `leastTerm` at least. */
export function claimCall(record: InSyncRecord, endpoint: string, leastTerm = 0): FunctionCall {
  return { name: 'hf_claim', keys: [IN_SYNC_KEY], args: [endpoint, String(record.term), String(leastTerm)] };
}

/** `member` joins the set of the record as it was read. */
export function includeCall(record: InSyncRecord, member: string): FunctionCall {
  return { name: 'hf_include', keys: [IN_SYNC_KEY], args: change(record, member) };
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
 * The record of a node that says it is primary; claimed for it where it speaks for another.
 * @throws NodeUnavailable from the node; RedisError when it refuses (NOREPLICAS: no replica follows it yet).
 */
export async function claimedRecord(
  node: RedisNode,
  endpoint: string,
  deadlineMs: number,
): Promise<InSyncRecord> {
  const record = await readRecordAt(node, deadlineMs);
  if (record.primary === endpoint) return record;
  const [reply] = await node.run([functionCommand(claimCall(record, endpoint))], deadlineMs);
  if (reply instanceof RedisError) throw reply;
  return parseChange(reply)?.record ?? record;
}

/** A call as the command that Redis takes. */
export function functionCommand(call: FunctionCall): Command {
  return ['FCALL', call.name, String(call.keys.length), ...call.keys, ...call.args];
}
