/** What many runs come to: a row for each fault, and what no failure in so many runs says. Pure. */
import { faultNamed, PAIR } from '../faults/table.ts';
import type { RunResult } from '../run/one-run.ts';
import { failuresOf } from './failures.ts';
import { P99_FROM, rateBound, type Spread, spreadOf } from './statistics.ts';

export type FaultRow = {
  readonly fault: string;
  readonly what: string;
  readonly rows: string;
  /** Nothing can be executed while it lasts: times count from its end. */
  readonly stops: boolean;
  readonly runs: number;
  readonly lost: number;
  readonly doubled: number;
  readonly failed: number;
  readonly unknown: number;
  /** To the next executed signal of any account, and of the one that waited longest. */
  readonly first: Spread;
  readonly slowest: Spread;
};

/** A row for each fault that struck, in the order of their names. */
export function rowsOf(runs: readonly RunResult[]): FaultRow[] {
  const names = [...new Set(runs.map(({ fault }) => fault))].toSorted();
  return names.map((fault) => {
    const own = runs.filter((run) => run.fault === fault);
    const sum = (of: (run: RunResult) => number): number => own.reduce((total, run) => total + of(run), 0);
    const known = fault === PAIR ? undefined : faultNamed(fault);
    return {
      fault,
      what: known?.what ?? 'two faults, the second while the first is felt',
      rows: known?.rows ?? '54',
      stops: known === undefined || known.stops === true,
      runs: own.length,
      lost: sum(({ verdict }) => verdict.lost.length),
      doubled: sum(({ verdict }) => verdict.doubled.length),
      failed: own.filter((run) => failuresOf(run).length > 0).length,
      unknown: sum(({ verdict }) => verdict.unknown.length),
      first: spreadOf(own.flatMap(({ firstMs }) => firstMs ?? [])),
      slowest: spreadOf(own.flatMap(({ outageMs }) => outageMs ?? [])),
    };
  });
}

/** What all runs together say. */
export function boundText(runs: readonly RunResult[]): string {
  const lost = runs.reduce((sum, { verdict }) => sum + verdict.lost.length, 0);
  const doubled = runs.reduce((sum, { verdict }) => sum + verdict.doubled.length, 0);
  const failed = runs.filter((run) => failuresOf(run).length > 0).length;
  const bound = `with 95 % confidence fewer than ${(100 * rateBound(runs.length)).toFixed(1)} % of such runs would`;
  if (lost + doubled > 0) return `${lost} lost and ${doubled} doubled in ${runs.length} runs`;
  if (failed > 0)
    return `nothing lost and nothing doubled in ${runs.length} runs, and ${failed} of them failed otherwise`;
  return runs.length < 3
    ? `nothing lost and nothing doubled in ${runs.length} ${runs.length === 1 ? 'run' : 'runs'}`
    : `nothing lost and nothing doubled in ${runs.length} runs: ${bound} lose or double something`;
}

/** A whole number of ms, or a dash. */
export function shownMs(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(0);
}

/** The rows as a table of Markdown. */
export function tableOf(runs: readonly RunResult[]): string {
  const lines = rowsOf(runs).map(
    (row) =>
      `| ${row.what}${row.stops ? '¹' : ''} (\`${row.fault}\`) | ${row.rows} | ${row.runs} | ${row.lost} | ${row.doubled} | ${row.failed} | ${row.unknown} | ${shownMs(row.first.median)} | ${shownMs(row.slowest.median)} | ${shownMs(row.slowest.p99)} | ${shownMs(row.slowest.max)} |`,
  );
  return `| fault | row | runs | lost | doubled | failed | unknown | first account, median | slowest account, median | p99 | worst |
|---|---|---|---|---|---|---|---|---|---|---|
${lines.join('\n')}

Times in ms: from the fault to the next executed signal that was sent after it; for faults marked ¹, which nothing can be
executed under, from their end. p99 from ${P99_FROM} runs of a fault on. "Unknown": the broker did not confirm the order, nothing
was sent again, and the signal was named.`;
}
