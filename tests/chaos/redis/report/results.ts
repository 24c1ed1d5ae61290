/** What a run of the suite comes out as: written as JSON, and the source of the page. */
import type { Arguments } from '../arguments.ts';
import type { Place } from '../../launch/launch.ts';
import type { RunResult } from '../one-run.ts';
import type { Soaked } from '../soak.ts';
import type { StockResult } from '../stock/stock.ts';

export type Results = {
  readonly args: Arguments;
  readonly wardens: boolean;
  readonly place: Place;
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
  readonly runs: readonly RunResult[];
  /** Runs that the test itself could not finish, in words. */
  readonly broken: readonly string[];
  readonly stock: readonly StockResult[];
  readonly minutes: number;
  /** Load of the machine in the minute before: other work makes every time longer. */
  readonly loadBefore: number;
};

/** Times are held against the aims only where the machine had little else to do: less than one process for each of two cores. */
export const QUIET_LOAD = 2;

/** Several runs of the suite as one, and the soak among them. */
export function joined(files: readonly (Results | Soaked)[]): {
  readonly parts: readonly Results[];
  readonly soaked: Soaked | undefined;
} {
  return {
    parts: files.flatMap((file) => ('runs' in file && file.runs.length > 0 ? [file] : [])),
    soaked: files.flatMap((file) => ('failovers' in file ? [file] : [])).at(-1),
  };
}

/** Everything that makes the suite fail: what breaks a promise, and runs that could not be finished. */
export function failuresOf(results: Results, beyond: (run: RunResult) => boolean): string[] {
  return [
    ...results.broken,
    ...results.runs.flatMap((run) => run.faults.map((what) => `run ${run.run} ${run.fault}: ${what}`)),
    ...results.runs
      .filter(beyond)
      .map(
        ({ run, fault, outageMs }) =>
          `run ${run} ${fault}: an outage of ${outageMs?.toFixed(0)} ms is far beyond the limit`,
      ),
  ];
}
