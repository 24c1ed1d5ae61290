/**
 * The rows of all accounts and how far each account has come.
 *
 * I8: rows and position change in one transaction, and the position is the last number in the rows: it is never
 * ahead of them. Numbers are contiguous from 1. A number that is there already is ignored when its content is the
 * same; other content stops the account, is kept for people to judge, and leaves what is stored as it is.
 */
import type { RecordRow } from '@holdfast/ha-core';
import type { Database, Row, Run } from './database.ts';

export type AccountPosition = {
  readonly account: string;
  /** Last number stored. */
  readonly synced: number;
  /** Last number that was cut into a batch for ClickHouse. */
  readonly cut: number;
  /** Every number up to this one is confirmed in ClickHouse. */
  readonly pushed: number;
  /** Why the account is not synced any further; empty while it is. */
  readonly stopped: string;
  readonly stoppedAtMs: number;
};

export type AppendOutcome =
  | { readonly is: 'stored'; readonly synced: number; readonly stored: number; readonly ignored: number }
  | { readonly is: 'conflict'; readonly number: number; readonly why: string }
  | { readonly is: 'gap'; readonly expected: number; readonly found: number }
  | { readonly is: 'stopped'; readonly why: string };

export type ResultStore = {
  /** Stores rows of one account, ascending and without gaps, at most `APPEND_ROWS_MAX`. */
  readonly append: (account: string, rows: readonly RecordRow[]) => Promise<AppendOutcome>;
  readonly positions: () => Promise<AccountPosition[]>;
  /** Rows after `after`, at most `limit`, in order; of one kind when it is given. */
  readonly rows: (account: string, after: number, limit: number, kind?: string) => Promise<RecordRow[]>;
  readonly stop: (account: string, why: string) => Promise<void>;
  /** A person's decision: the account is synced again from where it stands. */
  readonly resume: (account: string) => Promise<void>;
};

/** Binding stays below 20 ms on the event loop at this size (rows of about 600 bytes). */
export const APPEND_ROWS_MAX = 1000;

const COLUMNS: Record<keyof RecordRow, 'VARCHAR' | 'BIGINT'> = {
  account: 'VARCHAR',
  number: 'BIGINT',
  kind: 'VARCHAR',
  signal_id: 'VARCHAR',
  magic: 'VARCHAR',
  symbol: 'VARCHAR',
  action: 'VARCHAR',
  outcome: 'VARCHAR',
  reason: 'VARCHAR',
  side: 'VARCHAR',
  volume: 'VARCHAR',
  filled_volume: 'VARCHAR',
  price: 'VARCHAR',
  at_ms: 'BIGINT',
  epoch: 'BIGINT',
  record: 'VARCHAR',
  hash: 'VARCHAR',
};
const NAMES = Object.keys(COLUMNS).join(', ');
const INSERT = `INSERT INTO records (${NAMES}) SELECT ${Object.keys(COLUMNS)
  .map((name) => `row_.${name}`)
  .join(', ')} FROM (SELECT unnest(from_json($rows, '[${JSON.stringify(COLUMNS)}]')) AS row_)`;

/** The store over an open database. `wallMs` stamps what people read. */
export function createResultStore(database: Database, wallMs: () => number): ResultStore {
  return {
    append: (account, rows) => database.write((run) => append(run, account, rows, wallMs())),
    positions: async () => {
      const rows = await database.read('SELECT * FROM positions ORDER BY account');
      return rows.map(position);
    },
    rows: async (account, after, limit, kind) => {
      const rows = await database.read(
        `SELECT ${NAMES} FROM records WHERE account = $account AND number > $after
         AND ($kind = '' OR kind = $kind) ORDER BY number LIMIT $limit`,
        { account, after, limit, kind: kind ?? '' },
      );
      return rows as unknown as RecordRow[];
    },
    stop: (account, why) => database.write((run) => stop(run, account, why, wallMs())),
    resume: (account) =>
      database.write(async (run) => {
        await run("UPDATE positions SET stopped = '', stopped_at_ms = 0 WHERE account = $account", {
          account,
        });
      }),
  };
}

