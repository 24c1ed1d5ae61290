/** Everything that one run measured: what `--json` writes and the tables are made from. */
import type { MemoryFigures } from '../benchmarks/memory.ts';
import type { TakeoverSeries } from '../benchmarks/takeover.ts';
import type { Series } from './figures.ts';
import type { Machine } from './machine.ts';

export type Report = {
  /** Day of the run, `2026-01-31`. */
  readonly date: string;
  readonly quick: boolean;
  readonly machine: Machine;
  readonly acceptance?: readonly Series[];
  readonly journey?: readonly Series[];
  readonly memory?: MemoryFigures;
  readonly takeover?: readonly TakeoverSeries[];
};
