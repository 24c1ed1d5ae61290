/**
 * RTRS → DuckDB: follows every account from the position that DuckDB holds and stores what comes, rows and position
 * in one transaction (I8). There is no consumer group: the position lives with the rows.
 *
 * Where Redis no longer has the next record, ClickHouse is asked for the range. Where neither has it, where a number
 * comes with other content, or where Redis has given fewer numbers than are stored, the account is stopped, loudly,
 * until a person resumes it; the others go on.
 */
import { ArchiveUnavailable, type ResultArchive } from '@holdfast/clickhouse';
import { APPEND_ROWS_MAX, DatabaseError, type PushStore, type ResultStore } from '@holdfast/duckdb';
import { type NumberedRecord, rowIsWhole, recordRow, type RecordRow } from '@holdfast/ha-core';
import type { Log } from '@holdfast/process';
import type { Following, RecordsBroken, ResultFeed } from '@holdfast/redis';

export type SyncOptions = {
  readonly feed: ResultFeed;
  readonly store: ResultStore;
  readonly pushStore: PushStore;
  readonly archive: Pick<ResultArchive, 'rows'>;
  readonly accounts: readonly string[];
  readonly log: Log;
  /** Rows of an account were stored. */
  readonly onStored: (account: string, rows: number, synced: number) => void;
  /** An account was stopped. */
  readonly onStopped: (account: string, why: string) => void;
  /** The database cannot be used by this process any more. */
  readonly onFatal: (error: Error) => void;
};

/** Proving this many rows whole keeps the event loop for less than 20 ms. */
const FILL_ROWS = 250;

/** Starts following. Rejects when the positions cannot be read. */
export async function startSync(options: SyncOptions): Promise<Following> {
  const { store, log } = options;
  const stored = new Map((await store.positions()).map((each) => [each.account, each]));
  const from = new Map<string, number>();
  for (const account of options.accounts) {
    const position = stored.get(account);
    if (position === undefined || position.stopped === '') from.set(account, position?.synced ?? 0);
    else
      log.error(
        { account, why: position.stopped },
        'account is stopped: it is not synced until it is resumed',
      );
  }

  const stop = async (account: string, why: string): Promise<'drop'> => {
    await store.stop(account, why);
    log.error({ account, why }, 'account stopped');
    options.onStopped(account, why);
    return 'drop';
  };

  const onRecords = async (
    account: string,
    records: readonly NumberedRecord[],
  ): Promise<'taken' | 'drop'> => {
    for (let at = 0; at < records.length; at += APPEND_ROWS_MAX) {
      const rows = records.slice(at, at + APPEND_ROWS_MAX).map(recordRow);
      if ((await append(options, account, rows)) === 'drop') return 'drop';
    }
    return 'taken';
  };

  const onBroken = async (account: string, broken: RecordsBroken): Promise<number | 'drop'> => {
    if (broken.code !== 'missing') return stop(account, broken.message);
    try {
      const filled = await fillFromArchive(options, broken);
      if (filled === 'drop') return 'drop';
      if (filled >= broken.expected) return filled;
      return await stop(account, `${broken.message}; ClickHouse does not have record ${filled + 1} either`);
    } catch (error) {
      if (!(error instanceof ArchiveUnavailable)) throw error;
      log.warn({ account, error: error.message }, 'a gap in Redis waits for ClickHouse');
      return broken.expected - 1;
    }
  };

  return options.feed.follow(from, { onRecords, onBroken });
}

/** Stores rows; an outcome that the feed's own checks rule out is our mistake and is thrown. */
async function append(
  options: SyncOptions,
  account: string,
  rows: readonly RecordRow[],
): Promise<'taken' | 'drop'> {
  const outcome = await options.store.append(account, rows).catch((error: unknown) => {
    if (error instanceof DatabaseError && error.code === 'fatal') options.onFatal(error);
    throw error;
  });
  switch (outcome.is) {
    case 'stored':
      options.onStored(account, outcome.stored, outcome.synced);
      return 'taken';
    case 'conflict':
      options.log.error({ account, number: outcome.number, why: outcome.why }, 'account stopped');
      options.onStopped(account, outcome.why);
      return 'drop';
    case 'stopped':
      options.log.error({ account, why: outcome.why }, 'account is stopped: records are not stored');
      return 'drop';
    case 'gap':
      throw new Error(
        `account ${account}: expected record ${outcome.expected}, the feed handed on ${outcome.found}`,
      );
  }
}

/** Fills the gap from ClickHouse as far as its rows are contiguous and whole; the last number filled. */
async function fillFromArchive(options: SyncOptions, broken: RecordsBroken): Promise<number | 'drop'> {
  const { account } = broken;
  let filled = broken.expected - 1;
  while (filled < broken.found - 1) {
    const last = Math.min(filled + FILL_ROWS, broken.found - 1);
    const rows = await options.archive.rows(account, filled + 1, last);
    const good = rows.slice(0, wholeRows(rows, filled + 1));
    if (good.length === 0) break;
    if ((await append(options, account, good)) === 'drop') return 'drop';
    filled += good.length;
    await options.pushStore.confirmUpTo(account, filled);
    options.log.warn(
      { account, from: filled - good.length + 1, to: filled },
      'records restored from ClickHouse',
    );
  }
  return filled;
}

function wholeRows(rows: readonly RecordRow[], first: number): number {
  const wrong = rows.findIndex((row, index) => row.number !== first + index || !rowIsWhole(row));
  return wrong === -1 ? rows.length : wrong;
}
