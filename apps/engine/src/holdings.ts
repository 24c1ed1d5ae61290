/**
 * RTS in the active engine: positions and working orders as last known, kept in line with the terminal's own lists
 * (reconcile), and what goes into RTRS with it. What the lists show is in force at once; Redis is told right behind,
 * so that a takeover sends as soon as it has read and not after three more rounds. What Redis has not taken yet is
 * owed, and goes with the next writing.
 */
import type { BridgeSession } from '@holdfast/bridge';
import {
  type Deal,
  decimal,
  type Difference,
  type Execution,
  formatDecimal,
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
import { createDealReader } from './deal-reader.ts';
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
  /** Which signal a magic belongs to, and what its result named: a deal whose rows are in place already, to be recorded. */
  readonly remember: (magic: string, signalId: string, execution: Execution | undefined) => void;
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
  /** The broker took this deal back. */
  readonly takenBack: (session: BridgeSession, deal: Deal) => void;
  /** Host monotonic time at which the last finished refresh began. */
  readonly refreshedAtMs: () => number;
};

const LIST_DEADLINE_MS = 2000;
/** The history shows what became of an order within this, or never. */
const ENDED_WITHIN_MS = 120_000;
/** A list that shows what a result has just changed as it was before lags behind it, and does not overrule it. */
const SETTLE_MS = 2000;
const STATES_MAX = 100;
/** The first signal after a takeover goes before what Redis is told of the lists: they would share its rounds. */
const BEHIND_MS = 50;

