/**
 * The journal in a file: append, then fdatasync. A last line without its line break is what a crash left of a write
 * that nobody was answered for: it is cut off. Anything else that is wrong stops the terminal, with the path.
 */
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Journal } from './journal.ts';

export type JournalFileOptions = {
  /** `off` leaves out fdatasync. Only for simulations: the journal then does not survive the loss of power. */
  readonly sync: 'always' | 'off';
  /** Called with the number of characters when a torn last line was cut off. */
  readonly onTorn?: (characters: number) => void;
};

export type JournalFile = Journal & { readonly close: () => void };

/** The journal file cannot be used; the message names its path. */
export class JournalUnusable extends Error {
  constructor(path: string, why: string, cause?: unknown) {
    super(`journal ${path}: ${why}`, { cause });
    this.name = 'JournalUnusable';
  }
}

/** Opens the file, or makes it. Throws JournalUnusable when it cannot be read or written, or holds what is no text. */
export function openJournalFile(path: string, options: JournalFileOptions): JournalFile {
  const { file, text } = openFile(path);
  const end = text.lastIndexOf('\n') + 1;
  if (end < text.length) {
    options.onTorn?.(text.length - end);
    ftruncateSync(file, end);
    fsyncSync(file);
  }
  const first = end === 0 ? [] : text.slice(0, end - 1).split('\n');
  const odd = first.findIndex((line) => !/^[\x20-\x7e]+$/.test(line));
  if (odd !== -1)
    throw new JournalUnusable(path, `line ${odd + 1} is not printable ASCII: the file is damaged`);
  return {
    lines: () => first,
    append: (lines) => {
      const bytes = Buffer.from(`${lines.join('\n')}\n`, 'latin1');
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
        if (options.sync === 'always') fdatasyncSync(file);
      } catch (error) {
        throw new JournalUnusable(path, 'cannot be written', error);
      }
    },
    close: () => closeSync(file),
  };
}

function openFile(path: string): { file: number; text: string } {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const file = openSync(path, 'a+', 0o600);
    // The name must survive a crash as well as the content.
    const folder = openSync(dirname(path), 'r');
    fsyncSync(folder);
    closeSync(folder);
    return { file, text: readFileSync(path, 'latin1') };
  } catch (error) {
    throw new JournalUnusable(path, error instanceof Error ? error.message : String(error), error);
  }
}
