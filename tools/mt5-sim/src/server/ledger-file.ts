/**
 * The broker's ledger in a file: a line a step, `<crc32> <JSON>`, numbered from 1. A last line without its line break
 * is what a kill left of a step that nobody was told of, and is cut off. Anything else that is wrong stops the broker:
 * it is the evidence that everything else is compared with.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { BrokerRecord } from '../broker/broker.ts';

export type LedgerFile = {
  readonly path: string;
  /** What was in the file when it was opened. */
  readonly records: readonly BrokerRecord[];
  /** In the file when it returns; not flushed to the disk. Throws LedgerUnusable. */
  readonly append: (record: BrokerRecord) => void;
  readonly close: () => void;
};

/** The ledger file cannot be used; the message names its path and, where it is damaged, the line. */
export class LedgerUnusable extends Error {
  constructor(path: string, why: string, cause?: unknown) {
    super(`ledger ${path}: ${why}`, { cause });
    this.name = 'LedgerUnusable';
  }
}

/** Opens `<folder>/ledger`, or makes it. Throws LedgerUnusable. */
export function openLedgerFile(folder: string, onTorn: (bytes: number) => void): LedgerFile {
  const path = join(folder, 'ledger');
  let file: number;
  let bytes: Buffer;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    file = openSync(path, 'a+', 0o600);
    bytes = readFileSync(path);
  } catch (error) {
    throw new LedgerUnusable(path, error instanceof Error ? error.message : String(error), error);
  }
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end < bytes.length) {
    onTorn(bytes.length - end);
    ftruncateSync(file, end);
  }
  const records = readRecords(path, bytes.subarray(0, end));
  let number = records.length;
  return {
    path,
    records,
    append: (record) => {
      number += 1;
      const line = Buffer.from(printRecord(number, record), 'utf8');
      try {
        for (let at = 0; at < line.length; ) at += writeSync(file, line, at);
      } catch (error) {
        throw new LedgerUnusable(path, 'cannot be written', error);
      }
    },
    close: () => closeSync(file),
  };
}

function printRecord(number: number, record: BrokerRecord): string {
  const text = JSON.stringify({ number, ...record });
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`;
}

function readRecords(path: string, bytes: Buffer): BrokerRecord[] {
  const records: BrokerRecord[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0x0a, start);
    records.push(readRecord(path, bytes.toString('utf8', start, end), records.length + 1));
    start = end + 1;
  }
  return records;
}

function readRecord(path: string, line: string, expected: number): BrokerRecord {
  const text = line.slice(9);
  if (line[8] !== ' ' || Number.parseInt(line.slice(0, 8), 16) !== crc32(text)) {
    throw new LedgerUnusable(path, `line ${expected} is damaged: its checksum does not fit`);
  }
  const { number, ...record } = JSON.parse(text) as BrokerRecord & { number: number };
  if (number !== expected) {
    throw new LedgerUnusable(path, `line ${expected} has the number ${number}: lines are missing or doubled`);
  }
  return record;
}