async function append(
  run: Run,
  account: string,
  rows: readonly RecordRow[],
  now: number,
): Promise<AppendOutcome> {
  assertBatch(account, rows);
  const here = await positionOf(run, account);
  if (here.stopped !== '') return { is: 'stopped', why: here.stopped };
  const known = rows.filter((row) => row.number <= here.synced);
  const fresh = rows.slice(known.length);
  const first = fresh[0];
  if (first !== undefined && first.number !== here.synced + 1) {
    return { is: 'gap', expected: here.synced + 1, found: first.number };
  }
  const conflict = await firstConflict(run, account, known);
  if (conflict !== undefined) return stopForConflict(run, conflict.row, conflict.storedHash, now);
  const last = fresh[fresh.length - 1];
  if (last === undefined) return { is: 'stored', synced: here.synced, stored: 0, ignored: known.length };
  await run(INSERT, { rows: JSON.stringify(fresh) });
  await run('UPDATE positions SET synced = $synced WHERE account = $account', {
    account,
    synced: last.number,
  });
  return { is: 'stored', synced: last.number, stored: fresh.length, ignored: known.length };
}

/** A batch that breaks this is our own mistake, not the outside's. */
function assertBatch(account: string, rows: readonly RecordRow[]): void {
  if (rows.length > APPEND_ROWS_MAX)
    throw new Error(`append of ${rows.length} rows, at most ${APPEND_ROWS_MAX}`);
  rows.forEach((row, index) => {
    const expected = (rows[0]?.number ?? 0) + index;
    if (row.account !== account) throw new Error(`append to ${account}: row of ${row.account}`);
    if (row.number !== expected || row.number < 1) {
      throw new Error(`append to ${account}: number ${row.number}, expected ${expected}`);
    }
  });
}

async function firstConflict(
  run: Run,
  account: string,
  known: readonly RecordRow[],
): Promise<{ row: RecordRow; storedHash: string } | undefined> {
  const [first, last] = [known[0], known[known.length - 1]];
  if (first === undefined || last === undefined) return undefined;
  const stored = await run(
    'SELECT number, hash FROM records WHERE account = $account AND number BETWEEN $first AND $last',
    { account, first: first.number, last: last.number },
  );
  const hashes = new Map(stored.map((row) => [row.number, String(row.hash)]));
  for (const row of known) {
    const storedHash = hashes.get(row.number) ?? 'missing';
    if (storedHash !== row.hash) return { row, storedHash };
  }
  return undefined;
}

async function stopForConflict(
  run: Run,
  row: RecordRow,
  storedHash: string,
  now: number,
): Promise<AppendOutcome> {
  const why = `record ${row.number} came with other content: stored ${storedHash.slice(0, 12)}, received ${row.hash.slice(0, 12)}`;
  await run('INSERT INTO conflicts VALUES ($account, $number, $stored, $received, $record, $now)', {
    account: row.account,
    number: row.number,
    stored: storedHash,
    received: row.hash,
    record: row.record,
    now,
  });
  await stop(run, row.account, why, now);
  return { is: 'conflict', number: row.number, why };
}

async function stop(run: Run, account: string, why: string, now: number): Promise<void> {
  await positionOf(run, account);
  await run('UPDATE positions SET stopped = $why, stopped_at_ms = $now WHERE account = $account', {
    account,
    why,
    now,
  });
}

/** The account's position; a new account begins at 0. */
async function positionOf(run: Run, account: string): Promise<AccountPosition> {
  const [row] = await run('SELECT * FROM positions WHERE account = $account', { account });
  if (row !== undefined) return position(row);
  await run("INSERT INTO positions VALUES ($account, 0, 0, 0, '', 0)", { account });
  return { account, synced: 0, cut: 0, pushed: 0, stopped: '', stoppedAtMs: 0 };
}

function position(row: Row): AccountPosition {
  return {
    account: String(row.account),
    synced: Number(row.synced),
    cut: Number(row.cut),
    pushed: Number(row.pushed),
    stopped: String(row.stopped),
    stoppedAtMs: Number(row.stopped_at_ms),
  };
}
