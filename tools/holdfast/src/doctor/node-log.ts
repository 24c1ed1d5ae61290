/** Why a Redis or Sentinel process ended, from the last lines of its log: only what is known to matter, word by word. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** As Redis writes them when it gives up, or cannot write. What is the cause of others stands first. */
const REASONS = [
  /No space left on device/i,
  /Read-only file system/i,
  /Input\/output error/i,
  /Bad file format reading the append only file/i,
  /Unexpected end of file reading the append only file/i,
  /Unrecoverable error reading the append only file/i,
  /append only file .*(doesn't exist|is not readable|was truncated)/i,
  /(Short read|Internal error in RDB reading|Fatal error loading the DB|Wrong signature)/i,
  /Can't (open or create|open).*(append|aof|dir)/i,
  /AOF write error/i,
  /Address already in use/i,
  /FATAL CONFIG FILE ERROR/i,
  /Out Of Memory allocating/i,
];

const LAST_BYTES = 64 * 1024;
const COLUMNS = 200;

/** The last line that tells a reason, without its stamp; undefined when there is none, or no log. */
export function reasonInLog(file: string): string | undefined {
  const lines = lastPart(file).split('\n').reverse();
  // What comes before its last start tells of another time.
  const since = lines.findIndex((line) => /Redis is starting|Running mode=/.test(line));
  const recent = since < 0 ? lines : lines.slice(0, since + 1);
  const line = REASONS.map((reason) => recent.find((one) => reason.test(one))).find(
    (one) => one !== undefined,
  );
  return line?.replace(/^\d+:\w \d+ \w+ \d+ [\d:.]+ [*#.-] /, '').slice(0, COLUMNS);
}

function lastPart(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    // Elsewhere, or never started: there is nothing to tell.
    return '';
  }
  try {
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(size, LAST_BYTES));
    readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8');
  } finally {
    closeSync(descriptor);
  }
}
