/** The bridge's journal as a port: lines that are durable, in order. What the lines mean is journal-record.ts. */

export type Journal = {
  /** Appends lines; durable when it returns. Throws when that cannot be had: the terminal then stops. */
  readonly append: (lines: readonly string[]) => void;
  /** Every line that is there, oldest first. */
  readonly lines: () => readonly string[];
};

/** A journal in memory. It outlives the terminal that writes it, as a file would: give it to the next one. */
export function createMemoryJournal(first: readonly string[] = []): Journal {
  const all = [...first];
  return {
    append: (lines) => {
      all.push(...lines);
    },
    lines: () => [...all],
  };
}
