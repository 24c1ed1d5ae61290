/** The archive against a real ClickHouse (embedded, behind its URL): each row once, and failures as values. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from '@clickhouse/client';
import { type NumberedRecord, type RecordRow, recordRow } from '@holdfast/ha-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { migrate } from './migrate.ts';
import { ArchiveUnavailable, batchToken, createResultArchive, type ResultArchive } from './result-archive.ts';
import { type ClickHouseProcess, startClickHouseProcess } from './testing/clickhouse-process.ts';

// Processes are started: generous, because a busy machine is no fault of theirs.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const LIMIT_MS = 60_000;
const DATABASE = 'holdfast_test';

let clickhouse: ClickHouseProcess;
let archive: ResultArchive;

beforeAll(async () => {
  clickhouse = await startClickHouseProcess();
  archive = createResultArchive({ url: clickhouse.url, database: DATABASE, user: 'default' });
  await archive.prepare();
}, LIMIT_MS);

afterAll(async () => {
  await archive.close();
  await clickhouse.stop();
}, LIMIT_MS);

function row(account: string, number: number): RecordRow {
  const record: NumberedRecord = {
    account,
    number,
    kind: 'correction',
    signalId: `it's "quoted" \\ ü ${number}`,
    magic: '9007199254740991',
    symbol: 'EURUSD',
    reason: 'late_fill',
    detail: 'line one\nline two\ttab',
    at: 1_700_000_000_123,
    epoch: 4,
  };
  return recordRow(record);
}

const rows = (account: string, first: number, last: number): RecordRow[] =>
  Array.from({ length: last - first + 1 }, (_, index) => row(account, first + index));

async function count(account: string): Promise<number> {
  const client = createClient({ url: clickhouse.url });
  const result = await client.query({
    query: `SELECT count() AS n FROM ${DATABASE}.records WHERE account = {account:String}`,
    query_params: { account },
    format: 'JSONEachRow',
  });
  const [found] = await result.json<{ n: string }>();
  await client.close();
  return Number(found?.n);
}

describe('insert', () => {
  it('gives back what was put in, in order', async () => {
    expect(await archive.insert(rows('plain', 1, 1000))).toEqual({ is: 'confirmed' });
    expect(await archive.rows('plain', 999, 2000)).toEqual(rows('plain', 999, 1000));
    expect(await archive.insert([])).toEqual({ is: 'confirmed' });
  });

  it('drops the repeat of a batch, and shows a row once that came in two different batches', async () => {
    expect(batchToken('a', 1, 2)).toBe('a:1-2');
    await archive.insert(rows('once', 1, 10));
    await archive.insert(rows('once', 1, 10));
    expect(await count('once')).toBe(10);
    await archive.insert(rows('once', 6, 15));
    expect(await count('once')).toBe(20);
    expect(await archive.rows('once', 1, 100)).toEqual(rows('once', 1, 15));
  });

  it('is known by the last number of each account', async () => {
    await archive.insert(rows('last-a', 1, 7));
    await archive.insert(rows('last-b', 1, 2));
    const known = await archive.lastNumbers();
    expect([known.get('last-a'), known.get('last-b'), known.get('last-c')]).toEqual([7, 2, undefined]);
  });

  it('refuses a row whose content is not what its hash says, and takes none of its batch', async () => {
    const damaged = rows('refused', 1, 3).map((each) =>
      each.number === 2 ? { ...each, record: '{}' } : each,
    );
    expect(await archive.insert(damaged)).toMatchObject({ is: 'refused' });
    expect(await count('refused')).toBe(0);
  });
});

describe('prepare', () => {
  it('may run again, and refuses a migration that was changed', async () => {
    await archive.prepare();
    const client = createClient({ url: clickhouse.url });
    await client.command({
      query: `INSERT INTO ${DATABASE}.migrations VALUES (1, '001_records.sql', 'other')`,
    });
    await expect(migrate(client, DATABASE)).rejects.toThrow(/001_records.sql was changed/);
    await client.command({ query: `TRUNCATE TABLE ${DATABASE}.migrations` });
    await migrate(client, DATABASE);
    await client.close();
  });
});

describe('a ClickHouse', () => {
  it(
    'that was killed has every confirmed row, and the first insert after it succeeds',
    async () => {
      await archive.insert(rows('killed', 1, 100));
      await clickhouse.restart('SIGKILL');
      expect(await archive.insert(rows('killed', 101, 110))).toEqual({ is: 'confirmed' });
      expect(await archive.insert(rows('killed', 1, 100))).toEqual({ is: 'confirmed' });
      expect(await count('killed')).toBe(110);
    },
    LIMIT_MS,
  );

  it('that does not listen is unavailable and has not answered', async () => {
    const nobody = createResultArchive({ url: 'http://127.0.0.1:1', database: DATABASE, user: 'default' });
    expect(await nobody.insert(rows('nobody', 1, 1))).toMatchObject({ is: 'unavailable', answered: false });
    expect(await nobody.answers()).toBe(false);
    await expect(nobody.rows('nobody', 1, 1)).rejects.toThrow(ArchiveUnavailable);
    await nobody.close();
  });

  it('that is silent is given up at the deadline', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const silent = createResultArchive({
      url: `http://127.0.0.1:${port}`,
      database: DATABASE,
      user: 'default',
      requestDeadlineMs: 200,
    });
    expect(await silent.insert(rows('silent', 1, 1))).toMatchObject({ is: 'unavailable', answered: false });
    expect(await silent.answers()).toBe(false);
    await silent.close();
    server.closeAllConnections();
    server.close();
  });

  it('that has no such table is unavailable, and has answered', async () => {
    const other = createResultArchive({ url: clickhouse.url, database: 'nowhere', user: 'default' });
    expect(await other.insert(rows('other', 1, 1))).toMatchObject({ is: 'unavailable', answered: true });
    await other.close();
  });
});
