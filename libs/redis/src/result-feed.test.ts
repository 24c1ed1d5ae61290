/** I8 for readers: in order, without gaps, acknowledged; and what a broken RTRS looks like. Against real Redis. */
import type { NumberedRecord, TradeRecord } from '@holdfast/ha-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { accountKeys } from './keys.ts';
import { createRedisNodes } from './node.ts';
import { createResultFeed, type Following, type RecordsBroken, type ResultFeed } from './result-feed.ts';
import { orderRecord, type RedisPair, startRedisPair } from './testing/redis-pair.ts';
import { testHost, until } from './testing/test-host.ts';

let redis: RedisPair;
let feed: ResultFeed;
let following: Following | undefined;

beforeAll(async () => {
  redis = await startRedisPair();
  feed = createResultFeed({
    host: testHost,
    redis: createRedisNodes(),
    nodes: redis.nodes,
    writer: redis.writer,
    reader: 'sync',
    log: () => undefined,
    recordsMax: 7,
    gatherMs: 1,
    pollMs: 200,
  });
}, 20_000);

afterEach(async () => {
  await following?.stop();
  following = undefined;
});

afterAll(() => redis.stop());

const orders = (first: number, last: number): TradeRecord[] =>
  Array.from({ length: last - first + 1 }, (_, index) => orderRecord(first + index));

type Taken = { readonly numbers: number[]; readonly tickets: string[]; readonly broken: RecordsBroken[] };

/** Follows one account and keeps what comes. */
function take(account: string, from: number, answer: number | 'drop' = 'drop'): Taken {
  const taken: Taken = { numbers: [], tickets: [], broken: [] };
  following = feed.follow(new Map([[account, from]]), {
    onRecords: (_, records) => {
      taken.numbers.push(...records.map((record) => record.number));
      taken.tickets.push(...records.map(ticketOf));
      return Promise.resolve('taken');
    },
    onBroken: (_, broken) => {
      taken.broken.push(broken);
      return Promise.resolve(answer);
    },
  });
  return taken;
}

const ticketOf = (record: NumberedRecord): string => (record.kind === 'order' ? record.order : '');
const numbers = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** Replaces the account's whole stream by these entries. */
async function rewrite(account: string, entries: readonly [number, string][]): Promise<void> {
  const { rtrs } = accountKeys(account);
  await redis.command('DEL', rtrs);
  for (const [number, record] of entries) {
    expect(await redis.command('XADD', rtrs, `${number}-0`, 'record', record)).toBe(`${number}-0`);
  }
}

it('reads after a number, at most as many as asked, and marks where it stands', async () => {
  await redis.record('plain', orders(1, 5));
  const records = await feed.after('plain', 2, 2);
  expect(records.map((record) => [record.account, record.number, ticketOf(record)])).toEqual([
    ['plain', 3, '3'],
    ['plain', 4, '4'],
  ]);
  expect(await feed.after('plain', 5, 10)).toEqual([]);
  expect(await redis.command('HGET', accountKeys('plain').marks, 'sync')).toBe('5');
});

it('follows through many reads and goes on when records come later', async () => {
  await redis.record('follow', orders(1, 30));
  const taken = take('follow', 0);
  await until('30 records', () => taken.numbers.length >= 30);
  await redis.record('follow', orders(31, 33));
  await until('33 records', () => taken.numbers.length >= 33);
  expect(taken.numbers).toEqual(numbers(1, 33));
  expect(taken.broken).toEqual([]);
});

it('hands on the same records again when taking them failed', async () => {
  await redis.record('again', orders(1, 3));
  const calls: number[][] = [];
  following = feed.follow(new Map([['again', 0]]), {
    onRecords: (_, records) => {
      calls.push(records.map((record) => record.number));
      return calls.length < 3 ? Promise.reject(new Error('disk')) : Promise.resolve('taken');
    },
    onBroken: () => Promise.resolve('drop'),
  });
  await until('three tries', () => calls.length === 3);
  expect(calls).toEqual([
    [1, 2, 3],
    [1, 2, 3],
    [1, 2, 3],
  ]);
});

