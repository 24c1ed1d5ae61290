/** The figures as rows of text, for the terminal and for docs/benchmarks.md alike. */
import type { MemoryFigures } from '../benchmarks/memory.ts';
import type { TakeoverSeries } from '../benchmarks/takeover.ts';
import { median, quantile, type Series, summarise } from './figures.ts';

export type Table = { readonly heads: readonly string[]; readonly rows: readonly (readonly string[])[] };

/** Medians and ratios of acceptance or journey. */
export function speedTable(series: readonly Series[]): Table {
  return {
    heads: ['setting', 'what', 'p50 ms', 'p99 ms', 'per second', 'latency ÷ floor', 'rate ÷ floor'],
    rows: summarise(series).map((row) => [
      row.setting,
      row.contestant,
      milliseconds(row.p50Ms),
      milliseconds(row.p99Ms),
      whole(row.perSecond),
      ratio(row.latencyToFloor),
      ratio(row.rateToFloor),
    ]),
  };
}

/** Resident memory of each process. */
export function memoryTable({ processes }: MemoryFigures): Table {
  return {
    heads: ['process', 'at the start, MB', 'at the end, MB', 'at most, MB'],
    rows: processes.map(({ name, startBytes, endBytes, peakBytes }) => [
      name,
      megabytes(startBytes),
      megabytes(endBytes),
      megabytes(peakBytes),
    ]),
  };
}

/** So many runs a 99th percentile needs. */
const P99_RUNS = 300;

/** From the fault to the result of the next signal. */
export function takeoverTable(series: readonly TakeoverSeries[]): Table {
  return {
    heads: ['what', 'finished signals', 'runs', 'median ms', 'p99 ms', 'worst ms'],
    rows: series.map(({ what, finished, timesMs }) => [
      what,
      whole(finished),
      whole(timesMs.length),
      milliseconds(median(timesMs)),
      timesMs.length < P99_RUNS ? '' : milliseconds(quantile(timesMs, 0.99)),
      milliseconds(Math.max(...timesMs)),
    ]),
  };
}

/** What the memory run says besides the table. */
export function memorySentences(figures: MemoryFigures): string[] {
  const grown = figures.redisEndBytes - figures.redisStartBytes;
  return [
    `${whole(figures.signals)} signals at ${whole(figures.perSecond)} a second, 64 in flight.`,
    `Redis's own count (used_memory without the replication backlog) went from ${megabytes(figures.redisStartBytes)} to ${megabytes(figures.redisEndBytes)} MB: ${whole(grown / figures.signals)} bytes a signal.`,
  ];
}

/** A table with aligned columns, the first two to the left. */
export function textOf({ heads, rows }: Table): string {
  const lines = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) => line.map((cell, column) => aligned(cell, column, widths)).join('  ')).join('\n');
}

/** The same as Markdown. */
export function markdownOf({ heads, rows }: Table): string {
  const rule = heads.map((_, column) => (column < 2 ? '---' : '---:'));
  return [heads, rule, ...rows].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

function aligned(cell: string, column: number, widths: readonly number[]): string {
  const width = widths[column] ?? 0;
  return column < 2 ? cell.padEnd(width) : cell.padStart(width);
}

const milliseconds = (value: number): string => value.toFixed(2);
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
const ratio = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(2));
const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
