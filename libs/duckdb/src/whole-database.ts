/**
 * Is a database file whole? Every column of every row is read: DuckDB checks a block's checksum when it reads the
 * block, and opening alone reads few of them. Then I8: each account's numbers are 1 … n, n its position.
 */
import { DuckDBInstance } from '@duckdb/node-api';

export type DatabaseFacts = {
  readonly rows: number;
  readonly accounts: Record<string, { readonly synced: number; readonly pushed: number }>;
  readonly migration: number;
  readonly engine: string;
};

export type CheckOutcome =
  | { readonly is: 'whole'; readonly facts: DatabaseFacts }
  | { readonly is: 'damaged'; readonly why: string }
  /** Another process has it open: nothing can be said about the file, and it must be left alone. */
  | { readonly is: 'in_use'; readonly why: string };

/** The check itself, for the child: reads the whole file without changing it. Never rejects; may abort the process. */
export async function readWholeDatabase(file: string): Promise<CheckOutcome> {
  try {
    return await readWhole(file);
  } catch (error) {
    const why = String(error).slice(0, 500);
    return { is: /could not set lock|conflicting lock/i.test(why) ? 'in_use' : 'damaged', why };
  }
}

async function readWhole(file: string): Promise<CheckOutcome> {
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY', memory_limit: '256MB' });
  const connection = await instance.connect();
  const read = async (sql: string): Promise<Record<string, unknown>[]> =>
    (await connection.runAndReadAll(sql)).getRowObjectsJS();
  try {
    const version = await read('SELECT max(number) AS migration, version() AS engine FROM migrations');
    const positions = await read('SELECT account, synced, pushed FROM positions');
    // hash(row) reads every column; its sum keeps the work from being optimised away.
    const stored = await read(
      `SELECT account, count(*) AS count, min(number) AS first, max(number) AS last, bit_xor(hash(records)) AS content
       FROM records GROUP BY account`,
    );
    await read('SELECT bit_xor(hash(failed_syncs)) FROM failed_syncs');
    await read('SELECT bit_xor(hash(push_batches)) FROM push_batches');
    const wrong = firstWrongAccount(positions, stored);
    if (wrong !== undefined) return { is: 'damaged', why: wrong };
    return {
      is: 'whole',
      facts: {
        rows: stored.reduce((sum, row) => sum + Number(row.count), 0),
        accounts: Object.fromEntries(
          positions.map((row) => [
            String(row.account),
            { synced: Number(row.synced), pushed: Number(row.pushed) },
          ]),
        ),
        migration: Number(version[0]?.migration ?? 0),
        engine: String(version[0]?.engine),
      },
    };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** I8 on the rows themselves: contiguous from 1, and the position is the last of them. */
function firstWrongAccount(
  positions: Record<string, unknown>[],
  stored: Record<string, unknown>[],
): string | undefined {
  const rows = new Map(stored.map((row) => [String(row.account), row]));
  for (const position of positions) {
    const account = String(position.account);
    const synced = Number(position.synced);
    const row = rows.get(account);
    rows.delete(account);
    const [count, first, last] = [Number(row?.count ?? 0), Number(row?.first ?? 1), Number(row?.last ?? 0)];
    if (first !== 1 || last !== synced || count !== synced) {
      return `account ${account}: position ${synced}, but ${count} rows from ${first} to ${last}`;
    }
  }
  const orphan = [...rows.keys()][0];
  return orphan === undefined ? undefined : `account ${orphan} has rows and no position`;
}
