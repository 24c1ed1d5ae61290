/**
 * Reports of what an account's terminal and RTS said of each other: at takeover, when a terminal is taken into use again,
 * each minute, and when a person asks. The newest stands in RIS. It is written behind the signals, never before them.
 */
import type { BridgeSession } from '@holdfast/bridge';
import {
  gatherBoth,
  gatheredOf,
  type Host,
  NOTHING_GATHERED,
  type Position,
  type Reconciliation,
  type ReconcileCause,
  type ReconciliationReport,
  reconciliationReport,
  sleep,
  type UnknownSignal,
  type WorkingOrder,
} from '@holdfast/ha-core';
import type { TradeJournal } from '@holdfast/redis';
import type { Performed } from './wish-desk.ts';

/** The terminal's whole lists, compared and in force. `cause`: undefined for a reading that nobody asked a report of. */
export type Reading = {
  readonly session: BridgeSession;
  readonly found: Reconciliation;
  readonly cause: ReconcileCause | undefined;
};

export type ReconciliationOptions = {
  readonly host: Host;
  readonly journal: TradeJournal;
  /** RTS as it is in force. */
  readonly held: () => { readonly positions: Iterable<Position>; readonly orders: Iterable<WorkingOrder> };
  /** Which of these magics belong to signals of the account. */
  readonly ours: (magics: readonly string[]) => Promise<(magic: string) => boolean>;
  readonly unknown: () => readonly UnknownSignal[];
  /** A report stands in RIS. */
  readonly onReconciled: (report: ReconciliationReport) => void;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type Reconciliations = {
  /** Takes a reading; writes a report of it when one is due. */
  readonly take: (reading: Reading) => void;
  /** Reads now, by `read`, and resolves when the report of that stands in RIS; within a limit. */
  readonly request: (read: (cause: ReconcileCause) => Promise<void>) => Promise<Performed>;
};

const EVERY_MS = 60_000;
/** Behind the first signals of a takeover, and behind the records that explain what differed. */
const BEHIND_MS = 200;
const REQUEST_WITHIN_MS = 5000;
const LOOK_MS = 20;

/** Nothing is written before the first reading. */
export function createReconciliations(options: ReconciliationOptions): Reconciliations {
  const { host, journal } = options;
  let gathered = NOTHING_GATHERED;
  let since = host.wallMs();
  let dueMs = Number.NEGATIVE_INFINITY;
  let written: ReconciliationReport | undefined;
  let reports = 0;

  const report = async ({ session, found, cause = 'schedule' }: Reading): Promise<void> => {
    await sleep(host, BEHIND_MS);
    const { positions, orders } = options.held();
    const held = { positions: [...positions], orders: [...orders] };
    const isOurs = await options.ours([...held.positions, ...held.orders].map(({ magic }) => magic));
    const taken = gathered;
    gathered = NOTHING_GATHERED;
    const made = reconciliationReport({
      ...held,
      cause,
      terminal: session.identity.terminal,
      at: host.wallMs(),
      since,
      matched: found.matched,
      gathered: taken,
      isOurs,
      unknown: options.unknown(),
    });
    const outcome = await journal.instance({ reconciliation: made });
    if (outcome.is !== 'ok') {
      gathered = gatherBoth(taken, gathered);
      return options.log('report_not_written', { reason: outcome.is });
    }
    since = made.at;
    written = made;
    reports += 1;
    options.onReconciled(made);
    const { oursMissing, brokerExtra, differing, unknown } = made;
    if (oursMissing + differing > 0)
      options.log('reconciled', { cause, oursMissing, brokerExtra, differing, unknown: unknown.length });
  };

  return {
    take: (reading) => {
      gathered = gatherBoth(gathered, gatheredOf(reading.found.differences));
      const nowMs = host.monotonicMs();
      if (reading.cause === undefined && nowMs < dueMs) return;
      dueMs = nowMs + EVERY_MS;
      void report(reading);
    },
    request: async (read) => {
      const before = reports;
      const endMs = host.monotonicMs() + REQUEST_WITHIN_MS;
      try {
        await read('request');
      } catch (error) {
        return { is: 'refused', detail: error instanceof Error ? error.message : String(error) };
      }
      while (reports === before && host.monotonicMs() < endMs) await sleep(host, LOOK_MS);
      if (reports === before || written === undefined)
        return { is: 'refused', detail: `no report within ${REQUEST_WITHIN_MS} ms` };
      const { matched, oursMissing, brokerExtra, differing, unknown } = written;
      return {
        is: 'done',
        detail: `${matched} matched, ${oursMissing} of ours missing, ${brokerExtra} not ours, ${differing} differing, ${unknown.length} unknown`,
      };
    },
  };
}
