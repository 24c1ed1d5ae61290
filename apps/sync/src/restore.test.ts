/** The start: what is used, what is put aside, and that nothing is ever deleted. */
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createResultStore, openDatabase, takeSnapshot } from '@holdfast/duckdb';
import { recordRow } from '@holdfast/ha-core';
import type { Log } from '@holdfast/process';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DatabaseInUse, restoreDatabase, type Restored } from './restore.ts';
import { orderRecord } from './testing/system.ts';

// Processes are started: generous, because a busy machine is no fault of theirs.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder: string;
let file: string;
let backups: string;
let told: string[];

const keep = (_detail: unknown, message: string): void => void told.push(message);
const log = { debug: keep, info: keep, warn: keep, error: keep } as unknown as Log;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-restore-'));
  file = join(folder, 'data', 'results.duckdb');
  backups = join(folder, 'backups');
  mkdirSync(join(folder, 'data'));
  told = [];
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const restore = (): Promise<Restored> =>
  restoreDatabase({ file, backups, wallMs: () => 1_700_000_000_000, log });

/** A database with rows up to `last`, and a snapshot at each of `snapshotsAt`. */
async function fill(last: number, snapshotsAt: readonly number[]): Promise<void> {
  const database = await openDatabase({ file });
  const store = createResultStore(database, () => 1);
  for (let number = 1; number <= last; number += 1) {
    await store.append('a', [recordRow({ ...orderRecord(number), account: 'a', number })]);
    if (snapshotsAt.includes(number)) {
      const wallMs = (): number => 1_600_000_000_000 + number * 60_000;
      await takeSnapshot({ database, backups, kept: 10, wallMs });
    }
  }
  await database.close();
}

async function syncedNow(): Promise<number | undefined> {
  const database = await openDatabase({ file });
  const [position] = await createResultStore(database, () => 1).positions();
  await database.close();
  return position?.synced;
}

const quarantined = (): string[] =>
  readdirSync(join(folder, 'data')).filter((name) => name.includes('quarantined'));

it('begins with nothing where nothing is', async () => {
  expect(await restore()).toEqual({ from: 'nothing', why: 'there is no database' });
  expect(existsSync(file)).toBe(false);
});

it('uses a whole database', async () => {
  await fill(5, [3]);
  expect(await restore()).toEqual({ from: 'database' });
  expect(await syncedNow()).toBe(5);
});

it('restores the newest snapshot where the database is gone', async () => {
  await fill(5, [2, 4]);
  rmSync(file);
  expect(await restore()).toMatchObject({ from: 'snapshot', why: 'there is no database' });
  expect(await syncedNow()).toBe(4);
});

it('puts a damaged database aside and restores the newest snapshot', async () => {
  await fill(5, [2, 4]);
  truncateSync(file, Math.floor(readFileSync(file).length / 2));
  const damaged = readFileSync(file);
  const restored = await restore();
  expect(restored.from).toBe('snapshot');
  expect(await syncedNow()).toBe(4);
  expect(quarantined()).toHaveLength(1);
  expect(readFileSync(restored.quarantined ?? '').equals(damaged)).toBe(true);
});

it('passes over a damaged snapshot, with a line that says so', async () => {
  await fill(5, [2, 4]);
  const newest = join(backups, readdirSync(backups).toSorted().at(-1) ?? '', 'results.duckdb');
  const bytes = readFileSync(newest);
  const at = bytes.length - 100;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(newest, bytes);
  rmSync(file);
  expect(await restore()).toMatchObject({ from: 'snapshot' });
  expect(await syncedNow()).toBe(2);
  expect(told).toContain('snapshot passed over: it is damaged');
});

it('checks a snapshot that another version of DuckDB has taken, and puts it aside where it does not open', async () => {
  await fill(5, [2, 4]);
  const newest = join(backups, readdirSync(backups).toSorted().at(-1) ?? '');
  // Whole by its digest, and no database.
  const bytes = Buffer.from('what another version wrote');
  writeFileSync(join(newest, 'results.duckdb'), bytes);
  const path = join(newest, 'manifest.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(path, JSON.stringify({ ...manifest, engine: 'v0.0.1', bytes: bytes.length, sha256 }));
  rmSync(file);
  expect(await restore()).toMatchObject({ from: 'snapshot' });
  expect(await syncedNow()).toBe(2);
  expect(told).toContain('snapshot passed over: it does not open');
  expect(quarantined()).toHaveLength(1);
});

it('puts a database aside that is whole but short of its snapshot', async () => {
  await fill(3, []);
  const short = join(folder, 'short.duckdb');
  cpSync(file, short);
  rmSync(file);
  await fill(6, [6]);
  cpSync(short, file);
  const restored = await restore();
  expect(restored).toMatchObject({ from: 'snapshot' });
  expect(restored.why).toMatch(/ends at 3, snapshot .* had 6/);
  expect(await syncedNow()).toBe(6);
  expect(quarantined()).toHaveLength(1);
});

it('begins with nothing when database and all snapshots are damaged, and keeps them all', async () => {
  await fill(4, [2, 4]);
  writeFileSync(file, 'no database');
  for (const name of readdirSync(backups)) writeFileSync(join(backups, name, 'results.duckdb'), 'damaged');
  expect(await restore()).toMatchObject({ from: 'nothing' });
  expect(existsSync(file)).toBe(false);
  expect(quarantined()).toHaveLength(1);
  expect(readdirSync(backups)).toHaveLength(2);
});

it('does not apply the WAL of a database that is gone to the snapshot', async () => {
  await fill(5, [4]);
  rmSync(file);
  writeFileSync(`${file}.wal`, 'the WAL of another file');
  expect(await restore()).toMatchObject({ from: 'snapshot' });
  expect(await syncedNow()).toBe(4);
  expect(quarantined()).toHaveLength(1);
});

it('leaves a database alone that another process has open', async () => {
  await fill(3, [2]);
  const holder = await openDatabase({ file });
  await expect(restore()).rejects.toThrow(DatabaseInUse);
  expect(quarantined()).toEqual([]);
  await holder.close();
  expect(await restore()).toEqual({ from: 'database' });
});
