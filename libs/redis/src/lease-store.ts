/**
 * An account's lease in Redis: holder, epoch, beat. Every change is an acknowledged write; watching is a plain read,
 * because a watcher acts on it only by a compare-and-set (I3).
 */
import type { AcknowledgedWriter, FunctionCall } from './writes.ts';
import { accountKeys } from './keys.ts';
import { type LeaseRow, LIMITS, NodeUnavailable, type RedisReply } from '@holdfast/ha-core';
import type { PrimaryConnection } from './primary-connection.ts';

export type TakeOutcome =
  | { readonly is: 'taken'; readonly epoch: string }
  | { readonly is: 'lost'; readonly row: LeaseRow }
  | { readonly is: 'failed'; readonly detail: string; readonly unknown: boolean };

export type HeldOutcome =
  | { readonly is: 'ok' }
  | { readonly is: 'stale'; readonly holder: string; readonly epoch: string }
  | { readonly is: 'failed'; readonly detail: string };

export type LeaseStore = {
  /** One compare-and-set on (holder, epoch, beat); `epoch` must be above the row's (I3). */
  readonly take: (account: string, expected: LeaseRow, epoch: string) => Promise<TakeOutcome>;
  readonly beat: (account: string, epoch: string) => Promise<HeldOutcome>;
  readonly release: (account: string, epoch: string, successor: string) => Promise<HeldOutcome>;
};

/** The leases as `engine` sees and changes them. */
export function createLeaseStore(writer: AcknowledgedWriter, engine: string): LeaseStore {
  const held = async (call: FunctionCall): Promise<HeldOutcome> => {
    const outcome = await writer.write(call);
    if (outcome.is !== 'acknowledged') return { is: 'failed', detail: outcome.detail };
    const [word, holder, epoch] = words(outcome.reply);
    if (word === 'ok') return { is: 'ok' };
    return { is: 'stale', holder: holder ?? '', epoch: epoch ?? '0' };
  };
  return {
    take: async (account, expected, epoch) => {
      const outcome = await writer.write({
        name: 'hf_take',
        keys: [accountKeys(account).lease],
        args: [engine, expected.holder, expected.epoch, expected.beat, epoch],
      });
      if (outcome.is !== 'acknowledged') {
        return { is: 'failed', detail: outcome.detail, unknown: outcome.is === 'unknown' };
      }
      const [word, first, second, third] = words(outcome.reply);
      if (word === 'ok') return { is: 'taken', epoch: first ?? epoch };
      return {
        is: 'lost',
        row: { holder: first ?? '', epoch: second ?? '0', beat: third ?? '0', successor: '' },
      };
    },
    beat: (account, epoch) =>
      held({ name: 'hf_beat', keys: [accountKeys(account).lease], args: [engine, epoch] }),
    release: (account, epoch, successor) =>
      held({ name: 'hf_release', keys: [accountKeys(account).lease], args: [engine, epoch, successor] }),
  };
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
