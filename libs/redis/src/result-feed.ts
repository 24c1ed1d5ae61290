/**
 * RTRS for readers: the records of accounts in the order of their numbers, without gaps (I8), and only what every
 * node of the in-sync set holds.
 *
 * The blocking XREAD only wakes: what it brings may still vanish with the primary. The records are then read in one
 * group with the reader's own mark (DESIGN section 5, "Readers too"), and that read is what is handed on. A poll
 * besides, so that a wake-up that was lost with a connection costs a moment, not a record.
 */
import {
  backOffMs,
  type Command,
  type Endpoint,
  type Host,
  LIMITS,
  type NumberedRecord,
  type RedisNode,
  type RedisNodes,
  type RedisReply,
  sleep,
} from '@holdfast/ha-core';
import { accountKeys } from './keys.ts';
import { findPrimary } from './primary.ts';
import { readRecord } from './replies.ts';
import type { AcknowledgedWriter } from './writes.ts';

export type ResultFeedOptions = {
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly nodes: readonly Endpoint[];
  readonly writer: AcknowledgedWriter;
  /** The reader's name in the account's marks: one per process that reads. */
  readonly reader: string;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
  /** Records per read, at most. */
  readonly recordsMax?: number;
  /** What arrives within this time after a read travels together with the next. */
  readonly gatherMs?: number;
  /** Every account is looked at this often, woken or not. */
  readonly pollMs?: number;
};

export type ResultFeed = {
  /**
   * The records after `number`, at most `limit`, acknowledged; empty when there are none yet.
   * @throws FeedUnavailable when Redis cannot acknowledge the read; RecordsBroken when the numbers are not contiguous.
   */
  readonly after: (account: string, number: number, limit: number) => Promise<NumberedRecord[]>;
  /** Follows accounts from the numbers given (the last that the caller has) until stopped. */
  readonly follow: (positions: ReadonlyMap<string, number>, followers: Followers) => Following;
};

export type Followers = {
  /**
   * Takes records, ascending from the position. `taken`: the position moves on. `drop`: the account is not followed
   * any further. When it rejects, the same records come again after a pause.
   */
  readonly onRecords: (account: string, records: readonly NumberedRecord[]) => Promise<'taken' | 'drop'>;
  /** The account's numbers are broken: answers the number to go on from, or `drop`. */
  readonly onBroken: (account: string, broken: RecordsBroken) => Promise<number | 'drop'>;
};

export type Following = {
  /** Ends after the call of a follower that is under way. */
  readonly stop: () => Promise<void>;
  readonly following: () => ReadonlyMap<string, number>;
  /** How long ago all accounts were last read and acknowledged, in ms; undefined before the first time. */
  readonly lastReadAgeMs: () => number | undefined;
};

/** Redis cannot acknowledge a read now. Nothing was handed on; try again. */
export class FeedUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FeedUnavailable';
  }
}

/**
 * I8 does not hold for what Redis has. `missing`: the record after the position is not there, a later one is.
 * `behind`: Redis has given fewer numbers than the reader holds. `damaged`: an entry is no record.
 */
export class RecordsBroken extends Error {
  readonly code: 'missing' | 'behind' | 'damaged';
  readonly account: string;
  readonly expected: number;
  readonly found: number;
  constructor(
    code: RecordsBroken['code'],
    account: string,
    expected: number,
    found: number,
    options?: ErrorOptions,
  ) {
    super(`account ${account}: ${code}: expected record ${expected}, found ${found}`, options);
    this.name = 'RecordsBroken';
    this.code = code;
    this.account = account;
    this.expected = expected;
    this.found = found;
  }
}

const RECORDS_MAX = 500;
const GATHER_MS = 40;
const POLL_MS = 1000;
const PAUSE_FIRST_MS = 50;
const PAUSE_MOST_MS = 1000;

