/**
 * The whole way with real processes, Redis → sync → DuckDB → ClickHouse, and what breaks it: a killed sync, a silent
 * ClickHouse, a lost reply, a row that ClickHouse refuses, other content under a known number, a damaged database.
 * One suite, because the embedded ClickHouse is slow to load; each test has accounts of its own.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '@holdfast/duckdb';
import type { NumberedRecord } from '@holdfast/ha-core';
import { accountKeys, NODES_KEY } from '@holdfast/redis';
import { freePort, type RedisPair, startRedisPair } from '@holdfast/redis/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SyncStatus } from './read-api.ts';
import { type CuttingProxy, startCuttingProxy } from './testing/cutting-proxy.ts';
import {
  archiveCount,
  archiveRows,
  type Child,
  end,
  get,
  hashOf,
  orderRecord,
  orders,
  SECRET,
  startClickHouse,
  startSyncProcess,
  type SyncSettings,
  temporaryFolder,
  until,
} from './testing/system.ts';

const ACCOUNTS = ['flow', 'other', 'killed', 'silent', 'lost', 'poison', 'conflict', 'damaged'];
const LIMIT_MS = 120_000;

const folder = temporaryFolder();
let redis: RedisPair;
let clickhouse: Child | undefined;
let clickhousePort: number;
let proxy: CuttingProxy;
let sync: Child | undefined;
let settings: SyncSettings;

beforeAll(async () => {
  redis = await startRedisPair();
  clickhousePort = await freePort();
  clickhouse = await startClickHouse(folder.path, clickhousePort);
  proxy = await startCuttingProxy(clickhousePort);
  settings = {
    folder: folder.path,
    redis,
    clickhousePort: proxy.port,
    apiPort: await freePort(),
    accounts: ACCOUNTS,
  };
  sync = startSyncProcess(settings);
}, LIMIT_MS);

afterAll(async () => {
  await end(sync);
  await end(clickhouse);
  await proxy.close();
  await redis.stop();
  folder.remove();
}, LIMIT_MS);

/** A sync that ended by itself has said why. */
async function status(): Promise<SyncStatus | undefined> {
  if (sync?.process.exitCode !== null) throw new Error(`sync ended: ${sync?.output().slice(-3000)}`);
  return get<SyncStatus>(settings.apiPort, '/v1/status');
}

const accountStatus = async (account: string) =>
  (await status())?.accounts.find((each) => each.account === account);
const reaches = (account: string, field: 'synced' | 'pushed', number: number) =>
  until(
    `${field} of ${account} is ${number}`,
    async () => (await accountStatus(account))?.[field] === number,
  );
const numbers = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** Each number from 1 to `last` once, with the content that was recorded. */
async function expectArchive(account: string, last: number): Promise<void> {
  const rows = await archiveRows(clickhousePort, account);
  expect(rows.map((row) => row.number)).toEqual(numbers(1, last));
  for (const row of rows) expect(row.hash).toBe(hashOf(account, row.number));
}

async function storedNumbers(account: string): Promise<number[]> {
  type Page = { records: NumberedRecord[] };
  const page = await get<Page>(settings.apiPort, `/v1/records?account=${account}&limit=1000`);
  return page?.records.map((record) => record.number) ?? [];
}

async function stopSync(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  return end(sync, signal);
}

/** Gives the account's stream other content, number by number. */
async function rewrite(account: string, tickets: readonly number[]): Promise<void> {
  const { rtrs } = accountKeys(account);
  await redis.command('DEL', rtrs);
  for (const [index, ticket] of tickets.entries()) {
    await redis.command('XADD', rtrs, `${index + 1}-0`, 'record', JSON.stringify(orderRecord(ticket)));
  }
}

