/**
 * RTS in the active engine: positions and working orders as last known, kept in line with the terminal's own lists
 * (reconcile), and what goes into RTRS with it. What the lists show is in force at once; Redis is told right behind,
 * so that a takeover sends as soon as it has read and not after three more rounds. What Redis has not taken yet is
 * owed, and goes with the next writing.
 */
import type { BridgeSession } from '@holdfast/bridge';
import {
  type Deal,
  type Difference,
  type Host,
  type Position,
  reconcile,
  type ReconcileCause,
  type RtsRow,
  sleep,
  type WorkingOrder,
} from '@holdfast/ha-core';
import type { AccountSnapshot, NamedRecord, RtsChange, TradeJournal } from '@holdfast/redis';
import { createBrokerRecords } from './broker-records.ts';
import type { Reading } from './reconciliation.ts';

export type HoldingsOptions = {
  readonly host: Host;
  readonly epoch: string;
  readonly journal: TradeJournal;
  readonly snapshot: AccountSnapshot;
  /** The lists were read as a whole, and are in force. */
  readonly onReading: (reading: Reading) => void;
  readonly notify: (what: string, detail: Record<string, unknown>) => void;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type Holdings = {
  readonly positions: ReadonlyMap<string, Position>;
  readonly orders: ReadonlyMap<string, WorkingOrder>;
  /** Rows that a result proves; the caller writes them with the result. */
  readonly apply: (rows: readonly RtsRow[]) => void;
  /** Which signal a magic belongs to, and the deal that its result named, whose rows are in place already. */
  readonly remember: (magic: string, signalId: string, deal: string | undefined) => void;
  /**
   * Reads the terminal's lists; resolves once they are in force, and writes what changed behind that. One at a time; a
   * call during one waits for its turn. A writing that fails is told in the log, and goes with the next.
   * `expected`: a result has already said that something changed, so differences are not worth telling.
   * @throws SessionLost, or an Error when the lists are not synced.
   */
  readonly refresh: (session: BridgeSession, expected?: boolean, cause?: ReconcileCause) => Promise<void>;
  /** Which of these magics belong to signals of the account. */
  readonly ours: (magics: readonly string[]) => Promise<(magic: string) => boolean>;
  /**
   * Reads only the newest deals, and everything when one of them is not explained by a result of ours (a stop loss, a
   * pending order, a person): the lists of an account with thousands of positions are not read for each own deal.
   * @throws as refresh does.
   */
  readonly catchUp: (session: BridgeSession) => Promise<void>;
  /** Host monotonic time at which the last finished refresh began. */
  readonly refreshedAtMs: () => number;
};

const LIST_DEADLINE_MS = 2000;
/** Deals may become visible late: each refresh looks back this far behind the newest deal that it has seen. */
const DEALS_OVERLAP_MS = 15_000;
const CATCH_UP_OVERLAP_MS = 1000;
/** What a result has just proven is not overruled by a list that may lag behind it. */
const SETTLE_MS = 2000;
/** The first signal after a takeover goes before what Redis is told of the lists: they would share its rounds. */
const BEHIND_MS = 50;

/** Holdings as RTS has them, before the first refresh. */
export function createHoldings(options: HoldingsOptions): Holdings {
  const { host, snapshot } = options;
  const positions = new Map(snapshot.positions.map((row) => [row.position, row]));
  const orders = new Map(snapshot.orders.map((row) => [row.order, row]));
  const touchedAtMs = new Map<string, number>();
  const records = createBrokerRecords(options);
  /** What Redis was not told yet: rows by list and key, deals by ticket. */
  const owedDeals = new Map<string, Deal>();
  const owed = new Map<string, RtsRow>();
  /** Working orders that are gone, as they were: what became of them is not recorded yet. */
  const ended = new Map<string, WorkingOrder>();
  let dealsUntil = snapshot.dealsUntil ?? host.wallMs() - DEALS_OVERLAP_MS;
  let refreshedAtMs = Number.NEGATIVE_INFINITY;
  let running = Promise.resolve();
  /** The session of the newest reading that is not written yet. */
  let unwritten: BridgeSession | undefined;
  let writing = false;

  const apply = (rows: readonly RtsRow[]): void => {
    for (const row of rows) {
      touchedAtMs.set(row.key, host.monotonicMs());
      owed.delete(owedName(row));
      putRow(row);
    }
  };

  const putRow = (row: RtsRow): void => {
    if (row.in === 'positions') put(positions, row.key, row.value);
    else put(orders, row.key, row.value);
  };

  const settled = (key: string, nowMs: number): boolean => {
    const touched = touchedAtMs.get(key);
    if (touched === undefined || nowMs - touched < SETTLE_MS) return touched === undefined;
    touchedAtMs.delete(key);
    return true;
  };

  const once = async (session: BridgeSession, expected: boolean, cause?: ReconcileCause): Promise<void> => {
    const startedMs = host.monotonicMs();
    const deadlineMs = LIST_DEADLINE_MS;
    const [held, working, deals] = await Promise.all([
      session.list('positions', { deadlineMs }),
      session.list('orders', { deadlineMs }),
      session.list('deals', { deadlineMs, since: Math.max(0, dealsUntil - DEALS_OVERLAP_MS) }),
    ]);
    if (!held.synced || !working.synced) throw new Error('the terminal is not in sync with its broker yet');
    const found = reconcile({ positions, orders }, { positions: held.rows, orders: working.rows });
    const changes = found.changes.filter((change) => settled(change.key, startedMs));
    for (const change of changes) {
      const before = change.in === 'orders' && change.value === undefined && orders.get(change.key);
      if (before) ended.set(change.key, before);
      owed.set(owedName(change), change);
      putRow(change);
    }
    refreshedAtMs = startedMs;
    const differences = found.differences.filter((row) => changes.some(({ key }) => key === row.key));
    if (!expected) tell(differences);
    options.onReading({ session, found: { ...found, differences }, cause });
    writeBehind(session, deals.rows);
  };

  const newest = async (session: BridgeSession): Promise<void> => {
    const since = Math.max(0, dealsUntil - CATCH_UP_OVERLAP_MS);
    const deals = await session.list('deals', { deadlineMs: LIST_DEADLINE_MS, since });
    const fresh = records.fresh(deals.rows);
    const strange = fresh.some((deal) => !records.explained(deal));
    if (strange) return once(session, true);
    writeBehind(session, fresh);
  };

  const writeBehind = (session: BridgeSession, deals: readonly Deal[]): void => {
    for (const deal of deals) owedDeals.set(deal.deal, deal);
    unwritten = session;
    if (!writing) void writeAll();
  };

  /** One writing at a time, for all that was read meanwhile. What fails waits for the next reading. */
  const writeAll = async (): Promise<void> => {
    writing = true;
    await sleep(host, BEHIND_MS);
    while (unwritten !== undefined) {
      const session = unwritten;
      unwritten = undefined;
      try {
        await writeOwed(session);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        options.log('records_owed', { rows: owed.size, deals: owedDeals.size, ended: ended.size, reason });
      }
    }
    writing = false;
  };

  const writeOwed = async (session: BridgeSession): Promise<void> => {
    const gone = new Map(ended);
    const deals = [...owedDeals.values()];
    const rows = [...(await records.ofDeals(deals)), ...(await records.ofEnded(session, gone))];
    await write(rows, latest(deals));
    for (const order of gone.keys()) ended.delete(order);
    for (const { deal } of deals) owedDeals.delete(deal);
  };

  const latest = (deals: readonly Deal[]): number =>
    deals.reduce((until, deal) => Math.max(until, deal.at), dealsUntil);

  const write = async (rows: readonly NamedRecord[], until: number): Promise<void> => {
    const settling = new Map(owed);
    const changes: RtsChange[] = [...settling.values()];
    if (until !== dealsUntil) changes.push({ in: 'account', key: 'dealsUntil', value: until });
    if (rows.length > 0 || changes.length > 0) {
      const written = await options.journal.record(rows, changes);
      if (written.is !== 'ok') throw new Error(`records not written: ${JSON.stringify(written)}`);
    }
    for (const [name, row] of settling) settle(name, row);
    records.written(rows);
    for (const { record } of rows) {
      const { kind } = record;
      if (record.kind === 'correction')
        options.notify(kind, { signalId: record.signalId, reason: record.detail });
    }
    dealsUntil = until;
  };

  /** A result that came while the row was being written may have been overtaken by it: its row is written once more. */
  const settle = (name: string, row: RtsRow): void => {
    if (owed.get(name) === row) owed.delete(name);
    else if (!owed.has(name)) owed.set(name, rowNow(row));
  };

  const rowNow = ({ in: list, key }: RtsRow): RtsRow =>
    list === 'positions'
      ? { in: list, key, ...present(positions.get(key)) }
      : { in: list, key, ...present(orders.get(key)) };

  const tell = (differences: readonly Difference[]): void => {
    if (differences.length === 0) return;
    const counts = Object.fromEntries(
      [...Map.groupBy(differences, (row) => row.finding)].map(([finding, rows]) => [finding, rows.length]),
    );
    const first = differences
      .slice(0, 5)
      .map(({ what, key, finding, detail }) => ({ what, ticket: key, finding, detail }));
    options.log('rts_differs', { ...counts, first });
  };

  /** One at a time, in the order of the calls. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const turn = running.then(work, work);
    running = turn;
    return turn;
  };

  return {
    positions,
    orders,
    apply,
    remember: records.remember,
    refresh: (session, expected = false, cause) => inTurn(() => once(session, expected, cause)),
    ours: records.ours,
    catchUp: (session) => inTurn(() => newest(session)),
    refreshedAtMs: () => refreshedAtMs,
  };
}

function put<Row>(rows: Map<string, Row>, key: string, value: Row | undefined): void {
  if (value === undefined) rows.delete(key);
  else rows.set(key, value);
}

const owedName = (row: RtsRow): string => `${row.in}:${row.key}`;

const present = <Value>(value: Value | undefined): { value?: Value } =>
  value === undefined ? {} : { value };
