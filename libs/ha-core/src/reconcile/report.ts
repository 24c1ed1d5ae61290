/**
 * What people are told of a reconciliation (ARCHITECTURE section 7): how RTS and the terminal's lists compared, and what
 * happened at the broker without us. RTS is brought in line by every reading, so what differed is kept until it was
 * reported once; what belongs to nobody here (manual trades, other programs) is told in each report, and left alone.
 */
import type { Position, WorkingOrder } from '../order/position.ts';
import { type Difference, heldText } from './reconcile.ts';

/** What made an engine compare. */
export type ReconcileCause = 'takeover' | 'reconnect' | 'schedule' | 'request';

export type ReportedRow = {
  readonly what: 'position' | 'order';
  /** Position identifier or order ticket. */
  readonly ticket: string;
  readonly finding: 'ours_missing' | 'broker_extra' | 'differing';
  readonly detail: string;
};

export type UnknownSignal = { readonly signalId: string; readonly ageMs: number };

export type ReconciliationReport = {
  readonly cause: ReconcileCause;
  readonly terminal: string;
  /** Wall clock, ms since 1970. */
  readonly at: number;
  /** Since when `ours_missing` and `differing` were gathered. */
  readonly since: number;
  /** Rows that RTS and the broker agree on, manual trades among them. */
  readonly matched: number;
  readonly oursMissing: number;
  readonly brokerExtra: number;
  readonly differing: number;
  readonly unknown: readonly UnknownSignal[];
  /** The first rows of each finding; the counts above are of all. */
  readonly rows: readonly ReportedRow[];
};

/** Rows listed in a report: it stands in one field of Redis. */
export const REPORTED_ROWS_MAX = 200;

/** What differed since the last report: all of it counted, the first rows kept. */
export type Gathered = {
  readonly oursMissing: number;
  readonly differing: number;
  readonly rows: readonly ReportedRow[];
};

export const NOTHING_GATHERED: Gathered = { oursMissing: 0, differing: 0, rows: [] };

/** The differences of a reading that a report tells: what is new at the broker is told from the lists themselves, each time. */
export function gatheredOf(differences: readonly Difference[]): Gathered {
  const told = differences.filter(({ finding }) => finding !== 'broker_extra');
  const oursMissing = told.filter(({ finding }) => finding === 'ours_missing').length;
  const rows = told
    .slice(0, REPORTED_ROWS_MAX)
    .map(({ what, key, finding, detail }) => ({ what, ticket: key, finding, detail }));
  return { oursMissing, differing: told.length - oursMissing, rows };
}

/** Both, the earlier rows first. */
export function gatherBoth(earlier: Gathered, later: Gathered): Gathered {
  return {
    oursMissing: earlier.oursMissing + later.oursMissing,
    differing: earlier.differing + later.differing,
    rows: [...earlier.rows, ...later.rows].slice(0, REPORTED_ROWS_MAX),
  };
}

/** Puts a report together. Pure. */
export function reconciliationReport(input: {
  readonly cause: ReconcileCause;
  readonly terminal: string;
  readonly at: number;
  readonly since: number;
  readonly matched: number;
  readonly gathered: Gathered;
  readonly positions: Iterable<Position>;
  readonly orders: Iterable<WorkingOrder>;
  readonly isOurs: (magic: string) => boolean;
  readonly unknown: readonly UnknownSignal[];
}): ReconciliationReport {
  const { cause, terminal, at, since, matched, gathered, isOurs, unknown } = input;
  const extra = [
    ...strangers('position', input.positions, isOurs),
    ...strangers('order', input.orders, isOurs),
  ];
  return {
    cause,
    terminal,
    at,
    since,
    matched,
    oursMissing: gathered.oursMissing,
    brokerExtra: extra.length,
    differing: gathered.differing,
    unknown,
    rows: [...gathered.rows, ...extra].slice(0, REPORTED_ROWS_MAX),
  };
}

function strangers(
  what: ReportedRow['what'],
  rows: Iterable<Position> | Iterable<WorkingOrder>,
  isOurs: (magic: string) => boolean,
): ReportedRow[] {
  return [...rows]
    .filter(({ magic }) => !isOurs(magic))
    .map((row) => ({
      what,
      ticket: 'order' in row ? row.order : row.position,
      finding: 'broker_extra',
      detail: `${heldText(row)}, ${row.magic === '0' ? 'by hand' : `magic ${row.magic}`}`,
    }));
}
