/** What came out of a range of seeds, and of several one after the other. */
import type { Counts, Simulation } from './series.ts';

export type ManySeeds = {
  readonly simulation: Simulation;
  readonly from: number;
  readonly ran: number;
  readonly broken: readonly { readonly seed: number; readonly why: string }[];
  readonly counts: Counts;
  /** Acknowledged writes, or orders. */
  readonly worth: number;
};

/** Parts of one range, as one. Throws where there is none. */
export function together(parts: readonly ManySeeds[]): ManySeeds {
  const [first] = parts;
  if (first === undefined) throw new Error('no seeds to put together');
  const counts: Record<string, number> = {};
  for (const part of parts) {
    for (const [what, number] of Object.entries(part.counts)) counts[what] = (counts[what] ?? 0) + number;
  }
  return {
    simulation: first.simulation,
    from: Math.min(...parts.map(({ from }) => from)),
    ran: parts.reduce((sum, { ran }) => sum + ran, 0),
    broken: parts.flatMap(({ broken }) => broken),
    counts,
    worth: parts.reduce((sum, { worth }) => sum + worth, 0),
  };
}
