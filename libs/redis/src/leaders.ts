/**
 * The last changes of leader of an account: functions/take.lua writes a row with each change, in the same call. For people;
 * nothing is decided by it. The times are the primary's wall clock.
 */
import type { RedisReply } from '@holdfast/ha-core';
import { hashOf } from './replies.ts';

/** One change of leader. */
export type LeaderChange = {
  readonly epoch: string;
  /** Wall clock, ms since 1970. */
  readonly at: number;
  /** The engine that led before; null for the first of all. */
  readonly from: string | null;
  readonly to: string;
  /** What made the new one take: `first`, `handed_over`, `beat_stopped` or `process_dead`. */
  readonly cause: string;
  /** Why the one before left, where it did so by itself: `stopping`, `switchover` or `moved_back`. */
  readonly why: string | null;
  /** From the last beat or the release of the one before to this change; null for the first of all. */
  readonly goneMs: number | null;
};

/** Reads the reply of HGETALL, newest first; what cannot be read is left out. */
export function readLeaders(reply: RedisReply | undefined): readonly LeaderChange[] {
  return Object.entries(hashOf(reply))
    .flatMap(([field, text]) => (field === 'count' ? [] : readOne(text)))
    .sort((a, b) => (BigInt(b.epoch) > BigInt(a.epoch) ? 1 : -1));
}

function readOne(text: string): LeaderChange[] {
  const [epoch, at, from, to, cause, why, gone] = text.split(' ');
  if (epoch === undefined || !/^\d+$/.test(epoch) || at === undefined || to === undefined) return [];
  return [
    {
      epoch,
      at: Number(at),
      from: named(from),
      to,
      cause: cause ?? '-',
      why: named(why),
      goneMs: gone === undefined || gone === '-' ? null : Number(gone),
    },
  ];
}

const named = (text: string | undefined): string | null => (text === undefined || text === '-' ? null : text);
