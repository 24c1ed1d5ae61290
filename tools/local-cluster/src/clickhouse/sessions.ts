/**
 * Two chdb sessions on one data directory: one for reads, one for everything else, because a session runs one
 * statement at a time (measured: an insert waited 11.9 s behind a slow query, 47 ms with two).
 *
 * Settings, parameters and the current database stay with a session in chdb; a server's belong to the request. So
 * they are set before the statement and taken back after it, inside the session's turn.
 */
import { drainPending, Session } from 'chdb';

export type Statement = {
  readonly sql: string;
  readonly database: string;
  /** The format of an answer whose statement names none. */
  readonly format: string;
  readonly settings: ReadonlyMap<string, string>;
  /** Values of `{name:Type}` in the statement, as text. */
  readonly parameters: ReadonlyMap<string, string>;
};

export type Sessions = {
  /** Runs one statement; rejects with ClickHouse's own message (`Code: 62. DB::Exception: …`). */
  readonly run: (statement: Statement) => Promise<Uint8Array>;
  /** Refuses what comes later, runs out what is queued, closes. */
  readonly close: () => Promise<void>;
};

/** Too much is waiting, or the process is stopping: nothing was executed. */
export class SessionBusy extends Error {}

const WAITING_MAX = 256;
const READS = /^\s*(select|with|show|describe|desc|exists|explain)\b/i;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Opens both sessions. Rejects when the directory cannot be opened. */
export async function openSessions(path: string): Promise<Sessions> {
  const reading = oneAtATime(new Session(path));
  const writing = oneAtATime(new Session(path));
  await writing.run({
    sql: 'SELECT 1',
    database: 'default',
    format: 'TSV',
    settings: new Map(),
    parameters: new Map(),
  });
  return {
    run: (statement) => (READS.test(statement.sql) ? reading : writing).run(statement),
    close: async () => {
      await Promise.all([reading.end(), writing.end()]);
      await drainPending();
    },
  };
}

function oneAtATime(session: Session) {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let ended = false;
  let database = 'default';

  const runNow = async (statement: Statement): Promise<Uint8Array> => {
    if (statement.database !== database) {
      await session.queryAsync(`USE ${quotedName(statement.database)}`);
      database = statement.database;
    }
    const parameters = [...statement.parameters].map(([name, value]) => [`param_${name}`, value] as const);
    const wanted = [...statement.settings, ...parameters];
    for (const [name] of wanted) checkName(name);
    const set: string[] = [];
    try {
      for (const [name, value] of wanted) {
        await session.queryAsync(`SET ${name} = ${quoted(value)}`);
        // Parameters need no taking back: a statement without the value names another or none.
        if (statement.settings.has(name)) set.push(name);
      }
      const result = await session.queryAsync(statement.sql, { format: statement.format });
      return result.bytes();
    } finally {
      for (const name of set) await session.queryAsync(`SET ${name} = DEFAULT`);
    }
  };

  return {
    run: (statement: Statement): Promise<Uint8Array> => {
      if (ended) return Promise.reject(new SessionBusy('stopping'));
      if (waiting >= WAITING_MAX) return Promise.reject(new SessionBusy(`${waiting} statements are waiting`));
      waiting += 1;
      const result = last
        .then(() => runNow(statement))
        .finally(() => {
          waiting -= 1;
        });
      last = result.catch(() => undefined);
      return result;
    },
    end: async (): Promise<void> => {
      ended = true;
      await last;
      session.close();
    },
  };
}

function checkName(name: string): void {
  if (!NAME.test(name)) {
    throw new Error(`Code: 115. DB::Exception: Unknown setting ${JSON.stringify(name)}. (UNKNOWN_SETTING)`);
  }
}

const quotedName = (name: string): string => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
