/**
 * What happened in a run, one line an event, on one clock: faults, what Sentinels, Redis and wardens printed, and what
 * the tests saw. Printed and kept when something was lost or a limit was broken.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monotonicMs } from '@holdfast/drill';

type Entry = { readonly atMs: number; readonly from: string; readonly text: string };

export type Story = {
  /** Something that the tests did or saw. */
  readonly event: (from: string, text: string) => void;
  /** A line that a process printed. */
  readonly line: (from: string, text: string) => void;
  /** Forgets what was; a new run begins. */
  readonly begin: () => void;
  /** Lines so far, with times in ms from `zeroMs`. */
  readonly text: (zeroMs: number, most?: number) => string;
  /** Texts that came from a process whose name begins so, since the run began. */
  readonly linesOf: (prefix: string) => readonly Entry[];
  readonly keep: (folder: string, name: string, zeroMs: number, head: string) => string;
};

const ENTRIES_MAX = 20_000;

/** An empty story. */
export function createStory(): Story {
  let entries: Entry[] = [];
  const add = (from: string, text: string): void => {
    entries.push({ atMs: monotonicMs(), from, text });
    if (entries.length > ENTRIES_MAX) entries = entries.slice(-ENTRIES_MAX / 2);
  };
  const text = (zeroMs: number, most = ENTRIES_MAX): string =>
    entries
      .slice(-most)
      .map(({ atMs, from, text }) => `${(atMs - zeroMs).toFixed(1).padStart(9)}  ${from.padEnd(12)} ${text}`)
      .join('\n');
  return {
    event: (from, what) => add(from, `* ${what}`),
    line: add,
    begin: () => {
      entries = [];
    },
    text,
    linesOf: (prefix) => entries.filter(({ from }) => from.startsWith(prefix)),
    keep: (folder, name, zeroMs, head) => {
      mkdirSync(folder, { recursive: true });
      const file = join(folder, `${name}.txt`);
      writeFileSync(file, `${head}\n\n${text(zeroMs)}\n`);
      return file;
    },
  };
}