/** Holdings as RTS has them, before the first refresh. */
export function createHoldings(options: HoldingsOptions): Holdings {
  const { host, snapshot } = options;
  const positions = new Map(snapshot.positions.map((row) => [row.position, row]));
  const orders = new Map(snapshot.orders.map((row) => [row.order, row]));
  /** What rows were before results changed them, and until when a list may still show each of that. */
  const before = new Map<string, readonly { readonly state: string; readonly untilMs: number }[]>();
  const records = createBrokerRecords(options);
  /** What Redis was not told yet: rows by list and key, deals by ticket. */
  const owedDeals = new Map<string, Deal>();
  const owed = new Map<string, RtsRow>();
  /** Working orders that are gone, as they were, and until when their end is looked for: it is not recorded yet. */
  const ended = new Map<string, { readonly order: WorkingOrder; readonly untilMs: number }>();
  const reader = createDealReader(options);
  let refreshedAtMs = Number.NEGATIVE_INFINITY;
  let running = Promise.resolve();
  /** The session of the newest reading that is not written yet. */
  let unwritten: BridgeSession | undefined;
  let writing = false;

  const apply = (rows: readonly RtsRow[]): void => {
    for (const row of rows) {
      const was = { state: stateOf(rowOf(row)), untilMs: host.monotonicMs() + SETTLE_MS };
      before.set(row.key, [...lately(row.key), was].slice(-STATES_MAX));
      owed.delete(owedName(row));
      putRow(row);
    }
  };

  const putRow = (row: RtsRow): void => {
    if (row.in === 'positions') put(positions, row.key, row.value);
    else put(orders, row.key, row.value);
  };

  const rowOf = ({ in: list, key }: RtsRow): Position | WorkingOrder | undefined =>
    list === 'positions' ? positions.get(key) : orders.get(key);

  const lately = (key: string): readonly { readonly state: string; readonly untilMs: number }[] => {
    const nowMs = host.monotonicMs();
    const known = before.get(key)?.filter(({ untilMs }) => nowMs < untilMs) ?? [];
    if (known.length === 0) before.delete(key);
    return known;
  };

  /** Nothing newer than a result of the last moment. */
  const lags = (change: RtsRow): boolean =>
    lately(change.key).some(({ state }) => state === stateOf(change.value));

  const once = async (session: BridgeSession, expected: boolean, cause?: ReconcileCause): Promise<void> => {
    const startedMs = host.monotonicMs();
    const deadlineMs = LIST_DEADLINE_MS;
    await reader.begin(session);
    const [held, working, deals] = await Promise.all([
      session.list('positions', { deadlineMs }),
      session.list('orders', { deadlineMs }),
      reader.newest(session, 'whole'),
    ]);
    if (!held.synced || !working.synced) throw new Error('the terminal is not in sync with its broker yet');
    const found = reconcile({ positions, orders }, { positions: held.rows, orders: working.rows });
    const changes = found.changes.filter((change) => !lags(change));
    for (const change of changes) {
      const before = change.in === 'orders' && change.value === undefined && orders.get(change.key);
      if (before) ended.set(change.key, { order: before, untilMs: startedMs + ENDED_WITHIN_MS });
      owed.set(owedName(change), change);
      putRow(change);
    }
    refreshedAtMs = startedMs;
    // What a list adds to a row that a result has just changed is no news.
    const news = found.differences.filter(
      (row) => row.finding !== 'differing' || lately(row.key).length === 0,
    );
    const differences = news.filter((row) => changes.some(({ key }) => key === row.key));
    if (!expected) tell(differences);
    options.onReading({ session, found: { ...found, differences }, cause });
    writeBehind(session, deals);
  };

  const newest = async (session: BridgeSession): Promise<void> => {
    await reader.begin(session);
    const fresh = records.fresh(await reader.newest(session, 'soon'));
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
    for (const deal of records.fresh(await reader.takenBack(session))) owedDeals.set(deal.deal, deal);
    const gone = new Map([...ended].map(([ticket, { order }]) => [ticket, order]));
    const deals = [...owedDeals.values()];
    const ends = await records.ofEnded(session, gone);
    const rows = [...(await records.ofDeals(deals)), ...ends.values()];
    const isCorrection = ({ record }: NamedRecord): boolean => record.kind === 'correction';
    await write(
      rows.filter((row) => !isCorrection(row)),
      reader.reached(deals),
    );
    for (const row of rows.filter(isCorrection)) await correct(row);
    records.written(deals);
    for (const deal of deals) if (owedDeals.get(deal.deal) === deal) owedDeals.delete(deal.deal);
    for (const ticket of ends.keys()) ended.delete(ticket);
    forgetUnseen();
  };

  /** One by one: each is an alarm once, whatever later leaders find again. */
  const correct = async (row: NamedRecord): Promise<void> => {
    const written = await options.journal.record([row], []);
    if (written.is !== 'ok') throw new Error(`correction not written: ${JSON.stringify(written)}`);
    const { record } = row;
    if (written.written !== 0 && record.kind === 'correction')
      options.notify('correction', { signalId: record.signalId, reason: record.detail });
  };

  const forgetUnseen = (): void => {
    for (const [ticket, { untilMs }] of ended) {
      if (host.monotonicMs() < untilMs) continue;
      ended.delete(ticket);
      options.log('order_end_unseen', { order: ticket });
    }
  };

  const write = async (rows: readonly NamedRecord[], until: number | undefined): Promise<void> => {
    const settling = new Map(owed);
    const changes: RtsChange[] = [...settling.values()];
    if (until !== undefined && until !== reader.until())
      changes.push({ in: 'account', key: 'dealsUntil', value: until });
    if (rows.length > 0 || changes.length > 0) {
      const written = await options.journal.record(rows, changes);
      if (written.is !== 'ok') throw new Error(`records not written: ${JSON.stringify(written)}`);
    }
    for (const [name, row] of settling) settle(name, row);
    reader.wrote(until);
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
    remember: (magic, signalId, execution) => {
      const deal = execution?.deal;
      records.remember(magic, signalId, deal);
      if (execution !== undefined && deal !== '' && deal !== '0') reader.named(execution.at);
    },
    refresh: (session, expected = false, cause) => inTurn(() => once(session, expected, cause)),
    ours: records.ours,
    catchUp: (session) => inTurn(() => newest(session)),
    takenBack: (session, deal) => writeBehind(session, [deal]),
    refreshedAtMs: () => refreshedAtMs,
  };
}

function put<Row>(rows: Map<string, Row>, key: string, value: Row | undefined): void {
  if (value === undefined) rows.delete(key);
  else rows.set(key, value);
}

/** What results change of a row. */
const stateOf = (row: Position | WorkingOrder | undefined): string =>
  row === undefined ? 'gone' : `${row.side} ${formatDecimal(decimal(row.volume))}`;

const owedName = (row: RtsRow): string => `${row.in}:${row.key}`;

const present = <Value>(value: Value | undefined): { value?: Value } =>
  value === undefined ? {} : { value };
