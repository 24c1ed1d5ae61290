/**
 * A numbered record as the stores hold it: one row, the same columns in DuckDB and ClickHouse, so that an audit can
 * compare them row by row. `record` is the canonical JSON and `hash` its SHA-256: same number with another hash is
 * other content (I8), and any database can check `sha256(record) = hash` by itself.
 */
import { createHash } from 'node:crypto';
import type { NumberedRecord, TradeRecord } from './record.ts';

/** Column names are those of both databases; absent values are empty strings, so that no column is nullable. */
export type RecordRow = {
  readonly account: string;
  readonly number: number;
  readonly kind: TradeRecord['kind'];
  readonly signal_id: string;
  readonly magic: string;
  readonly symbol: string;
  readonly action: string;
  readonly outcome: string;
  readonly reason: string;
  readonly side: string;
  /** Lots and prices are decimal strings, as everywhere. */
  readonly volume: string;
  readonly filled_volume: string;
  readonly price: string;
  /** Wall milliseconds of the record. */
  readonly at_ms: number;
  readonly epoch: number;
  readonly record: string;
  /** SHA-256 of `record`, 64 lower case hexadecimal digits. */
  readonly hash: string;
};

/** The row of a record. Account and number are columns, not part of the canonical content. */
export function recordRow(numbered: NumberedRecord): RecordRow {
  const { account, number, ...content } = numbered;
  const record = canonicalJson(content);
  const field = (name: string): string => {
    const value = (content as Record<string, unknown>)[name];
    return typeof value === 'string' ? value : '';
  };
  return {
    account,
    number,
    kind: content.kind,
    signal_id: field('signalId'),
    magic: field('magic'),
    symbol: field('symbol'),
    action: field('action'),
    outcome: field('outcome'),
    reason: field('reason'),
    side: field('side'),
    volume: field('volume'),
    filled_volume: field('filledVolume'),
    price: field('price'),
    at_ms: content.at,
    epoch: content.epoch,
    record,
    hash: contentHash(record),
  };
}

/** Is the content what its hash says, and the columns what the content says? */
export function rowIsWhole(row: RecordRow): boolean {
  if (contentHash(row.record) !== row.hash) return false;
  const again = recordRow(recordOfRow(row));
  return (Object.keys(again) as (keyof RecordRow)[]).every((column) => again[column] === row[column]);
}

function contentHash(record: string): string {
  return createHash('sha256').update(record).digest('hex');
}

/** The record of a row. Throws when `record` is not JSON, which a store that keeps its hashes cannot produce. */
export function recordOfRow(row: Pick<RecordRow, 'account' | 'number' | 'record'>): NumberedRecord {
  return { ...(JSON.parse(row.record) as TradeRecord), account: row.account, number: row.number };
}

/** JSON with the keys of every object sorted and absent fields left out: equal content gives equal text. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  let text = '';
  for (const key of Object.keys(value).sort()) {
    const field = (value as Record<string, unknown>)[key];
    if (field !== undefined)
      text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(field)}`;
  }
  return `{${text}}`;
}
