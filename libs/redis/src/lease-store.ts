/**
 * An account's lease in Redis: holder, epoch, beat. Every change is an acknowledged write; watching is a plain read,
 * because a watcher acts on it only by a compare-and-set (I3).
 */
import {
  type LeaseRow,
  LIMITS,
  NodeUnavailable,
  type RedisReply,
  type TakeoverCause,
} from '@holdfast/ha-core';
import { accountKeys } from './keys.ts';
import type { PrimaryConnection } from './primary-connection.ts';
import type { AcknowledgedWriter, FunctionCall } from './writes.ts';

/** What people ask of the holder, as each beat tells it: ids of wishes that wait, and the pause in force ('' for none). */
export type Asked = { readonly waiting: readonly string[]; readonly pause: string };

export type TakeOutcome =
  | { readonly is: 'taken'; readonly epoch: string; readonly asked: Asked }
  | { readonly is: 'lost'; readonly row: LeaseRow }
  | { readonly is: 'failed'; readonly detail: string; readonly unknown: boolean };

export type HeldOutcome =
  | { readonly is: 'ok'; readonly asked: Asked }
  | { readonly is: 'stale'; readonly holder: string; readonly epoch: string }
  | { readonly is: 'failed'; readonly detail: string };

export type LeaseStore = {
  /** One compare-and-set on (holder, epoch, beat); `epoch` must be above the row's (I3). `cause` is for the history. */
  readonly take: (
    account: string,
    expected: LeaseRow,
    epoch: string,
    cause: TakeoverCause,
  ) => Promise<TakeOutcome>;
  readonly beat: (account: string, epoch: string) => Promise<HeldOutcome>;
  /** `why` is one word, for the history. */
  readonly release: (account: string, epoch: string, successor: string, why: string) => Promise<HeldOutcome>;
};

/** The leases as `engine` sees and changes them. */
export function createLeaseStore(writer: AcknowledgedWriter, engine: string): LeaseStore {
  const held = async (call: FunctionCall): Promise<HeldOutcome> => {
    const outcome = await writer.write(call);
    if (outcome.is !== 'acknowledged') return { is: 'failed', detail: outcome.detail };
    const [word, holder, epoch, pause] = words(outcome.reply);
    if (word === 'ok') return { is: 'ok', asked: askedOf(epoch, pause) };
    return { is: 'stale', holder: holder ?? '', epoch: epoch ?? '0' };
  };
  return {
    take: async (account, expected, epoch, cause) => {
      const { lease, leaders, wishes } = accountKeys(account);
      const outcome = await writer.write({
        name: 'hf_take',
        keys: [lease, leaders, wishes],
        args: [engine, expected.holder, expected.epoch, expected.beat, epoch, cause],
      });
      if (outcome.is !== 'acknowledged') {
        return { is: 'failed', detail: outcome.detail, unknown: outcome.is === 'unknown' };
      }
      const [word, first, second, third] = words(outcome.reply);
      if (word === 'ok') return { is: 'taken', epoch: first ?? epoch, asked: askedOf(second, third) };
      return {
        is: 'lost',
        row: { holder: first ?? '', epoch: second ?? '0', beat: third ?? '0', successor: '' },
      };
    },
    beat: (account, epoch) => {
      const { lease, wishes } = accountKeys(account);
      return held({ name: 'hf_beat', keys: [lease, wishes], args: [engine, epoch] });
    },
    release: (account, epoch, successor, why) =>
      held({
        name: 'hf_release',
        keys: [accountKeys(account).lease],
        args: [engine, epoch, successor, why],
      }),
  };
}

function askedOf(waiting: string | undefined, pause: string | undefined): Asked {
  return { waiting: (waiting ?? '').split(' ').filter((id) => id !== ''), pause: pause ?? '' };
}

/** A plain read of an account's lease, for watching it; undefined when Redis cannot be read now. */
export async function readLease(reads: PrimaryConnection, account: string): Promise<LeaseRow | undefined> {
  try {
    const { replies } = await reads.run(
      [['HMGET', accountKeys(account).lease, 'holder', 'epoch', 'beat', 'successor']],
      LIMITS.commandDeadlineMs,
    );
    const [holder, epoch, beat, successor] = words(replies[0]);
    if (holder === undefined) return undefined;
    return { holder, epoch: epoch || '0', beat: beat || '0', successor: successor ?? '' };
  } catch (error) {
    if (error instanceof NodeUnavailable) return undefined;
    throw error;
  }
}

/** A reply that is a list of strings and numbers, as strings; null becomes ''. */
export function words(reply: RedisReply | undefined): string[] {
  if (!Array.isArray(reply)) return [];
  return (reply as readonly RedisReply[]).map((part) =>
    typeof part === 'string' || typeof part === 'number' ? String(part) : '',
  );
}
