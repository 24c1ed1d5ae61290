/**
 * What is on its way from DuckDB to ClickHouse. A batch is a range of numbers of one account; it is cut, and durable
 * here, before it is sent, so that every further attempt carries the same rows under the same token (I8). Batches
 * that failed are also in `failed_syncs`, with error and attempts, until they are confirmed.
 */
import type { Database, Row, Run } from './database.ts';

export type PushBatch = { readonly account: string; readonly first: number; readonly last: number };

export type FailedSync = PushBatch & {
  readonly rows: number;
  readonly error: string;
  readonly attempts: number;
  readonly failedAtMs: number;
  readonly nextAtMs: number;
  /** One row that ClickHouse refuses for its content; it no longer holds up the others. */
  readonly setAside: boolean;
};

export type PushStore = {
  /** Cuts the next batch of an account, at most `rowsMax` rows; undefined when all is cut. */
  readonly cut: (account: string, rowsMax: number) => Promise<PushBatch | undefined>;
  /** Batches that are cut and not confirmed, by account and number. */
  readonly open: () => Promise<PushBatch[]>;
  readonly confirm: (batch: PushBatch) => Promise<void>;
  /** Records a failed attempt: a row of `failed_syncs`, or its next attempt. */
  readonly fail: (
    batch: PushBatch,
    error: string,
    nextAtMs: number,
    setAside: boolean,
  ) => Promise<FailedSync>;
  /** Replaces a batch by its two halves, which take over its place and its attempts. */
  readonly halve: (batch: PushBatch) => Promise<readonly [PushBatch, PushBatch]>;
  readonly failed: (limit: number) => Promise<FailedSync[]>;
  /** Everything after `last` is cut and sent anew, what is open too: ClickHouse has no more than that. */
  readonly sendAfter: (account: string, last: number) => Promise<void>;
  /** Rows up to `last` were read from ClickHouse: they need not be sent there. */
  readonly confirmUpTo: (account: string, last: number) => Promise<void>;
};

const THIS = 'account = $account AND first_number = $first AND last_number = $last';

/** The push store over an open database. `wallMs` stamps what people read. */
export function createPushStore(database: Database, wallMs: () => number): PushStore {
  return {
    cut: (account, rowsMax) => database.write((run) => cut(run, account, rowsMax, wallMs())),
    open: async () =>
      (await database.read('SELECT * FROM push_batches ORDER BY account, first_number')).map(batchOf),
    confirm: (batch) => database.write((run) => confirm(run, batch)),
    fail: (batch, error, nextAtMs, setAside) =>
      database.write((run) => fail(run, batch, error.slice(0, 2000), nextAtMs, setAside, wallMs())),
    halve: (batch) => database.write((run) => halve(run, batch)),
    failed: async (limit) => {
      const rows = await database.read(
        'SELECT * FROM failed_syncs ORDER BY account, first_number LIMIT $limit',
        {
          limit,
        },
      );
      return rows.map(failedOf);
    },
    sendAfter: (account, last) => database.write((run) => sendAfter(run, account, last)),
    confirmUpTo: (account, last) =>
      database.write(async (run) => {
        await run(
          'UPDATE positions SET cut = $last, pushed = $last WHERE account = $account AND cut = pushed AND cut < $last AND synced >= $last',
          { account, last },
        );
      }),
  };
}

async function cut(run: Run, account: string, rowsMax: number, now: number): Promise<PushBatch | undefined> {
  const [row] = await run('SELECT synced, cut FROM positions WHERE account = $account', { account });
  const from = Number(row?.cut ?? 0) + 1;
  const synced = Number(row?.synced ?? 0);
  if (synced < from) return undefined;
  const batch = { account, first: from, last: Math.min(synced, from + rowsMax - 1) };
  await run('INSERT INTO push_batches VALUES ($account, $first, $last, $now)', { ...batch, now });
  await run('UPDATE positions SET cut = $last WHERE account = $account', { account, last: batch.last });
  return batch;
}

async function confirm(run: Run, batch: PushBatch): Promise<void> {
  await run(`DELETE FROM push_batches WHERE ${THIS}`, { ...batch });
  await run(`DELETE FROM failed_syncs WHERE ${THIS}`, { ...batch });
  await run(
    `UPDATE positions SET pushed = coalesce(
       (SELECT min(first_number) - 1 FROM push_batches WHERE push_batches.account = $account), cut)
     WHERE account = $account`,
    { account: batch.account },
  );
}

async function fail(
  run: Run,
  batch: PushBatch,
  error: string,
  nextAtMs: number,
  setAside: boolean,
  now: number,
): Promise<FailedSync> {
  const [known] = await run(`SELECT * FROM failed_syncs WHERE ${THIS}`, { ...batch });
  const failed: FailedSync = {
    ...batch,
    rows: batch.last - batch.first + 1,
    error,
    attempts: Number(known?.attempts ?? 0) + 1,
    failedAtMs: Number(known?.failed_at_ms ?? now),
    nextAtMs,
    setAside,
  };
  await run(`DELETE FROM failed_syncs WHERE ${THIS}`, { ...batch });
  await insertFailed(run, failed);
  return failed;
}

async function halve(run: Run, batch: PushBatch): Promise<readonly [PushBatch, PushBatch]> {
  const middle = Math.floor((batch.first + batch.last) / 2);
  const halves = [
    { account: batch.account, first: batch.first, last: middle },
    { account: batch.account, first: middle + 1, last: batch.last },
  ] as const;
  const [cutRow] = await run(`SELECT cut_at_ms FROM push_batches WHERE ${THIS}`, { ...batch });
  const [known] = await run(`SELECT * FROM failed_syncs WHERE ${THIS}`, { ...batch });
  await run(`DELETE FROM push_batches WHERE ${THIS}`, { ...batch });
  await run(`DELETE FROM failed_syncs WHERE ${THIS}`, { ...batch });
  for (const half of halves) {
    await run('INSERT INTO push_batches VALUES ($account, $first, $last, $cutAtMs)', {
      ...half,
      cutAtMs: Number(cutRow?.cut_at_ms ?? 0),
    });
    if (known !== undefined) {
      await insertFailed(run, { ...failedOf(known), ...half, rows: half.last - half.first + 1 });
    }
  }
  return halves;
}

async function sendAfter(run: Run, account: string, last: number): Promise<void> {
  await run('DELETE FROM push_batches WHERE account = $account AND first_number > $last', { account, last });
  await run('DELETE FROM failed_syncs WHERE account = $account AND first_number > $last', { account, last });
  await run('UPDATE positions SET cut = $last, pushed = $last WHERE account = $account AND pushed > $last', {
    account,
    last,
  });
}

async function insertFailed(run: Run, failed: FailedSync): Promise<void> {
  await run(
    'INSERT INTO failed_syncs VALUES ($account, $first, $last, $rows, $error, $attempts, $failedAtMs, $nextAtMs, $setAside)',
    { ...failed },
  );
}

function batchOf(row: Row): PushBatch {
  return { account: String(row.account), first: Number(row.first_number), last: Number(row.last_number) };
}

function failedOf(row: Row): FailedSync {
  return {
    ...batchOf(row),
    rows: Number(row.row_count),
    error: String(row.error),
    attempts: Number(row.attempts),
    failedAtMs: Number(row.failed_at_ms),
    nextAtMs: Number(row.next_at_ms),
    setAside: row.set_aside === true,
  };
}
