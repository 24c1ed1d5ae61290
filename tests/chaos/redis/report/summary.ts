/** The results by fault, and as a table for the terminal and the page. */
import type { Results } from './results.ts';
import { P99_FROM, rateBound, type Spread, spreadOf } from '@holdfast/drill';

export type FaultRow = {
  readonly fault: string;
  readonly runs: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly doubled: number;
  readonly unknown: number;
  /** First acknowledgement of any client after the strike (or after the mending). */
  readonly outage: Spread;
  /** The client that waited longest. */
  readonly slowest: Spread;
  /** Runs in which nothing was acknowledged within the limit. */
  readonly never: number;
  readonly falseFailovers: number;
  readonly worstMs: number | undefined;
};

/** A row for each fault that struck, in the order of their names. */
export function rowsOf({ runs }: Results): FaultRow[] {
  const names = [...new Set(runs.map(({ fault }) => fault))].toSorted();
  return names.map((fault) => {
    const own = runs.filter((run) => run.fault === fault);
    const sum = (of: (run: (typeof own)[number]) => number): number =>
      own.reduce((total, run) => total + of(run), 0);
    const known = (of: 'outageMs' | 'slowestMs'): number[] => own.flatMap((run) => run[of] ?? []);
    return {
      fault,
      runs: own.length,
      acknowledged: sum(({ verdict }) => verdict.acknowledged),
      lost: sum(({ verdict }) => verdict.lost.length),
      doubled: sum(({ verdict }) => verdict.doubled.length),
      unknown: sum(({ verdict }) => verdict.unknown),
      outage: spreadOf(known('outageMs')),
      slowest: spreadOf(known('slowestMs')),
      never: own.filter(({ outageMs }) => outageMs === undefined).length,
      falseFailovers: sum(({ wrongFailover, failovers }) => (wrongFailover === undefined ? 0 : failovers)),
      worstMs: own[0]?.worstMs,
    };
  });
}

export type StockRow = { readonly what: string; readonly outage: Spread; readonly never: number };

/** A row for each kind of stock run. */
export function stockRows({ stock }: Results): StockRow[] {
  const kinds = [...new Set(stock.map(({ downAfterMs, fault }) => `down-after ${downAfterMs}, ${fault}`))];
  return kinds.toSorted().map((what) => {
    const own = stock.filter((one) => `down-after ${one.downAfterMs}, ${one.fault}` === what);
    return {
      what,
      outage: spreadOf(own.flatMap(({ outageMs }) => outageMs ?? [])),
      never: own.filter(({ outageMs }) => outageMs === undefined).length,
    };
  });
}

/** A whole number of ms, or a dash. */
export function shownMs(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(0);
}

/** What all runs together say about loss. */
export function boundText({ runs }: Results): string {
  const lost = runs.filter(({ verdict }) => verdict.lost.length + verdict.doubled.length > 0).length;
  if (lost > 0) return `${lost} of ${runs.length} runs lost or doubled something`;
  const percent = (100 * rateBound(runs.length)).toFixed(2);
  return `nothing lost and nothing doubled in ${runs.length} runs: with 95 % confidence fewer than ${percent} % of such runs would`;
}

/** For the terminal. */
export function summary(results: Results): string {
  const header =
    'fault                       runs  lost  dbl  unkn  median     max     p99  slowest(max)  false';
  const lines = rowsOf(results).map((row) =>
    [
      row.fault.padEnd(26),
      String(row.runs).padStart(5),
      String(row.lost).padStart(5),
      String(row.doubled).padStart(4),
      String(row.unknown).padStart(5),
      shownMs(row.outage.median).padStart(7),
      shownMs(row.outage.max).padStart(7),
      shownMs(row.outage.p99).padStart(7),
      shownMs(row.slowest.max).padStart(13),
      String(row.falseFailovers).padStart(6),
      row.never === 0 ? '' : `  never: ${row.never}`,
    ].join(' '),
  );
  const stock = stockRows(results).map(
    ({ what, outage, never }) =>
      `stock ${what}: ${outage.count} runs, median ${shownMs(outage.median)}, max ${shownMs(outage.max)}${never === 0 ? '' : `, never ${never}`}`,
  );
  return [
    header,
    ...lines,
    ...stock,
    `p99 from ${P99_FROM} runs of a fault on; times in ms`,
    boundText(results),
  ].join('\n');
}
