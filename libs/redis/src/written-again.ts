/**
 * What was acknowledged in the last seconds, for the moment after a change of primary: it is written again, by the same
 * ids, and whatever was not there is counted. That should never happen, because every node that could be promoted had it;
 * the counter is an alarm.
 */
import type { RedisReply } from '@holdfast/ha-core';
import type { FunctionCall } from './writes.ts';

const REMEMBERED_MS = 5000;
const REMEMBERED_MAX = 20_000;

export type WrittenAgain = {
  /** Remembers an acknowledged call that can tell by its reply whether it was there (`knownBefore`). */
  readonly remember: (call: FunctionCall, nowMs: number) => void;
  /** The calls of the last seconds, the oldest first. */
  readonly recent: (nowMs: number) => readonly FunctionCall[];
};

/** Whether the reply of a call that is written again says that it had been lost. */
export function wasMissing(call: FunctionCall, reply: RedisReply): boolean {
  return call.knownBefore !== undefined && !call.knownBefore(reply);
}

/** An empty memory. */
export function createWrittenAgain(): WrittenAgain {
  let calls: { readonly call: FunctionCall; readonly atMs: number }[] = [];
  return {
    remember: (call, nowMs) => {
      if (call.knownBefore === undefined) return;
      calls.push({ call, atMs: nowMs });
      if (calls.length > REMEMBERED_MAX * 2) calls = calls.slice(-REMEMBERED_MAX);
      else if (calls.length > 64 && nowMs - (calls[calls.length >> 1]?.atMs ?? nowMs) > REMEMBERED_MS) {
        calls = calls.filter(({ atMs }) => nowMs - atMs <= REMEMBERED_MS);
      }
    },
    recent: (nowMs) => calls.filter(({ atMs }) => nowMs - atMs <= REMEMBERED_MS).map(({ call }) => call),
  };
}
