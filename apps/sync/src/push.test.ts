/**
 * The push loop's own decisions: when it tries again, what it cuts meanwhile, how a refused row is found. Real DuckDB,
 * an archive that answers as the test says, and time that the test moves.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InsertOutcome, ResultArchive } from '@holdfast/clickhouse';
import {
  createPushStore,
  createResultStore,
  type Database,
  openDatabase,
  type PushStore,
  type ResultStore,
} from '@holdfast/duckdb';
import { type Host, type RecordRow, recordRow } from '@holdfast/ha-core';
import type { Log } from '@holdfast/process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Push, startPush } from './push.ts';
import { orderRecord } from './testing/system.ts';

// Processes are started: generous, because a busy machine is no fault of theirs.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder: string;
let database: Database;
let store: PushStore;
let results: ResultStore;
let clock: Clock;
let archive: FakeArchive;
let push: Push | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-push-'));
  database = await openDatabase({ file: join(folder, 'results.duckdb') });
  clock = createClock();
  store = createPushStore(database, clock.host.wallMs);
  results = createResultStore(database, clock.host.wallMs);
  archive = createFakeArchive();
});

afterEach(async () => {
  await push?.stop();
  push = undefined;
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

type Clock = {
  readonly host: Host;
  /** Moves time and runs what is due. */
  readonly move: (byMs: number) => void;
  /** Whether the loop waits for time. */
  readonly waiting: () => boolean;
};

function createClock(): Clock {
  let nowMs = 1000;
  let timers: { atMs: number; run: () => void }[] = [];
  const host: Host = {
    monotonicMs: () => nowMs,
    wallMs: () => 1_700_000_000_000 + nowMs,
    after: (delayMs, run) => {
      const timer = { atMs: nowMs + delayMs, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((each) => each !== timer);
      };
    },
    random: () => 0,
  };
  const runDue = (): void => {
    const due = timers.filter((timer) => timer.atMs <= nowMs);
    timers = timers.filter((timer) => timer.atMs > nowMs);
    for (const timer of due) timer.run();
  };
  return {
    host,
    move: (byMs) => {
      nowMs += byMs;
      runDue();
    },
    waiting: () => {
      runDue();
      return timers.length > 0;
    },
  };
}

type FakeArchive = Pick<ResultArchive, 'prepare' | 'lastNumbers' | 'insert' | 'answers'> & {
  answer: (rows: readonly RecordRow[]) => InsertOutcome;
  reachable: boolean;
  /** Numbers that it has, by account; a new one has none. */
  readonly numbers: Map<string, number>;
  readonly sent: string[];
};

function createFakeArchive(): FakeArchive {
  const fake: FakeArchive = {
    answer: () => ({ is: 'confirmed' }),
    reachable: true,
    numbers: new Map(),
    sent: [],
    prepare: () => Promise.resolve(),
    lastNumbers: () => Promise.resolve(fake.numbers),
    insert: (rows) => {
      const [account, last] = [String(rows[0]?.account), Number(rows[rows.length - 1]?.number)];
      fake.sent.push(`${account}:${rows[0]?.number}-${last}`);
      const answer = fake.answer(rows);
      if (answer.is === 'confirmed')
        fake.numbers.set(account, Math.max(last, fake.numbers.get(account) ?? 0));
      return Promise.resolve(answer);
    },
    answers: () => Promise.resolve(fake.reachable),
  };
  return fake;
}

const quiet = (): void => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet } as unknown as Log;

function start(rowsMax = 10): void {
  push = startPush({
    host: clock.host,
    store,
    results,
    archive,
    log,
    retryFirstMs: 5000,
    retryMostMs: 300_000,
    rowsMax,
    probeMs: 1000,
    gatherMs: 0,
  });
}

/** Until the loop has done all that it can without time passing; the test's own limit ends what never does. */
const settled = async (): Promise<void> => {
  while (!clock.waiting()) await new Promise((resolve) => setImmediate(resolve));
};

/** Moves time in steps of a second, each to its end. */
async function pass(seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i += 1) {
    clock.move(1000);
    await settled();
  }
}

async function fill(account: string, first: number, last: number): Promise<void> {
  const rows = Array.from({ length: last - first + 1 }, (_, index) =>
    recordRow({ ...orderRecord(first + index), account, number: first + index }),
  );
  await results.append(account, rows);
}

const position = async (account: string) =>
  (await results.positions()).find((each) => each.account === account);
const takeSent = (): string[] => archive.sent.splice(0);

describe('what is confirmed', () => {
  it('is cut into batches of at most the size given, and moves the position', async () => {
    await fill('a', 1, 25);
    start();
    await settled();
    expect(takeSent()).toEqual(['a:1-10', 'a:11-20', 'a:21-25']);
    expect(await position('a')).toMatchObject({ synced: 25, cut: 25, pushed: 25 });
    await fill('a', 26, 27);
    push?.wake();
    await settled();
    expect(takeSent()).toEqual(['a:26-27']);
  });

  it('is not sent again after a restart, and what was cut is sent in the same ranges', async () => {
    await fill('a', 1, 15);
    archive.answer = (rows) =>
      rows[0]?.number === 1 ? { is: 'confirmed' } : { is: 'unavailable', answered: true, detail: 'full' };
    start();
    await settled();
    await push?.stop();
    expect(takeSent()).toEqual(['a:1-10', 'a:11-15']);
    await fill('a', 16, 18);
    archive.answer = () => ({ is: 'confirmed' });
    start();
    await settled();
    expect(takeSent()).toEqual(['a:11-15', 'a:16-18']);
    expect(await store.failed(10)).toEqual([]);
    expect(await position('a')).toMatchObject({ cut: 18, pushed: 18 });
  });
});

