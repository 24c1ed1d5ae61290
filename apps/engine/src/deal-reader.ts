/**
 * Reads the broker's deals as far as they were not read yet. All times are the broker's own: its clock may lie hours apart from
 * ours, is set back for an hour in autumn, and what became visible late must not be passed over.
 */
import type { BridgeSession } from '@holdfast/bridge';
import type { Deal, Host } from '@holdfast/ha-core';
import type { AccountSnapshot, TradeJournal } from '@holdfast/redis';

export type DealReaderOptions = {
  readonly host: Host;
  readonly journal: Pick<TradeJournal, 'record'>;
  readonly snapshot: Pick<AccountSnapshot, 'dealsUntil'>;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type DealReader = {
  /**
   * Where the records of an account that was never read begin: at the broker's present time, which stands in Redis before
   * anything is sent, so that a later leader misses nothing of it. Does nothing for an account that has begun.
   * @throws SessionLost, or an Error when Redis does not take it.
   */
  readonly begin: (session: BridgeSession) => Promise<void>;
  /**
   * Deals since the newest that were recorded, and some from before. `soon`: only those of the last moment.
   * @throws SessionLost.
   */
  readonly newest: (session: BridgeSession, how: 'whole' | 'soon') => Promise<readonly Deal[]>;
  /**
   * Deals of the last days that the broker took back; none where that was asked a moment ago. Nothing tells of them when it
   * happens but a hint, which may be lost, and they keep their time.
   * @throws SessionLost.
   */
  readonly takenBack: (session: BridgeSession) => Promise<readonly Deal[]>;
  /** Up to where everything is recorded once these are; undefined before the account has begun. */
  readonly reached: (deals: readonly Deal[]) => number | undefined;
  /** Up to where everything is recorded, as Redis has it. */
  readonly until: () => number | undefined;
  /**
   * A result named a deal of this time of the broker. Where it lies before what was read, because the clock was set back and
   * forward again between two readings, the next ones go back to it. Not kept in Redis.
   */
  readonly named: (at: number) => void;
  /** What was read until then stands in Redis. */
  readonly wrote: (until: number | undefined) => void;
};

const LIST_DEADLINE_MS = 2000;
/** Deals may become visible late: a whole reading looks back this far behind the newest deal that was seen. */
const OVERLAP_MS = { whole: 15_000, soon: 1000 } as const;
/** Where the broker's clock was set back (summer time), so much of the time before is read again. */
const SET_BACK_MS = 3_600_000 + OVERLAP_MS.whole;
const TAKEN_BACK_SINCE_MS = 72 * 3_600_000;
const TAKEN_BACK_EVERY_MS = 60_000;

/** Begins where the snapshot says. */
export function createDealReader(options: DealReaderOptions): DealReader {
  const { host } = options;
  let until = options.snapshot.dealsUntil;
  let brokerMs = Number.POSITIVE_INFINITY;
  let takenBackDueMs = Number.NEGATIVE_INFINITY;
  let before: { readonly at: number; readonly wasRead: boolean } | undefined;

  const since = (session: BridgeSession, sinceMs: number): ReturnType<typeof session.list<'deals'>> =>
    session.list('deals', {
      deadlineMs: LIST_DEADLINE_MS,
      since: Math.max(0, Math.min(sinceMs, before?.at ?? sinceMs)),
    });

  return {
    begin: async (session) => {
      if (until !== undefined) return;
      const { time } = await session.list('orders', { deadlineMs: LIST_DEADLINE_MS });
      const value = time ?? host.wallMs();
      const written = await options.journal.record([], [{ in: 'account', key: 'dealsUntil', value }]);
      if (written.is !== 'ok') throw new Error(`the beginning was not written: ${JSON.stringify(written)}`);
      until = value;
    },
    newest: async (session, how) => {
      const untilMs = until ?? 0;
      const asked = before;
      const deals = await since(session, untilMs - OVERLAP_MS[how]);
      if (asked !== undefined && before === asked) before = { ...asked, wasRead: true };
      brokerMs = deals.time ?? Number.POSITIVE_INFINITY;
      if (brokerMs >= untilMs - OVERLAP_MS.whole) return deals.rows;
      options.log('broker_clock_set_back', { time: brokerMs, dealsUntil: untilMs });
      until = brokerMs;
      return (await since(session, brokerMs - SET_BACK_MS)).rows;
    },
    takenBack: async (session) => {
      if (host.monotonicMs() < takenBackDueMs || until === undefined) return [];
      const found = await session.list('deals', {
        since: Math.max(0, until - TAKEN_BACK_SINCE_MS),
        cancelled: true,
        deadlineMs: LIST_DEADLINE_MS,
      });
      takenBackDueMs = host.monotonicMs() + TAKEN_BACK_EVERY_MS;
      return found.rows;
    },
    // A deal in the broker's future is from before its clock was set back.
    reached: (deals) =>
      deals.reduce<number | undefined>(
        (newest, { at }) => (at <= brokerMs && at > (newest ?? 0) ? at : newest),
        until,
      ),
    until: () => until,
    named: (at) => {
      if (until === undefined || at >= until - OVERLAP_MS.soon) return;
      before = { at: Math.min(at, before?.at ?? at), wasRead: false };
    },
    wrote: (written) => {
      until = written;
      if (before?.wasRead === true) before = undefined;
    },
  };
}
