/**
 * Migrations: numbered SQL files, each applied once in one transaction with its checksum. A file that was applied
 * and then changed, or a database that is newer than this program, is refused rather than guessed at.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Run } from './database.ts';

export type Migration = { readonly number: number; readonly name: string; readonly sql: string };

const FOLDER = new URL('../migrations/', import.meta.url);

/** The migrations of this program, in order. Throws when their numbers are not 1, 2, 3, … */
export function migrations(folder: URL = FOLDER): Migration[] {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort();
  return files.map((name, index) => {
    const number = Number(name.split('_', 1)[0]);
    if (number !== index + 1) throw new Error(`migration ${name}: expected number ${index + 1}`);
    return { number, name, sql: readFileSync(new URL(name, folder), 'utf8') };
  });
}

/** Brings the database to this program's version. Idempotent. */
export async function migrate(run: Run, wanted: readonly Migration[] = migrations()): Promise<void> {
  await run(
    'CREATE TABLE IF NOT EXISTS migrations (number BIGINT PRIMARY KEY, name VARCHAR NOT NULL, checksum VARCHAR NOT NULL)',
  );
  const applied = await run('SELECT number, name, checksum FROM migrations ORDER BY number');
  if (applied.length > wanted.length) {
    const newest = applied[applied.length - 1];
    throw new Error(`the database has migration ${newest?.name}, which this program does not know`);
  }
  for (const migration of wanted) {
    const checksum = createHash('sha256').update(migration.sql).digest('hex');
    const known = applied[migration.number - 1];
    if (known === undefined) await apply(run, migration, checksum);
    else if (known.checksum !== checksum) {
      throw new Error(`migration ${migration.name} was changed after it was applied`);
    }
  }
}

async function apply(run: Run, migration: Migration, checksum: string): Promise<void> {
  await run('BEGIN TRANSACTION');
  try {
    await run(migration.sql);
    await run('INSERT INTO migrations VALUES ($number, $name, $checksum)', {
      number: migration.number,
      name: migration.name,
      checksum,
    });
    await run('COMMIT');
  } catch (error) {
    await run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