describe('a ClickHouse that lacks what was confirmed', () => {
  beforeEach(async () => {
    await fill('a', 1, 25);
    await fill('b', 1, 5);
    start();
    await settled();
    takeSent();
  });

  it('gets all again when it is a new one, found at the start', async () => {
    await push?.stop();
    archive.numbers.clear();
    start();
    await settled();
    expect(takeSent()).toEqual(['a:1-10', 'a:11-20', 'a:21-25', 'b:1-5']);
    expect(await position('a')).toMatchObject({ cut: 25, pushed: 25 });
  });

  it('gets what its backup has not, once it has failed and answers again', async () => {
    archive.answer = () => ({ is: 'unavailable', answered: false, detail: 'ECONNREFUSED' });
    archive.reachable = false;
    await fill('a', 26, 27);
    push?.wake();
    await settled();
    expect(takeSent()).toEqual(['a:26-27']);
    archive.numbers.set('a', 12);
    archive.answer = () => ({ is: 'confirmed' });
    archive.reachable = true;
    await pass(1);
    expect(takeSent()).toEqual(['a:13-22', 'a:23-27']);
    expect(await position('a')).toMatchObject({ cut: 27, pushed: 27 });
    expect(await store.failed(10)).toEqual([]);
    // Nothing is due any more: the next look is the poll.
    await pass(5);
    expect(takeSent()).toEqual([]);
  });
});

describe('a silent ClickHouse', () => {
  beforeEach(async () => {
    await fill('a', 1, 25);
    archive.answer = () => ({ is: 'unavailable', answered: false, detail: 'ECONNREFUSED' });
    archive.reachable = false;
    start();
    await settled();
  });

  it('leaves one batch open, in failed_syncs, and nothing further is cut', async () => {
    expect(takeSent()).toEqual(['a:1-10']);
    await pass(120);
    expect(takeSent()).toEqual([]);
    expect(await position('a')).toMatchObject({ cut: 10, pushed: 0 });
    expect(await store.failed(10)).toMatchObject([
      { account: 'a', first: 1, last: 10, rows: 10, attempts: 1, error: 'ECONNREFUSED', setAside: false },
    ]);
    expect(push?.state()).toEqual({ available: false, lastError: 'ECONNREFUSED' });
  });

  it('is asked again as soon as it answers a ping', async () => {
    archive.reachable = true;
    archive.answer = () => ({ is: 'confirmed' });
    takeSent();
    await pass(2);
    expect(takeSent()).toEqual(['a:1-10', 'a:11-20', 'a:21-25']);
    expect(await store.failed(10)).toEqual([]);
    expect(push?.state().available).toBe(true);
  });
});

describe('a ClickHouse that answers with an error of its own', () => {
  it('gets the batch again after 5 s, 10 s, … and never more than 5 min', async () => {
    await fill('a', 1, 3);
    archive.answer = () => ({ is: 'unavailable', answered: true, detail: 'TOO_MANY_PARTS' });
    start();
    await settled();
    const triedAtS: number[] = [];
    takeSent();
    for (let second = 5; second <= 1300; second += 5) {
      clock.move(5000);
      await settled();
      if (takeSent().length > 0) triedAtS.push(second);
    }
    expect(triedAtS).toEqual([5, 15, 35, 75, 155, 315, 615, 915, 1215]);
    expect(await store.failed(10)).toMatchObject([{ attempts: 10 }]);
  });

  it('does not hold up what comes after it, nor other accounts', async () => {
    await fill('a', 1, 5);
    await fill('b', 1, 5);
    archive.answer = (rows) =>
      rows[0]?.account === 'a' && rows[0].number === 1
        ? { is: 'unavailable', answered: true, detail: 'MEMORY_LIMIT_EXCEEDED' }
        : { is: 'confirmed' };
    start();
    await settled();
    await fill('a', 6, 9);
    push?.wake();
    await settled();
    expect(takeSent()).toEqual(['a:1-5', 'b:1-5', 'a:6-9']);
    expect(await position('a')).toMatchObject({ cut: 9, pushed: 0 });
    await pass(5);
    archive.answer = () => ({ is: 'confirmed' });
    await pass(10);
    expect(await position('a')).toMatchObject({ cut: 9, pushed: 9 });
  });
});

describe('a row that ClickHouse refuses', () => {
  const refuses = (numbers: readonly number[]) => {
    archive.answer = (rows) =>
      rows.some((row) => numbers.includes(row.number))
        ? { is: 'refused', detail: 'VIOLATED_CONSTRAINT' }
        : { is: 'confirmed' };
  };

  it('is found by halving, set aside, and the rest of its batch is confirmed', async () => {
    await fill('a', 1, 10);
    refuses([4, 9]);
    start();
    await settled();
    const aside = (await store.failed(10)).map(({ first, last, setAside }) => [first, last, setAside]);
    expect(aside).toEqual([
      [4, 4, true],
      [9, 9, true],
    ]);
    expect((await store.open()).map((batch) => batch.first)).toEqual([4, 9]);
    expect(await position('a')).toMatchObject({ cut: 10, pushed: 3 });
  });

  it('is tried again every 5 min, and leaves failed_syncs when it is taken', async () => {
    await fill('a', 1, 2);
    refuses([2]);
    start();
    await settled();
    takeSent();
    clock.move(299_000);
    await settled();
    expect(takeSent()).toEqual([]);
    refuses([]);
    await pass(2);
    expect(takeSent()).toEqual(['a:2-2']);
    expect(await store.failed(10)).toEqual([]);
    expect(await position('a')).toMatchObject({ pushed: 2 });
  });
});