it('names account, expected and found number when a record is missing', async () => {
  await redis.record('gap', orders(1, 6));
  await redis.command('XDEL', accountKeys('gap').rtrs, '4-0');
  await expect(feed.after('gap', 0, 100)).rejects.toMatchObject({
    code: 'missing',
    account: 'gap',
    expected: 4,
    found: 5,
  });
  const taken = take('gap', 0);
  await until('the gap is told', () => taken.broken.length === 1);
  expect(taken.broken[0]).toMatchObject({ account: 'gap', expected: 4, found: 5 });
  expect(following?.following().has('gap')).toBe(false);
});

it('goes on from where its caller has filled the gap', async () => {
  await redis.record('trimmed', orders(1, 9));
  await redis.command('XTRIM', accountKeys('trimmed').rtrs, 'MINID', '6-0');
  const taken = take('trimmed', 2, 5);
  await until('the records after the gap', () => taken.numbers.length >= 4);
  expect(taken.broken.map((broken) => [broken.expected, broken.found])).toEqual([[3, 6]]);
  expect(taken.numbers).toEqual([6, 7, 8, 9]);
});

it('tells a stream that was trimmed to nothing', async () => {
  await redis.record('empty', orders(1, 4));
  await redis.command('XTRIM', accountKeys('empty').rtrs, 'MAXLEN', '0');
  await expect(feed.after('empty', 2, 10)).rejects.toMatchObject({ code: 'missing', expected: 3, found: 5 });
  expect(await feed.after('empty', 4, 10)).toEqual([]);
});

it('tells a Redis that has given fewer numbers than its reader holds', async () => {
  await redis.record('behind', orders(1, 3));
  await expect(feed.after('behind', 5, 10)).rejects.toMatchObject({ code: 'behind', expected: 5, found: 3 });
});

it('tells an entry that is no record', async () => {
  await redis.record('damaged', orders(1, 2));
  await rewrite('damaged', [
    [1, JSON.stringify(orderRecord(1))],
    [2, '{"kind":'],
  ]);
  await expect(feed.after('damaged', 0, 10)).rejects.toMatchObject({ code: 'damaged', expected: 2 });
});

it('hands on the record at the position when it is another than before, also when later ones came', async () => {
  await redis.record('replaced', orders(1, 3));
  const taken = take('replaced', 2);
  await until('the first records', () => taken.numbers.length >= 2);
  expect(taken.numbers).toEqual([2, 3]);
  const entries = [1, 2, 33, 4].map((order, index): [number, string] => [
    index + 1,
    JSON.stringify(orderRecord(order)),
  ]);
  await redis.command('HSET', accountKeys('replaced').account, 'number', '4');
  await rewrite('replaced', entries);
  await until('the replaced record', () => taken.numbers.length >= 4);
  expect(taken.tickets).toEqual(['2', '3', '33', '4']);
});

it('survives the loss of the primary, and hands on nothing that only one node holds', async () => {
  const taken = take('failover', 0);
  await redis.record('failover', orders(1, 10));
  await until('10 records', () => taken.numbers.length >= 10);
  await redis.kill(0);
  const promoted = await createRedisNodes().open(redis.nodes[1], 1000);
  await promoted.run([['REPLICAOF', 'NO', 'ONE']], 1000);
  const keys = accountKeys('failover');
  const late = ['engine-1', '1', '1', 'late', JSON.stringify(orderRecord(11)), '0'] as const;
  const record = [keys.lease, keys.rtrs, keys.account, keys.recorded] as const;
  await promoted.run([['FCALL', 'hf_record', '4', ...record, ...late]], 1000);
  promoted.close();
  await until('no read is acknowledged any more', () => (following?.lastReadAgeMs() ?? 0) > 600);
  expect(taken.numbers).toEqual(numbers(1, 10));
  await redis.startAsReplica(0);
  await until('the record that now has its replica', () => taken.numbers.length >= 11);
  expect(taken.numbers).toEqual(numbers(1, 11));
}, 20_000);