/** Creates the feed over the acknowledged writer; `follow` opens a connection of its own for its blocking wait. */
export function createResultFeed(options: ResultFeedOptions): ResultFeed {
  return {
    after: (account, number, limit) => readAfter(options, account, number, limit),
    follow: (positions, followers) => follow(options, positions, followers),
  };
}

async function readAfter(
  options: ResultFeedOptions,
  account: string,
  number: number,
  limit: number,
): Promise<NumberedRecord[]> {
  const keys = accountKeys(account);
  const commands: Command[] = [
    ['XRANGE', keys.rtrs, `${number + 1}-0`, '+', 'COUNT', String(limit)],
    ['HGET', keys.account, 'number'],
  ];
  const mark = { name: 'hf_mark', keys: [keys.marks], args: [options.reader, String(number)] };
  const outcome = await options.writer.read(commands, mark);
  if (outcome.is === 'unavailable') throw new FeedUnavailable(`${account}: ${outcome.detail}`);
  const [entries, given] = outcome.replies;
  return contiguous(account, number, entries, given);
}

function contiguous(
  account: string,
  position: number,
  entries: RedisReply | undefined,
  given: RedisReply | undefined,
): NumberedRecord[] {
  const lastGiven = Number(given ?? 0);
  if (!Array.isArray(entries)) throw new FeedUnavailable(`${account}: XRANGE replied ${String(entries)}`);
  const records = (entries as readonly RedisReply[]).map((entry, index) =>
    numberedRecord(account, position + 1 + index, entry),
  );
  if (lastGiven < position) throw new RecordsBroken('behind', account, position, lastGiven);
  if (records.length === 0 && lastGiven > position) {
    throw new RecordsBroken('missing', account, position + 1, lastGiven + 1);
  }
  return records;
}

function numberedRecord(account: string, expected: number, entry: RedisReply): NumberedRecord {
  let record: NumberedRecord | undefined;
  try {
    record = readRecord(account, entry);
  } catch (cause) {
    throw new RecordsBroken('damaged', account, expected, expected, { cause });
  }
  if (record === undefined || typeof record.kind !== 'string') {
    throw new RecordsBroken('damaged', account, expected, expected);
  }
  if (record.number !== expected) throw new RecordsBroken('missing', account, expected, record.number);
  return record;
}

function follow(
  options: ResultFeedOptions,
  from: ReadonlyMap<string, number>,
  followers: Followers,
): Following {
  const { host } = options;
  const positions = new Map(from);
  const wakening = createWakening(options, positions);
  let stopped = false;
  let lastReadAtMs: number | undefined;

  /** One acknowledged read of one account and its handing on; whether there may be more. */
  const advance = async (account: string, position: number): Promise<boolean> => {
    const limit = options.recordsMax ?? RECORDS_MAX;
    let records: NumberedRecord[];
    try {
      records = await readAfter(options, account, position, limit);
    } catch (error) {
      if (!(error instanceof RecordsBroken)) throw error;
      const next = await followers.onBroken(account, error);
      if (next === 'drop') positions.delete(account);
      else positions.set(account, next);
      return next !== 'drop' && next !== position;
    }
    const last = records[records.length - 1];
    if (last === undefined) return false;
    if ((await followers.onRecords(account, records)) === 'drop') positions.delete(account);
    else positions.set(account, last.number);
    return records.length === limit;
  };

  /** Reads these accounts to their ends, side by side. */
  const advanceAll = async (accounts: readonly string[]): Promise<void> => {
    await Promise.all(
      accounts.map(async (account) => {
        let more = true;
        while (more && !stopped) {
          const position = positions.get(account);
          more = position !== undefined && (await advance(account, position));
        }
      }),
    );
  };

  const loop = async (): Promise<void> => {
    let failures = 0;
    let news: readonly string[] | 'all' = 'all';
    while (!stopped) {
      const startedMs = host.monotonicMs();
      try {
        await advanceAll(news === 'all' ? [...positions.keys()] : news);
        if (news === 'all') lastReadAtMs = host.monotonicMs();
        failures = 0;
      } catch (error) {
        options.log('feed_waits', { error: String(error), failures });
        await sleep(host, backOffMs(failures, PAUSE_FIRST_MS, PAUSE_MOST_MS, host.random()));
        failures += 1;
        news = 'all';
        continue;
      }
      if (stopped) break;
      news = await wakening.next();
      const spentMs = host.monotonicMs() - startedMs;
      const gatherMs = options.gatherMs ?? GATHER_MS;
      if (!stopped && spentMs < gatherMs) await sleep(host, gatherMs - spentMs);
    }
  };
  const ended = loop().finally(() => wakening.close());
  return {
    stop: () => {
      stopped = true;
      wakening.close();
      return ended;
    },
    following: () => positions,
    lastReadAgeMs: () => (lastReadAtMs === undefined ? undefined : host.monotonicMs() - lastReadAtMs),
  };
}

