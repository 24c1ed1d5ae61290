/**
 * The last failovers, kept in Redis itself (a bounded list), so that they outlive the wardens. Whoever asked for one
 * writes it. One that no warden asked for (Sentinel's own, a person's) is written by the first that finds it missing:
 * they look one after the other. Nothing is decided by the list, so a plain write will do.
 */
import { backOffMs, type Command, type Host, NodeUnavailable, RedisError, sleep } from '@holdfast/ha-core';
import {
  FAILOVERS_KEPT,
  FAILOVERS_KEY,
  isSame,
  type PrimaryConnection,
  readFailovers,
  type StoredFailover,
} from '@holdfast/redis';
import type { FailoverRecord } from './failover.ts';
import type { WardenView } from './view.ts';

export type FailoverHistoryOptions = {
  readonly host: Host;
  readonly connection: PrimaryConnection;
  readonly name: string;
  /** This warden's place among the wardens, from 0. */
  readonly index: number;
  readonly view: () => Pick<WardenView, 'primary' | 'nodes'>;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type FailoverHistory = {
  /** One that this warden asked for. */
  readonly asked: (record: FailoverRecord) => void;
  /** What the list held when it was read last, newest first. */
  readonly list: () => readonly StoredFailover[];
  readonly stop: () => void;
};

const LOOK_MS = 50;
const READ_EVERY_MS = 2000;
/** Whoever asked for a failover has written it by then; the wardens follow one after the other. */
const OTHERS_FIRST_MS = 1500;
const STAGGER_MS = 750;
const COMMAND_MS = 500;
const ATTEMPTS = 40;

/** Begins to look at once; the first primary that it sees is no change. */
export function createFailoverHistory(options: FailoverHistoryOptions): FailoverHistory {
  const { host, connection, view, log } = options;
  let stored: readonly StoredFailover[] = [];
  let last: { readonly primary: string; readonly atMs: number } | undefined;
  let askedFor: string | undefined;
  let stopped = false;

  const run = async (commands: readonly Command[]): Promise<readonly unknown[]> => {
    const { replies } = await connection.run(commands, COMMAND_MS);
    const refused = replies.find((reply) => reply instanceof RedisError);
    if (refused instanceof RedisError) throw refused;
    return replies;
  };

  const read = async (): Promise<void> => {
    const [reply] = await run([['LRANGE', FAILOVERS_KEY, '0', '-1']]);
    stored = readFailovers(reply);
  };

  /** The term that the new primary has claimed; undefined while it has not. */
  const termOf = (primary: string): number | undefined => {
    const record = view().nodes.find(({ endpoint }) => endpoint === primary)?.record;
    return record?.primary === primary ? record.term : undefined;
  };

  const write = async (row: StoredFailover): Promise<void> => {
    await read();
    if (!row.asked && stored.some((one) => isSame(one, row))) return;
    await run([
      ['LPUSH', FAILOVERS_KEY, JSON.stringify(row)],
      ['LTRIM', FAILOVERS_KEY, '0', String(FAILOVERS_KEPT - 1)],
    ]);
    await read();
  };

  const keep = async (record: FailoverRecord, asked: boolean): Promise<void> => {
    let why = 'the new primary has not claimed its term';
    for (let tries = 0; tries < ATTEMPTS && !stopped; tries += 1) {
      const term = termOf(record.to);
      // Where yet another primary has followed, nobody will tell the term any more.
      const { primary } = view();
      if (term !== undefined || (primary !== null && primary !== record.to)) {
        try {
          return await write({ ...record, asked, term: term ?? null, tookMs: record.tookMs ?? null });
        } catch (error) {
          if (!(error instanceof NodeUnavailable) && !(error instanceof RedisError)) throw error;
          why = error.message;
        }
      }
      await sleep(host, backOffMs(tries, 50, 1000, host.random()));
    }
    if (!stopped) log('failover_not_kept', { from: record.from, to: record.to, why });
  };

  const saw = (from: string, to: string, tookMs: number): void => {
    const { name, index } = options;
    const cause = 'no warden asked for it: Sentinel or a person did';
    const record: FailoverRecord = { from, to, cause, by: name, tookMs, at: host.wallMs() };
    host.after(OTHERS_FIRST_MS + index * STAGGER_MS, () => {
      if (!stopped && askedFor !== to) void keep(record, false);
    });
  };

  const look = (): void => {
    if (stopped) return;
    const nowMs = host.monotonicMs();
    const { primary } = view();
    if (primary !== null) {
      if (primary !== last?.primary && primary !== askedFor) askedFor = undefined;
      if (last !== undefined && primary !== last.primary)
        saw(last.primary, primary, Math.round(nowMs - last.atMs));
      last = { primary, atMs: nowMs };
    }
    host.after(LOOK_MS, look);
  };

  const follow = async (): Promise<void> => {
    while (!stopped) {
      try {
        await read();
      } catch (error) {
        // Read again at the next turn; what was read last is shown meanwhile.
        if (!(error instanceof NodeUnavailable) && !(error instanceof RedisError)) throw error;
      }
      await sleep(host, READ_EVERY_MS);
    }
  };
  look();
  void follow();

  return {
    asked: (record) => {
      askedFor = record.to;
      void keep(record, true);
    },
    list: () => stored,
    stop: () => {
      stopped = true;
    },
  };
}
