/** I8 in DuckDB: rows and position together, each number once, other content stops one account only. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkDatabase } from './check.ts';
import { type Database, openDatabase } from './database.ts';
import { createResultStore, type ResultStore } from './result-store.ts';
import { row, rows } from './testing/rows.ts';

// Processes are started: generous, because a busy machine is no fault of theirs.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder: string;
let database: Database;
let store: ResultStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-store-'));
  database = await openDatabase({ file: join(folder, 'results.duckdb') });
  store = createResultStore(database, () => 1_700_000_000_000);
});

afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('append', () => {
  it('stores rows and position, and gives them back in order', async () => {
    expect(await store.append('a', rows('a', 1, 1000))).toEqual({
      is: 'stored',
      synced: 1000,
      stored: 1000,
      ignored: 0,
    });
    const [position] = await store.positions();
    expect(position).toMatchObject({ account: 'a', synced: 1000, cut: 0, pushed: 0, stopped: '' });
    expect(await store.rows('a', 998, 10)).toEqual([row('a', 999), row('a', 1000)]);
    expect(await store.rows('a', 0, 10, 'deal')).toEqual([]);
  });

  it('ignores a number that is there with the same content', async () => {
    await store.append('a', rows('a', 1, 5));
    expect(await store.append('a', rows('a', 3, 8))).toMatchObject({
      is: 'stored',
      synced: 8,
      stored: 3,
      ignored: 3,
    });
    expect((await store.rows('a', 0, 100)).map((each) => each.number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('refuses a gap and stores nothing', async () => {
    await store.append('a', rows('a', 1, 2));
    expect(await store.append('a', rows('a', 4, 5))).toEqual({ is: 'gap', expected: 3, found: 4 });
    expect((await store.rows('a', 0, 100)).length).toBe(2);
  });

  it('stops the account whose number came with other content, and no other', async () => {
    await store.append('a', rows('a', 1, 3));
    const outcome = await store.append('a', [row('a', 3, 'changed'), row('a', 4)]);
    expect(outcome).toMatchObject({ is: 'conflict', number: 3 });
    expect(await store.rows('a', 2, 10)).toEqual([row('a', 3)]);
    expect(await store.append('a', [row('a', 4)])).toMatchObject({ is: 'stopped' });
    expect(await store.append('b', rows('b', 1, 3))).toMatchObject({ is: 'stored', synced: 3 });
    const kept = await database.read('SELECT account, number, received_record FROM conflicts');
    expect(kept).toEqual([{ account: 'a', number: 3, received_record: row('a', 3, 'changed').record }]);
    const stopped = (await store.positions()).map((each) => [each.account, each.stopped !== '']);
    expect(stopped).toEqual([
      ['a', true],
      ['b', false],
    ]);
  });

  it('leaves neither rows nor position when the transaction fails', async () => {
    await store.append('a', rows('a', 1, 2));
    const failed = database.write(async (run) => {
      await run("UPDATE positions SET synced = 9 WHERE account = 'a'");
      await run('INSERT INTO records SELECT * FROM nowhere');
    });
    await expect(failed).rejects.toThrow(/nowhere/);
    expect((await store.positions())[0]).toMatchObject({ synced: 2 });
    expect(await store.append('a', rows('a', 3, 3))).toMatchObject({ is: 'stored', synced: 3 });
  });
});

describe('a process that is killed in the middle of a run', () => {
  it('leaves position and rows in step, with everything it had reported', async () => {
    const file = join(folder, 'killed.duckdb');
    const child = spawn(
      process.execPath,
      [new URL('./testing/append-child.ts', import.meta.url).pathname, file],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const reported = await new Promise<number>((resolve, reject) => {
      let last = 0;
      let text = '';
      child.on('error', reject);
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        for (const line of text.split('\n').slice(0, -1)) last = Number(line);
        text = text.slice(text.lastIndexOf('\n') + 1);
        if (last >= 2000) child.kill('SIGKILL');
      });
      child.on('close', () => resolve(last));
    });
    expect(reported).toBeGreaterThanOrEqual(2000);
    const check = await checkDatabase(file);
    expect(check).toMatchObject({ is: 'whole' });
    const reopened = await openDatabase({ file });
    const [position] = await createResultStore(reopened, () => 1).positions();
    expect(position?.synced).toBeGreaterThanOrEqual(reported);
    const [count] = await reopened.read('SELECT count(*) AS n, max(number) AS last FROM records');
    expect(count).toEqual({ n: position?.synced, last: position?.synced });
    await reopened.close();
  });
});