type Wakening = {
  /** The accounts that have news; `all` when the poll is due, the connection was lost, or it is closed. Never rejects. */
  readonly next: () => Promise<readonly string[] | 'all'>;
  readonly close: () => void;
};

/** The blocking wait, on a connection of its own to the primary, opened anew after every failure. */
function createWakening(options: ResultFeedOptions, positions: ReadonlyMap<string, number>): Wakening {
  const { host } = options;
  const pollMs = options.pollMs ?? POLL_MS;
  let node: RedisNode | undefined;
  let closed = false;
  let interrupt = (): void => undefined;

  const connected = async (): Promise<RedisNode | undefined> => {
    if (node !== undefined) return node;
    const deadlineMs = LIMITS.dialDeadlineMs;
    const outcome = await findPrimary({ host, redis: options.redis, nodes: options.nodes, deadlineMs });
    if (outcome.is === 'none') return undefined;
    const found = outcome.primary.node;
    if (closed) {
      found.close();
      return undefined;
    }
    node = found;
    found.onClosed(() => {
      if (node === found) node = undefined;
    });
    return found;
  };

  let polledMs = host.monotonicMs();
  const wait = async (): Promise<readonly string[] | 'all'> => {
    const on = await connected();
    const untilPollMs = pollMs - (host.monotonicMs() - polledMs);
    if (on === undefined || positions.size === 0 || untilPollMs < 1) {
      if (untilPollMs >= 1) await sleep(host, Math.min(untilPollMs, PAUSE_FIRST_MS * 2));
      polledMs = host.monotonicMs();
      return 'all';
    }
    const accounts = [...positions];
    const keys = accounts.map(([account]) => accountKeys(account).rtrs);
    const ids = accounts.map(([, number]) => `${number}-0`);
    const blockMs = String(Math.ceil(untilPollMs));
    const command: Command = ['XREAD', 'COUNT', '1', 'BLOCK', blockMs, 'STREAMS', ...keys, ...ids];
    const [reply] = await on.run([command], untilPollMs + LIMITS.commandDeadlineMs);
    const named = new Set(Array.isArray(reply) ? reply.map((stream: RedisReply) => streamKey(stream)) : []);
    return accounts.filter((_, index) => named.has(keys[index])).map(([account]) => account);
  };

  return {
    next: async () => {
      if (closed) return 'all';
      const interrupted = new Promise<'all'>((resolve) => {
        interrupt = () => resolve('all');
      });
      const news = wait().catch((error: unknown): 'all' => {
        if (!closed) options.log('feed_connection_lost', { error: String(error) });
        return 'all';
      });
      return Promise.race([interrupted, news]);
    },
    close: () => {
      closed = true;
      node?.close();
      interrupt();
    },
  };
}

function streamKey(stream: RedisReply): RedisReply | undefined {
  return Array.isArray(stream) ? (stream as readonly RedisReply[])[0] : undefined;
}
