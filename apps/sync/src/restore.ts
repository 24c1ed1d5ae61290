/**
 * The start: a database that may be opened. It is checked in a child process first, because a damaged file can abort
 * whoever opens it. Damaged, or short of what the newest snapshot already had: it is put aside (renamed, never
 * deleted) and the newest good snapshot takes its place. What is then missing comes from RTRS, or from ClickHouse.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type CheckCommand,
  CHECK_COMMAND,
  checkDatabase,
  type DatabaseFacts,
  listSnapshots,
  restoreSnapshot,
  type Snapshot,
  syncPath,
  wasCheckedByThisEngine,
} from '@holdfast/duckdb';
import type { Log } from '@holdfast/process';

export type RestoreOptions = {
  readonly file: string;
  readonly backups: string;
  readonly wallMs: () => number;
  readonly log: Log;
  readonly checkCommand?: CheckCommand;
};

/** What the start found. `quarantined`: where the file that could not be used lies now. */
export type Restored = {
  readonly from: 'database' | 'snapshot' | 'nothing';
  readonly snapshot?: string;
  readonly quarantined?: string;
  readonly why?: string;
};

/** Another process has the database open. Two of them must never be: this one ends. */
export class DatabaseInUse extends Error {
  constructor(file: string, why: string) {
    super(`${file} is in use by another process: ${why}`);
    this.name = 'DatabaseInUse';
  }
}

/**
 * Leaves a whole database, or none, at `file`. Rejects with DatabaseInUse when another process has it open, and when
 * the disk refuses (rename, copy, fsync).
 */
export async function restoreDatabase(options: RestoreOptions): Promise<Restored> {
  await mkdir(dirname(options.file), { recursive: true, mode: 0o750 });
  const snapshots = await listSnapshots(options.backups, (folder, why) => {
    options.log.error({ folder, why }, 'snapshot passed over: its manifest cannot be read');
  });
  const why = await whyNot(options, snapshots[0]);
  if (why === undefined) return { from: 'database' };
  const quarantined = existsSync(options.file) ? await quarantine(options) : undefined;
  if (quarantined !== undefined) options.log.error({ why, quarantined }, 'database put aside');
  const found = { why, ...(quarantined === undefined ? {} : { quarantined }) };
  for (const snapshot of snapshots) {
    if (await useSnapshot(options, snapshot))
      return { from: 'snapshot', snapshot: snapshot.manifest.name, ...found };
  }
  return { from: 'nothing', ...found };
}

/** Why the database at `file` cannot be used; undefined when it can. */
async function whyNot(options: RestoreOptions, newest: Snapshot | undefined): Promise<string | undefined> {
  if (!existsSync(options.file)) return 'there is no database';
  const outcome = await checkDatabase(options.file, options.checkCommand ?? CHECK_COMMAND);
  if (outcome.is === 'in_use') throw new DatabaseInUse(options.file, outcome.why);
  if (outcome.is === 'damaged') return outcome.why;
  return newest === undefined ? undefined : shortOf(outcome.facts, newest);
}

/** A truncated WAL opens without an error and lacks rows: the manifest says what was there already. */
function shortOf(facts: DatabaseFacts, newest: Snapshot): string | undefined {
  for (const [account, { synced }] of Object.entries(newest.manifest.accounts)) {
    const has = facts.accounts[account]?.synced ?? 0;
    if (has < synced) {
      return `account ${account} ends at ${has}, snapshot ${newest.manifest.name} had ${synced}`;
    }
  }
  return undefined;
}

/** The WAL goes with its file: beside another database it would be applied to that one. */
async function quarantine(options: RestoreOptions): Promise<string> {
  const to = `${options.file}.quarantined-${new Date(options.wallMs()).toISOString().replace(/[-:.]/g, '')}`;
  await rename(options.file, to);
  if (existsSync(`${options.file}.wal`)) await rename(`${options.file}.wal`, `${to}.wal`);
  await syncPath(dirname(options.file));
  return to;
}

async function useSnapshot(options: RestoreOptions, snapshot: Snapshot): Promise<boolean> {
  const { name } = snapshot.manifest;
  if (existsSync(`${options.file}.wal`)) await quarantineWal(options);
  const damage = await restoreSnapshot(snapshot, options.file);
  if (damage !== undefined) {
    options.log.error({ snapshot: name, why: damage }, 'snapshot passed over: it is damaged');
    return false;
  }
  if (wasCheckedByThisEngine(snapshot.manifest)) return true;
  const outcome = await checkDatabase(options.file, options.checkCommand ?? CHECK_COMMAND);
  if (outcome.is === 'whole') return true;
  options.log.error({ snapshot: name, why: outcome.why }, 'snapshot passed over: it does not open');
  await quarantine(options);
  return false;
}

/** A WAL without its database belongs to a file that is gone. */
async function quarantineWal(options: RestoreOptions): Promise<void> {
  await rename(`${options.file}.wal`, `${options.file}.quarantined-${options.wallMs()}.wal`);
}