describe('records', () => {
  it(
    'come from Redis through DuckDB into ClickHouse, each once',
    async () => {
      await redis.record('flow', orders(1, 20));
      await reaches('flow', 'pushed', 20);
      await redis.record('flow', orders(21, 40));
      await redis.record('other', orders(1, 7));
      await reaches('flow', 'pushed', 40);
      await reaches('other', 'pushed', 7);
      await expectArchive('flow', 40);
      await expectArchive('other', 7);
      type Page = { records: { number: number; order: string; account: string }[]; next: number };
      const page = await get<Page>(settings.apiPort, '/v1/records?account=flow&after=37&limit=2');
      expect(page?.next).toBe(39);
      expect(page?.records.map((record) => [record.number, record.order])).toEqual([
        [38, '38'],
        [39, '39'],
      ]);
    },
    LIMIT_MS,
  );

  it(
    'are complete after sync was killed while they came',
    async () => {
      for (let group = 0; group < 30; group += 1) {
        await redis.record('killed', orders(group * 10 + 1, group * 10 + 10));
        if (group === 10 || group === 20) {
          await stopSync('SIGKILL');
          sync = startSyncProcess(settings);
        }
      }
      await reaches('killed', 'pushed', 300);
      expect(await storedNumbers('killed')).toEqual(numbers(1, 300));
      await expectArchive('killed', 300);
    },
    LIMIT_MS,
  );
});

describe('ClickHouse', () => {
  it(
    'may be gone: records are stored, the failure is shown, and each arrives once when it is back',
    async () => {
      await end(clickhouse, 'SIGKILL');
      await redis.record('silent', orders(1, 25));
      await reaches('silent', 'synced', 25);
      const failed = await until('a row of failed_syncs', async () => (await status())?.failed[0]);
      expect(failed).toMatchObject({ account: 'silent', attempts: 1, setAside: false });
      expect(failed.error).not.toBe('');
      expect(failed.nextAtMs).toBeGreaterThan(failed.failedAtMs + 3000);
      await redis.record('silent', orders(26, 50));
      await reaches('silent', 'synced', 50);
      expect((await status())?.clickhouse.available).toBe(false);
      clickhouse = await startClickHouse(folder.path, clickhousePort);
      await reaches('silent', 'pushed', 50);
      expect((await status())?.failed).toEqual([]);
      await expectArchive('silent', 50);
    },
    LIMIT_MS,
  );

  it(
    'may lose its reply after the insert: the repeat makes no double, with or without FINAL',
    async () => {
      proxy.lose(3);
      await redis.record('lost', orders(1, 10));
      await until('the replies are lost', () => Promise.resolve(proxy.lost() === 3));
      await reaches('lost', 'pushed', 10);
      await expectArchive('lost', 10);
      expect(await archiveCount(clickhousePort, 'lost')).toBe(10);
    },
    LIMIT_MS,
  );

  it(
    'may refuse one row: it is set aside and shown, the rest goes on',
    async () => {
      await end(clickhouse, 'SIGKILL');
      await redis.record('poison', orders(1, 9));
      await reaches('poison', 'synced', 9);
      expect(await stopSync()).toBe(0);
      const database = await openDatabase({ file: join(folder.path, 'data/results.duckdb') });
      await database.write((run) =>
        run("UPDATE records SET record = '{}' WHERE account = 'poison' AND number = 5"),
      );
      await database.close();
      clickhouse = await startClickHouse(folder.path, clickhousePort);
      sync = startSyncProcess(settings);
      const failed = await until('the row is set aside', async () =>
        (await status())?.failed.find((each) => each.setAside),
      );
      expect(failed).toMatchObject({ account: 'poison', first: 5, last: 5, rows: 1 });
      expect(failed.error).toMatch(/VIOLATED_CONSTRAINT/);
      await redis.record('poison', orders(10, 12));
      await until(
        'the rest arrives',
        async () => (await archiveRows(clickhousePort, 'poison')).length === 11,
      );
      const arrived = (await archiveRows(clickhousePort, 'poison')).map((row) => row.number);
      expect(arrived).toEqual([1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12]);
      expect(await accountStatus('poison')).toMatchObject({ synced: 12, cut: 12, pushed: 4 });
      expect((await status())?.failed).toHaveLength(1);
    },
    LIMIT_MS,
  );
});

