/**
 * What a writer was told, a line a write, in a file that the writer appends to and the tests read along. Knows nothing
 * of the product: the checker reads it too.
 */
import { closeSync, openSync, readSync } from 'node:fs';

/**
 * `acknowledged`: it is stored. `not_stored`: it is certainly not. `unknown`: neither is certain. `wrong`: an answer
 * that a new id must not get.
 */
export type Outcome = 'acknowledged' | 'not_stored' | 'unknown' | 'wrong';

export type Told = {
  readonly writer: string;
  readonly account: string;
  readonly id: string;
  /** CLOCK_MONOTONIC in ms. */
  readonly sentMs: number;
  readonly toldMs: number;
  readonly outcome: Outcome;
  readonly detail: string;
};

/** One line of the file. */
export function toLine(told: Told): string {
  return `${JSON.stringify(told)}\n`;
}

/** Reads a file that grows: each call gives what was appended since the last one. */
export function createTail(file: string): () => Told[] {
  let at = 0;
  let rest = '';
  const chunk = Buffer.alloc(1 << 20);
  return () => {
    const told: Told[] = [];
    const fd = openSync(file, 'r');
    try {
      for (;;) {
        const read = readSync(fd, chunk, 0, chunk.length, at);
        if (read === 0) break;
        at += read;
        const lines = (rest + chunk.toString('utf8', 0, read)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) told.push(JSON.parse(line) as Told);
      }
    } finally {
      closeSync(fd);
    }
    return told;
  };
}
