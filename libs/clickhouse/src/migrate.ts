/**
 * Migrations of ClickHouse, which has no transaction around them: each file is one statement that may be run again
 * (IF NOT EXISTS), and its checksum is written after it. A file changed after it was applied is refused; forward only.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { ClickHouseClient } from '@clickhouse/client';

const FOLDER = new URL('../migrations/', import.meta.url);

type Applied = { readonly number: number; readonly name: string; readonly checksum: string };

/** Makes the database and brings it to this program's version. Idempotent; safe to run from two processes at once. */
export async function migrate(
  client: ClickHouseClient,
  database: string,
  folder: URL = FOLDER,
): Promise<void> {
  await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${database}` });
  await client.command({
    query: `CREATE TABLE IF NOT EXISTS ${database}.migrations (number UInt32, name String, checksum String)
            ENGINE = ReplacingMergeTree ORDER BY number`,
  });
  const result = await client.query({
    query: `SELECT number, name, checksum FROM ${database}.migrations FINAL ORDER BY number`,
    format: 'JSONEachRow',
  });
  const applied = new Map((await result.json<Applied>()).map((row) => [row.number, row]));
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort();
  for (const name of files) {
    const number = Number(name.split('_', 1)[0]);
    const sql = readFileSync(new URL(name, folder), 'utf8');
    const checksum = createHash('sha256').update(sql).digest('hex');
    const known = applied.get(number);
    applied.delete(number);
    if (known?.checksum === checksum) continue;
    if (known !== undefined)
      throw new Error(`migration ${name} was changed after it was applied as ${known.name}`);
    await client.command({ query: sql, query_params: { database } });
    await client.insert({
      table: `${database}.migrations`,
      values: [{ number, name, checksum }],
      format: 'JSONEachRow',
    });
  }
  const newer = [...applied.values()][0];
  if (newer !== undefined)
    throw new Error(`the database has migration ${newer.name}, which this program does not know`);
}
