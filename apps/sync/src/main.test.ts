/**
 * The whole way, with real processes: Redis → sync → DuckDB → ClickHouse. One suite, one embedded ClickHouse.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SyncStatus } from './read-api.ts';
import {
  archiveRows,
  type Child,
  end,
  freePort,
  get,
  hashOf,
  orders,
  type Redis,
  startClickHouse,
  startRedis,
  startSyncProcess,
  type SyncSettings,
  temporaryFolder,
  until,
} from './testing/system.ts';

const folder = temporaryFolder();
let redis: Redis;
let clickhouse: Child;
let sync: Child | undefined;
let settings: SyncSettings;

beforeAll(async () => {
  redis = await startRedis(folder.path);
  const clickhousePort = await freePort();
  clickhouse = await startClickHouse(folder.path, clickhousePort);
  settings = {
    folder: folder.path,
    redis,
    clickhousePort,
    apiPort: await freePort(),
    accounts: ['one', 'two'],
  };
}, 60_000);

afterAll(async () => {
  await end(sync);
  await end(clickhouse);
  await redis.stop();
  folder.remove();
}, 60_000);

/** A sync that ended by itself has said why. */
const runs = (): void => {
  if (sync?.process.exitCode !== null) throw new Error(`sync ended: ${sync?.output()}`);
};
const status = (): Promise<SyncStatus | undefined> => get<SyncStatus>(settings.apiPort, '/v1/status');
const accountStatus = async (account: string) =>
  (await status())?.accounts.find((each) => each.account === account);
const pushedTo = (account: string, number: number) =>
  until(`${account} pushed to ${number}`, async () => {
    runs();
    return (await accountStatus(account))?.pushed === number;
  });

/** Each number from 1 to `last` once, with the content that was recorded. */
async function expectArchive(account: string, last: number): Promise<void> {
  const rows = await archiveRows(settings.clickhousePort, account);
  expect(rows.map((row) => row.number)).toEqual(Array.from({ length: last }, (_, index) => index + 1));
  for (const row of rows) expect(row.hash).toBe(hashOf(account, row.number));
}

describe('records', () => {
  it('come from Redis through DuckDB into ClickHouse, each once', async () => {
    await redis.record('one', orders(1, 20));
    sync = startSyncProcess(settings);
    await pushedTo('one', 20);
    await redis.record('one', orders(21, 40));
    await redis.record('two', orders(1, 7));
    await pushedTo('one', 40);
    await pushedTo('two', 7);
    await expectArchive('one', 40);
    await expectArchive('two', 7);
    type Page = { records: { number: number; order: string; account: string }[]; next: number };
    const page = await get<Page>(settings.apiPort, '/v1/records?account=one&after=37&limit=2');
    expect(page?.next).toBe(39);
    expect(page?.records.map((record) => [record.number, record.order])).toEqual([
      [38, '38'],
      [39, '39'],
    ]);
  }, 60_000);
});
