/** Snapshots: what is kept, what is verified, and which damage is found. */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkDatabase } from './check.ts';
import { type Database, openDatabase } from './database.ts';
import { createResultStore, type ResultStore } from './result-store.ts';
import { listSnapshots, restoreSnapshot, type Snapshot, SnapshotError, takeSnapshot } from './snapshot.ts';
import { rows } from './testing/rows.ts';

// Processes are started: generous, because a busy machine is no fault of theirs.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder: string;
let backups: string;
let database: Database;
let store: ResultStore;
let now: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-snapshot-'));
  backups = join(folder, 'backups');
  database = await openDatabase({ file: join(folder, 'results.duckdb') });
  now = Date.UTC(2026, 0, 2, 3, 4, 5);
  store = createResultStore(database, () => now);
  await store.append('a', rows('a', 1, 500));
});

afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

const take = (kept = 10): Promise<Snapshot> => takeSnapshot({ database, backups, kept, wallMs: () => now });

/** Turns one bit in the middle of every 4 KiB from `from` (a share of the file) on. */
function damage(file: string, from: number): void {
  const bytes = readFileSync(file);
  for (let at = Math.floor(bytes.length * from); at < bytes.length; at += 4096)
    bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

describe('a snapshot', () => {
  it('holds what was stored, and its manifest says so', async () => {
    const { manifest, file } = await take();
    expect(manifest).toMatchObject({
      format: 1,
      name: '20260102T030405000Z-0000',
      takenAt: '2026-01-02T03:04:05.000Z',
      rows: 500,
      accounts: { a: { synced: 500, pushed: 0 } },
      migration: 1,
    });
    expect(manifest.bytes).toBe((await stat(file)).size);
    expect(manifest.sha256).toMatch(/^[0-9a-f]{64}$/);
    await store.append('a', rows('a', 501, 600));
    const restored = join(folder, 'restored.duckdb');
    await restoreSnapshot((await listSnapshots(backups))[0] as Snapshot, restored);
    expect(await checkDatabase(restored)).toMatchObject({ is: 'whole', facts: { rows: 500 } });
  });

  it('is kept in the number asked for, the newest of them', async () => {
    const taken: string[] = [];
    for (let i = 0; i < 4; i += 1) {
      taken.push((await take(3)).manifest.name);
      now += 60_000;
    }
    const kept = (await listSnapshots(backups)).map((each) => each.manifest.name);
    expect(kept).toEqual(taken.slice(1).toReversed());
  });

  it('sorts after every other, also when the clock has stepped back', async () => {
    const first = await take();
    now -= 3_600_000;
    const second = await take();
    expect((await listSnapshots(backups)).map((each) => each.manifest.name)).toEqual([
      second.manifest.name,
      first.manifest.name,
    ]);
  });

  it('leaves nothing behind when its copy does not verify', async () => {
    const refusing = { database, backups, kept: 3, wallMs: () => now, checkCommand: ['false'] as const };
    await expect(takeSnapshot(refusing)).rejects.toThrow(SnapshotError);
    expect(readdirSync(backups)).toEqual([]);
    expect(await store.append('a', rows('a', 501, 501))).toMatchObject({ is: 'stored' });
  });
});

describe('damage to a snapshot', () => {
  it.each([
    ['bits turned at its end', (file: string) => damage(file, 0.9)],
    ['bits turned in the middle', (file: string) => damage(file, 0.4)],
    [
      'a file cut to 99 %',
      (file: string) => truncateSync(file, Math.floor(readFileSync(file).length * 0.99)),
    ],
    ['a file that is gone', (file: string) => rmSync(file)],
  ])('is found: %s', async (_what, harm) => {
    const snapshot = await take();
    const restored = join(folder, 'restored.duckdb');
    expect(await restoreSnapshot(snapshot, restored)).toBeUndefined();
    const whole = readFileSync(restored);
    harm(snapshot.file);
    expect(await restoreSnapshot(snapshot, restored)).toBeDefined();
    expect(readFileSync(restored).equals(whole)).toBe(true);
    expect(existsSync(`${restored}.restoring`)).toBe(false);
  });

  it('is told when it is the manifest, and the snapshot is not listed', async () => {
    const snapshot = await take();
    writeFileSync(join(snapshot.folder, 'manifest.json'), '{');
    const told: string[] = [];
    expect(await listSnapshots(backups, (where) => told.push(where))).toEqual([]);
    expect(told).toEqual([snapshot.folder]);
  });
});

describe('the check of a database', () => {
  const closed = async (): Promise<string> => {
    await database.close();
    return database.file;
  };

  it('reads a file with its WAL, and leaves both as they are', async () => {
    // Killed, not closed: closing would write the WAL into the file.
    const copy = join(folder, 'copy.duckdb');
    await database.hold(async () => {
      writeFileSync(copy, readFileSync(database.file));
      writeFileSync(`${copy}.wal`, readFileSync(`${database.file}.wal`));
    });
    const before = readFileSync(`${copy}.wal`);
    expect(await checkDatabase(copy)).toMatchObject({ is: 'whole', facts: { rows: 500 } });
    expect(readFileSync(`${copy}.wal`).equals(before)).toBe(true);
  });

  it.each([
    ['bits turned from the start', (file: string) => damage(file, 0)],
    ['bits turned from a third on', (file: string) => damage(file, 0.33)],
    ['cut to half', (file: string) => truncateSync(file, Math.floor(readFileSync(file).length / 2))],
    ['emptied of content', (file: string) => writeFileSync(file, 'no database')],
  ])('finds a file %s', async (_what, harm) => {
    const file = await closed();
    harm(file);
    expect(await checkDatabase(file)).toMatchObject({ is: 'damaged' });
  });

  it('finds rows that are not 1 … n', async () => {
    await database.write((run) => run("DELETE FROM records WHERE account = 'a' AND number = 250"));
    expect(await checkDatabase(await closed())).toEqual({
      is: 'damaged',
      why: 'account a: position 500, but 499 rows from 1 to 500',
    });
  });

  it('finds a position that is ahead of its rows', async () => {
    await database.write((run) => run('UPDATE positions SET synced = 501'));
    expect(await checkDatabase(await closed())).toMatchObject({ is: 'damaged' });
  });

  it('takes a child that is killed for damage', async () => {
    const command = ['/bin/sh', '-c', 'kill -ABRT $$'] as const;
    expect(await checkDatabase(await closed(), command)).toMatchObject({ is: 'damaged' });
  });
});
