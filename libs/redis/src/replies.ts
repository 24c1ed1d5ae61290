/** Reads the shapes that Redis replies in: hashes as flat arrays, stream entries, our records. */
import type { NumberedRecord, RedisReply, TradeRecord } from '@holdfast/ha-core';

/** HGETALL's reply as an object; anything that is no array is an empty one. */
export function hashOf(reply: RedisReply | undefined): Record<string, string> {
  const fields: Record<string, string> = {};
  if (!Array.isArray(reply)) return fields;
  const parts: readonly RedisReply[] = reply;
  for (let i = 0; i + 1 < parts.length; i += 2) fields[String(parts[i])] = String(parts[i + 1]);
  return fields;
}

/** One entry of RTRS (`[id, [field, value, …]]`) as a numbered record; undefined for no entry. */
export function readRecord(account: string, entry: RedisReply | undefined): NumberedRecord | undefined {
  if (!Array.isArray(entry)) return undefined;
  const [id, fields] = entry as readonly RedisReply[];
  const text = hashOf(fields).record;
  if (text === undefined) return undefined;
  const record = JSON.parse(text) as TradeRecord;
  return { ...record, account, number: Number(String(id).split('-', 1)[0]) };
}
