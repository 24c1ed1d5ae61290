/**
 * Records in ClickHouse, each exactly once for whoever reads (I8): a batch is a range of numbers, its range is the
 * deduplication token, so that a repeat after a lost reply is dropped; what would still double (another cut, a window
 * that has passed) is one row under FINAL. Inserts are synchronous. Every call has a deadline.
 */
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { RecordRow } from '@holdfast/ha-core';
import { migrate } from './migrate.ts';

export type ResultArchiveOptions = {
  readonly url: string;
  readonly database: string;
  readonly user: string;
  readonly password?: string;
  readonly requestDeadlineMs?: number;
};

/**
 * `confirmed`: durable in ClickHouse. `refused`: ClickHouse does not take this content, and would not the next time.
 * `unavailable`: all else; it may be there (then the same token makes the repeat harmless). `answered`: ClickHouse
 * itself said so, so it is reachable.
 */
export type InsertOutcome =
  | { readonly is: 'confirmed' }
  | { readonly is: 'refused'; readonly detail: string }
  | { readonly is: 'unavailable'; readonly answered: boolean; readonly detail: string };

export type ResultArchive = {
  /** Makes database and tables. Rejects with ArchiveUnavailable when ClickHouse cannot be reached. */
  readonly prepare: () => Promise<void>;
  /** Inserts rows of one account, ascending and without gaps. Never rejects. */
  readonly insert: (rows: readonly RecordRow[]) => Promise<InsertOutcome>;
  /** Rows of an account with `first` ≤ number ≤ `last`, in order, each once. Rejects with ArchiveUnavailable. */
  readonly rows: (account: string, first: number, last: number) => Promise<RecordRow[]>;
  /** The last number of each account that ClickHouse has. Rejects with ArchiveUnavailable. */
  readonly lastNumbers: () => Promise<ReadonlyMap<string, number>>;
  /** Whether ClickHouse answers now. Never rejects. */
  readonly answers: () => Promise<boolean>;
  readonly close: () => Promise<void>;
};

/** ClickHouse did not answer, or answered with an error that says nothing about the content. */
export class ArchiveUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ArchiveUnavailable';
  }
}

const REQUEST_DEADLINE_MS = 15_000;

/**
 * Errors that are about the rows themselves: CANNOT_PARSE_TEXT, CANNOT_PARSE_QUOTED_STRING,
 * CANNOT_PARSE_INPUT_ASSERTION_FAILED, CANNOT_READ_ALL_DATA, CANNOT_PARSE_DATE, CANNOT_PARSE_NUMBER, TYPE_MISMATCH,
 * CANNOT_CONVERT_TYPE, INCORRECT_DATA, TOO_LARGE_STRING_SIZE, VIOLATED_CONSTRAINT. By list, because the opposite
 * mistake (an error of the server taken for one of the rows) would set good rows aside.
 */
const CONTENT_CODES = new Set(['6', '26', '27', '33', '38', '72', '53', '70', '117', '131', '469']);

/** The token of a batch: the same range of the same account is the same insert. */
export const batchToken = (account: string, first: number, last: number): string =>
  `${account}:${first}-${last}`;

/** Creates the archive; nothing is sent before its first call. */
export function createResultArchive(options: ResultArchiveOptions): ResultArchive {
  const { database } = options;
  const deadlineMs = options.requestDeadlineMs ?? REQUEST_DEADLINE_MS;
  const client = createClient({
    url: options.url,
    username: options.user,
    ...(options.password === undefined ? {} : { password: options.password }),
    request_timeout: deadlineMs,
    max_open_connections: 4,
    // What fails comes back as a value; the client's own lines would carry rows to stderr.
    log: { level: ClickHouseLogLevel.OFF },
    compression: { request: true, response: true },
    clickhouse_settings: { async_insert: 0 },
  });
  return {
    prepare: () => attempt('prepare', () => migrate(client, database)),
    insert: (rows) => insert(client, database, rows),
    rows: (account, first, last) => attempt('read', () => read(client, database, account, first, last)),
    lastNumbers: () => attempt('read', () => lastNumbers(client, database)),
    answers: async () => (await client.ping()).success,
    close: () => client.close(),
  };
}

async function insert(
  client: ClickHouseClient,
  database: string,
  rows: readonly RecordRow[],
): Promise<InsertOutcome> {
  const [first, last] = [rows[0], rows[rows.length - 1]];
  if (first === undefined || last === undefined) return { is: 'confirmed' };
  const send = () =>
    client.insert({
      table: `${database}.records`,
      values: rows,
      format: 'JSONEachRow',
      columns: Object.keys(first) as [string, ...string[]],
      clickhouse_settings: {
        insert_deduplicate: 1,
        insert_deduplication_token: batchToken(first.account, first.number, last.number),
        wait_end_of_query: 1,
      },
    });
  try {
    await send().catch((error: unknown) => {
      // A kept-alive connection to a server that has restarted fails once; the token makes the repeat harmless.
      if (isConnectionReset(error)) return send();
      throw error;
    });
    return { is: 'confirmed' };
  } catch (error) {
    const detail = detailOf(error);
    const answered = error instanceof ClickHouseError;
    if (answered && CONTENT_CODES.has(error.code)) return { is: 'refused', detail };
    return { is: 'unavailable', answered, detail };
  }
}

async function read(
  client: ClickHouseClient,
  database: string,
  account: string,
  first: number,
  last: number,
): Promise<RecordRow[]> {
  const result = await client.query({
    query: `SELECT * FROM ${database}.records FINAL
            WHERE account = {account:String} AND number BETWEEN {first:UInt64} AND {last:UInt64} ORDER BY number`,
    query_params: { account, first, last },
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  return result.json<RecordRow>();
}

async function lastNumbers(client: ClickHouseClient, database: string): Promise<ReadonlyMap<string, number>> {
  const result = await client.query({
    query: `SELECT account, max(number) AS last FROM ${database}.records GROUP BY account`,
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  const rows = await result.json<{ account: string; last: number }>();
  return new Map(rows.map(({ account, last }) => [account, last]));
}

async function attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new ArchiveUnavailable(`ClickHouse, ${what}: ${detailOf(error)}`, { cause: error });
  }
}

function isConnectionReset(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === 'ECONNRESET' || code === 'EPIPE' || /socket hang up/.test(String(error));
}

function detailOf(error: unknown): string {
  if (error instanceof ClickHouseError) return `${error.type ?? 'error'} (${error.code}): ${error.message}`;
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  return [code, error.message].filter((part) => part !== undefined && part !== '').join(': ');
}
