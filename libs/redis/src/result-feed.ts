/**
 * RTRS for readers: the records of accounts in the order of their numbers, without gaps (I8), and only what every
 * node of the in-sync set holds: they are read in one group with the reader's own mark (ARCHITECTURE section 5, "Readers
 * too"), and that read is what is handed on.
 *
 * Followers get each account's last known record again whenever Redis shows another content for it than it did the
 * last time, and once at the start: a Redis that lost its tail and gave the numbers again is found that way, by
 * whoever keeps the content.
 */
import {
  backOffMs,
  type Command,
  type Endpoint,
  type Host,
  type NumberedRecord,
  type RedisNodes,
  type RedisReply,
  sleep,
} from '@holdfast/ha-core';
import { accountKeys } from './keys.ts';
import { createPrimaryConnection } from './primary-connection.ts';
import { readRecord } from './replies.ts';
import { createWakening } from './result-wakening.ts';
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
   * Takes records, ascending; the first may be the one at the position, to be compared. `taken`: the position moves on. `drop`: the account is not followed
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
  /** Follows an account, again or anew, from the number given. */
  readonly include: (account: string, number: number) => void;
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

/** Parsing and hashing this many keeps the event loop for less than 20 ms (measured, records of 800 bytes). */
const RECORDS_MAX = 250;
const GATHER_MS = 40;
const POLL_MS = 1000;
const PAUSE_FIRST_MS = 50;
const PAUSE_MOST_MS = 1000;

/** Creates the feed over the acknowledged writer; `follow` opens a connection of its own for its blocking wait. */
export function createResultFeed(options: ResultFeedOptions): ResultFeed {
  return {
    after: (account, number, limit) => readFrom(options, account, number, number + 1, limit),
    follow: (positions, followers) => follow(options, positions, followers),
  };
}

/** The records from `first` on. `number` is the reader's position: what it has for certain. */
async function readFrom(
  options: ResultFeedOptions,
  account: string,
  number: number,
  first: number,
  limit: number,
): Promise<NumberedRecord[]> {
  const keys = accountKeys(account);
  const commands: Command[] = [
    ['XRANGE', keys.rtrs, `${first}-0`, '+', 'COUNT', String(limit)],
    ['HGET', keys.account, 'number'],
  ];
  const mark = { name: 'hf_mark', keys: [keys.marks], args: [options.reader, String(number)] };
  const outcome = await options.writer.read(commands, mark);
  if (outcome.is === 'unavailable') throw new FeedUnavailable(`${account}: ${outcome.detail}`);
  const [entries, given] = outcome.replies;
  if (!Array.isArray(entries)) throw new FeedUnavailable(`${account}: XRANGE replied ${String(entries)}`);
  return contiguous(account, number, entries, Number(given ?? 0));
}

/** I8: the entries, checked to go on from the position, or from the record at it. */
function contiguous(
  account: string,
  position: number,
  entries: readonly RedisReply[],
  lastGiven: number,
): NumberedRecord[] {
  if (lastGiven < position) throw new RecordsBroken('behind', account, position, lastGiven);
  const records = entries.map((entry, index) => numberedRecord(account, position + 1 + index, entry));
  const from = records[0]?.number === position ? position : position + 1;
  records.forEach((record, index) => {
    if (record.number !== from + index) {
      throw new RecordsBroken('missing', account, from + index, record.number);
    }
  });
  const last = records[records.length - 1]?.number ?? position;
  if (last <= position && lastGiven > position) {
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
  return record;
}

function follow(
  options: ResultFeedOptions,
  from: ReadonlyMap<string, number>,
  followers: Followers,
): Following {
  const { host } = options;
  const positions = new Map(from);
  const connection = createPrimaryConnection(options);
  const endHearing = options.writer.onPrimary(connection.moved);
  const pollMs = options.pollMs ?? POLL_MS;
  const wakening = createWakening({ host, connection, positions, pollMs, log: options.log });
  const advance = createAdvance(options, positions, followers);
  let stopped = false;
  let lastReadAtMs: number | undefined;

  /** Reads these accounts to their ends, side by side. */
  const advanceAll = async (accounts: readonly string[]): Promise<void> => {
    await Promise.all(
      accounts.map(async (account) => {
        let more = true;
        while (more && !stopped) more = await advance(account);
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
  const ended = loop().finally(() => {
    endHearing();
    wakening.close();
  });
  return {
    stop: () => {
      stopped = true;
      wakening.close();
      return ended;
    },
    following: () => positions,
    include: (account, number) => void positions.set(account, number),
    lastReadAgeMs: () => (lastReadAtMs === undefined ? undefined : host.monotonicMs() - lastReadAtMs),
  };
}

/** One acknowledged read of one account and its handing on; answers whether there may be more. */
function createAdvance(
  options: ResultFeedOptions,
  positions: Map<string, number>,
  followers: Followers,
): (account: string) => Promise<boolean> {
  /** Each account's record at its position, as it was handed on: news only when Redis shows another. */
  const seen = new Map<string, string>();
  const limit = options.recordsMax ?? RECORDS_MAX;

  const broken = async (account: string, position: number, error: RecordsBroken): Promise<boolean> => {
    const next = await followers.onBroken(account, error);
    if (next === 'drop') positions.delete(account);
    else positions.set(account, next);
    return next !== 'drop' && next !== position;
  };

  return async (account) => {
    const position = positions.get(account);
    if (position === undefined) return false;
    let records: NumberedRecord[];
    try {
      records = await readFrom(options, account, position, Math.max(1, position), limit + 1);
    } catch (error) {
      if (!(error instanceof RecordsBroken)) throw error;
      return broken(account, position, error);
    }
    const [first, last] = [records[0], records[records.length - 1]];
    if (first === undefined || last === undefined) return false;
    const known = first.number === position && JSON.stringify(first) === seen.get(account);
    const news = known ? records.slice(1) : records;
    if (news.length === 0) return false;
    if ((await followers.onRecords(account, news)) === 'drop') {
      positions.delete(account);
      seen.delete(account);
      return false;
    }
    positions.set(account, last.number);
    seen.set(account, JSON.stringify(last));
    return records.length > limit;
  };
}
