/**
 * One reader of RTRS per backend for all event streams: it follows the accounts, keeps their newest records at hand
 * and wakes whoever waits. A stream that is behind reads the older ones itself, so that no queue grows per client.
 */
import type { NumberedRecord } from '@holdfast/ha-core';
import { type Following, FeedUnavailable, type InstanceState, type ResultFeed } from '@holdfast/redis';
import type { Log } from './log.ts';

export type RecordHub = {
  /** Begins to follow if it does not yet. @throws FeedUnavailable while Redis cannot be read. */
  readonly start: () => Promise<void>;
  /** The account's last number when following began, or what came since. */
  readonly lastNumber: (account: string) => number;
  /** Records after `number`, at most `limit`. @throws FeedUnavailable, RecordsBroken. */
  readonly after: (account: string, number: number, limit: number) => Promise<readonly NumberedRecord[]>;
  /** Calls `woken` after each arrival; returns the function that ends it. */
  readonly onNews: (woken: (account: string) => void) => () => void;
  readonly stop: () => Promise<void>;
};

export type RecordHubOptions = {
  readonly feed: ResultFeed;
  readonly state: Pick<InstanceState, 'account'>;
  readonly accounts: readonly string[];
  readonly log: Log;
};

/** Newest records kept per account. */
const KEPT_MAX = 1000;

export function createRecordHub(options: RecordHubOptions): RecordHub {
  const { feed, log } = options;
  const kept = new Map<string, NumberedRecord[]>();
  const last = new Map<string, number>();
  const listeners = new Set<(account: string) => void>();
  let following: Following | undefined;
  let starting: Promise<void> | undefined;
  let stopped = false;

  /** The feed hands on the record at the position again, to say that it is still the same. */
  const arrived = (account: string, records: readonly NumberedRecord[]): void => {
    const before = last.get(account) ?? 0;
    const news = records.filter((record) => record.number > before);
    const newest = news[news.length - 1];
    if (newest === undefined) return;
    const known = kept.get(account) ?? [];
    known.push(...news);
    known.splice(0, Math.max(0, known.length - KEPT_MAX));
    kept.set(account, known);
    last.set(account, newest.number);
    for (const woken of listeners) woken(account);
  };

  const begin = async (): Promise<void> => {
    const positions = new Map<string, number>();
    for (const account of options.accounts) {
      const read = await options.state.account(account, 1);
      if (read.is === 'unavailable') throw new FeedUnavailable(`${account}: ${read.detail}`);
      positions.set(account, read.value.lastNumber);
      last.set(account, read.value.lastNumber);
    }
    if (stopped) return;
    following = feed.follow(positions, {
      onRecords: (account, records) => {
        arrived(account, records);
        return Promise.resolve('taken');
      },
      onBroken: (account, broken) => {
        log.error(
          { account, code: broken.code, expected: broken.expected, found: broken.found },
          'records are broken',
        );
        kept.delete(account);
        const next = broken.code === 'missing' ? broken.found - 1 : broken.found;
        last.set(account, next);
        return Promise.resolve(next);
      },
    });
  };

  return {
    start: () => {
      if (following !== undefined) return Promise.resolve();
      starting ??= begin().finally(() => {
        starting = undefined;
      });
      return starting;
    },
    lastNumber: (account) => last.get(account) ?? 0,
    after: async (account, number, limit) => {
      const known = kept.get(account) ?? [];
      const first = known[0]?.number;
      const newest = last.get(account) ?? 0;
      if (first !== undefined && number + 1 >= first && number <= newest) {
        return known.slice(number + 1 - first, number + 1 - first + limit);
      }
      if (following !== undefined && number === newest) return [];
      return feed.after(account, number, limit);
    },
    onNews: (woken) => {
      listeners.add(woken);
      return () => listeners.delete(woken);
    },
    stop: async () => {
      stopped = true;
      await following?.stop();
    },
  };
}
