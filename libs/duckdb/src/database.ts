/**
 * One DuckDB file, opened by one process, with one connection that writes and one that reads.
 *
 * Everything that writes goes through one queue, one after the other: a transaction is never interleaved with
 * another, and a snapshot can hold the writer while it copies the file. Both queues have a bound. DuckDB runs
 * statements outside the event loop; only binding is synchronous, so bulk rows travel as one JSON text
 * (`from_json`), which binds in about a millisecond per hundred rows, where an appender blocks for all of them.
 */
import { BIGINT, type DuckDBConnection, DuckDBInstance, type DuckDBType } from '@duckdb/node-api';
import { migrate } from './migrate.ts';

/** Numbers must be whole; they are bound as BIGINT. */
export type Parameters = Record<string, string | number | boolean>;
/** Integers come back as numbers (ours stay below 2^53), text as strings. */
export type Row = Record<string, string | number | boolean | null>;
export type Run = (sql: string, parameters?: Parameters) => Promise<Row[]>;

export type Database = {
  readonly file: string;
  /** Runs `work` in a transaction of its own: all of it is durable when this resolves, or nothing is. */
  readonly write: <T>(work: (run: Run) => Promise<T>) => Promise<T>;
  /** Holds the writer without a transaction: for CHECKPOINT and copies. */
  readonly hold: <T>(work: (run: Run) => Promise<T>) => Promise<T>;
  readonly read: Run;
  /** Runs out what is queued and closes; later calls reject. Safe to call again. */
  readonly close: () => Promise<void>;
};

/** What DuckDB or the disk did. `fatal`: this process cannot go on with the database; a new process may. */
export class DatabaseError extends Error {
  readonly code: 'failed' | 'fatal' | 'busy' | 'closed';
  constructor(code: DatabaseError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DatabaseError';
    this.code = code;
  }
}

export type DatabaseOptions = {
  readonly file: string;
  /** DuckDB's bound on its memory, such as `256MB`. */
  readonly memoryLimit?: string;
  readonly threads?: number;
};

const QUEUE_MAX = 256;

/**
 * Opens the file, makes it when it is not there, and applies migrations.
 * @throws DatabaseError when it cannot be opened; open it in a child first (`checkDatabase`), a damaged file may abort.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  try {
    const instance = await DuckDBInstance.fromCache(options.file, {
      memory_limit: options.memoryLimit ?? '256MB',
      threads: String(options.threads ?? 2),
    });
    const writer = await instance.connect();
    const reader = await instance.connect();
    await migrate(runner(writer));
    return openedDatabase(options.file, writer, reader, () => instance.closeSync());
  } catch (error) {
    throw databaseError(error, `${options.file}: cannot open`);
  }
}

function openedDatabase(
  file: string,
  writer: DuckDBConnection,
  reader: DuckDBConnection,
  closeInstance: () => void,
): Database {
  const run = runner(writer);
  const read = runner(reader);
  const inTurnWriting = oneAfterTheOther(file);
  const inTurnReading = oneAfterTheOther(file);
  let closing: Promise<void> | undefined;

  const close = async (): Promise<void> => {
    await Promise.all([inTurnWriting.end(), inTurnReading.end()]);
    reader.closeSync();
    writer.closeSync();
    closeInstance();
  };
  return {
    file,
    write: (work) => inTurnWriting.run(() => inTransaction(run, work)),
    hold: (work) => inTurnWriting.run(() => work(run)),
    read: (sql, parameters) => inTurnReading.run(() => read(sql, parameters)),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function inTransaction<T>(run: Run, work: (run: Run) => Promise<T>): Promise<T> {
  await run('BEGIN TRANSACTION');
  try {
    const result = await work(run);
    await run('COMMIT');
    return result;
  } catch (error) {
    // A failed COMMIT has ended the transaction already: then there is nothing to roll back, and only that.
    await run('ROLLBACK').catch((failure: unknown) => {
      if (!/no transaction is active/i.test(String(failure))) throw databaseError(failure, 'ROLLBACK');
    });
    throw error;
  }
}

function runner(connection: DuckDBConnection): Run {
  return async (sql, parameters) => {
    try {
      const { values, types } = bound(parameters ?? {});
      const result = await connection.runAndReadAll(sql, values, types);
      return result.getRowObjectsJS().map(plainRow);
    } catch (error) {
      throw databaseError(error, sql.slice(0, 80));
    }
  };
}

function bound(parameters: Parameters) {
  const values: Record<string, string | bigint | boolean> = {};
  const types: Record<string, DuckDBType> = {};
  for (const [name, value] of Object.entries(parameters)) {
    values[name] = typeof value === 'number' ? BigInt(value) : value;
    if (typeof value === 'number') types[name] = BIGINT;
  }
  return { values, types };
}

function plainRow(row: Record<string, unknown>): Row {
  const plain: Row = {};
  for (const [name, value] of Object.entries(row)) {
    plain[name] = typeof value === 'bigint' ? Number(value) : (value as Row[string]);
  }
  return plain;
}

function databaseError(error: unknown, what: string): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const fatal = /FATAL|INTERNAL|invalidated/.test(message);
  return new DatabaseError(fatal ? 'fatal' : 'failed', `${what}: ${message}`, { cause: error });
}

/** A queue of one at a time, with a bound. `end` refuses what comes later and resolves when all has run out. */
function oneAfterTheOther(file: string) {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let ended = false;
  return {
    run: <T>(work: () => Promise<T>): Promise<T> => {
      if (ended) return Promise.reject(new DatabaseError('closed', `${file}: the database is closed`));
      if (waiting >= QUEUE_MAX) {
        return Promise.reject(new DatabaseError('busy', `${file}: ${waiting} calls are waiting already`));
      }
      waiting += 1;
      const result = last.then(work).finally(() => {
        waiting -= 1;
      });
      last = result.catch(() => undefined);
      return result;
    },
    end: async (): Promise<void> => {
      ended = true;
      await last;
    },
  };
}