describe('a known number with other content', () => {
  it(
    'stops its account and no other',
    async () => {
      await redis.record('conflict', orders(1, 5));
      await reaches('conflict', 'pushed', 5);
      expect(await stopSync()).toBe(0);
      await rewrite('conflict', [1, 2, 3, 4, 55]);
      await redis.record('conflict', orders(6, 8));
      sync = startSyncProcess(settings);
      const stopped = await until('the account is stopped', async () => {
        const account = await accountStatus('conflict');
        return account?.stopped === '' ? undefined : account;
      });
      expect(stopped).toMatchObject({ synced: 5 });
      expect(stopped.stopped).toMatch(/record 5 came with other content/);
      await redis.record('flow', orders(41, 45));
      await reaches('flow', 'pushed', 45);
      expect(await storedNumbers('conflict')).toEqual(numbers(1, 5));
      await expectArchive('conflict', 5);
      const metrics = await (await fetch(`http://127.0.0.1:${settings.apiPort}/metrics`)).text();
      expect(metrics).toMatch(/holdfast_sync_account_stopped\{[^}]*account="conflict"[^}]*\} 1/);
      expect(metrics).toMatch(/holdfast_sync_account_stopped\{[^}]*account="flow"[^}]*\} 0/);

      await rewrite('conflict', [1, 2, 3, 4, 5, 6, 7, 8]);
      const resumed = await fetch(`http://127.0.0.1:${settings.apiPort}/v1/resume`, {
        method: 'POST',
        headers: { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' },
        body: JSON.stringify({ account: 'conflict' }),
      });
      expect(await resumed.json()).toEqual({ account: 'conflict', from: 5 });
      await reaches('conflict', 'pushed', 8);
      await expectArchive('conflict', 8);
    },
    LIMIT_MS,
  );
});

describe('a damaged database', () => {
  it(
    'is put aside, and what neither snapshot nor Redis has comes back from ClickHouse',
    async () => {
      await redis.record('damaged', orders(1, 30));
      await reaches('damaged', 'pushed', 30);
      await until('a snapshot', async () => typeof (await status())?.snapshot.name === 'string');
      await stopSync('SIGKILL');
      const data = join(folder.path, 'data');
      writeFileSync(join(data, 'results.duckdb'), 'no database');
      await redis.command('XTRIM', accountKeys('damaged').rtrs, 'MINID', '21-0');
      sync = startSyncProcess(settings);
      await redis.record('damaged', orders(31, 33));
      await reaches('damaged', 'pushed', 33);
      expect(await storedNumbers('damaged')).toEqual(numbers(1, 33));
      await expectArchive('damaged', 33);
      expect((await status())?.restored.from).toBe('snapshot');
      expect(readdirSync(data).filter((name) => name.includes('quarantined'))).not.toEqual([]);
    },
    LIMIT_MS,
  );
});

describe('the read API', () => {
  it('is for those who have the secret', async () => {
    const guessed = await fetch(`http://127.0.0.1:${settings.apiPort}/v1/status`, {
      headers: { authorization: 'Bearer guess' },
    });
    expect(guessed.status).toBe(401);
    expect((await fetch(`http://127.0.0.1:${settings.apiPort}/v1/records?account=flow`)).status).toBe(401);
  });

  it.each([
    ['account', '/v1/results'],
    ['account', '/v1/records?account=nobody'],
    ['after', '/v1/records?account=flow&after=-1'],
    ['limit', '/v1/records?account=flow&limit=1001'],
    ['limit', '/v1/records?account=flow&limit=NaN'],
  ])('names a wrong %s: %s', async (field, path) => {
    const answer = await get<{ error: string }>(settings.apiPort, path);
    expect(answer?.error).toMatch(new RegExp(`^${field} .*expected`));
  });

  it('answers health, and the process says in Redis that it is there', async () => {
    await until('ready', async () => (await fetch(`http://127.0.0.1:${settings.apiPort}/readyz`)).ok);
    expect((await fetch(`http://127.0.0.1:${settings.apiPort}/livez`)).status).toBe(200);
    const said = JSON.parse(String(await redis.command('HGET', NODES_KEY, 'sync'))) as Record<
      string,
      unknown
    >;
    expect(said).toMatchObject({
      kind: 'sync',
      role: 'active',
      pid: sync?.process.pid,
      endpoint: `127.0.0.1:${settings.apiPort}`,
    });
  });

  it('ends in order when asked to', async () => {
    expect(await stopSync()).toBe(0);
  });
});
