/** Reads a small text file whole, by one descriptor: what was checked is what is read. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';

/** Why a file cannot be used, in words that go behind its path; `code` is the system's, or ours. */
export class UnreadableFile extends Error {
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnreadableFile';
    this.code = code;
  }
}

/**
 * The text of a UTF-8 file of at most `bytesMax` bytes. `accept` may refuse it by its mode or owner before it is read.
 * Throws `UnreadableFile`; never tells what the file holds.
 */
export function readTextFile(
  file: string,
  bytesMax: number,
  accept: (stats: Stats) => void = () => undefined,
): string {
  const descriptor = open(file);
  try {
    const stats = fstatSync(descriptor);
    if (stats.isDirectory()) throw new UnreadableFile('EISDIR', 'is a folder, expected a file');
    if (!stats.isFile()) throw new UnreadableFile('ENOTFILE', 'is not a regular file');
    accept(stats);
    return decode(readWhole(descriptor, bytesMax));
  } finally {
    closeSync(descriptor);
  }
}

function open(file: string): number {
  try {
    // A pipe without a writer would hold up the open; it is refused below.
    return openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
    throw new UnreadableFile(code, REASONS[code] ?? String(error), { cause: error });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist: a part of the path is not a folder',
  EACCES: 'may not be read by this user',
  ELOOP: 'is a symbolic link that leads in a circle',
  EISDIR: 'is a folder, expected a file',
};

function readWhole(descriptor: number, bytesMax: number): Buffer {
  const buffer = Buffer.alloc(bytesMax + 1);
  let length = 0;
  for (;;) {
    const read = readSync(descriptor, buffer, length, buffer.length - length, null);
    length += read;
    if (length > bytesMax) throw new UnreadableFile('EFBIG', `is larger than ${bytesMax} bytes`);
    if (read === 0) return buffer.subarray(0, length);
  }
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new UnreadableFile('EILSEQ', 'is not UTF-8 text', { cause: error });
  }
}
