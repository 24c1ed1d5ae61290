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
  /** The broker took this deal back. */
  readonly takenBack: (session: BridgeSession, deal: Deal) => void;
  /** Host monotonic time at which the last finished refresh began. */
  readonly refreshedAtMs: () => number;
};

const LIST_DEADLINE_MS = 2000;
/** Deals may become visible late: each refresh looks back this far behind the newest deal that it has seen. */
const DEALS_OVERLAP_MS = 15_000;
const CATCH_UP_OVERLAP_MS = 1000;
/** Where the broker's clock was set back (summer time), so much of the time before is read again. */
const SET_BACK_MS = 3_600_000 + DEALS_OVERLAP_MS;
/** Deals that the broker took back keep their time: they are looked for this far back, and so often. */
const TAKEN_BACK_SINCE_MS = 72 * 3_600_000;
const TAKEN_BACK_EVERY_MS = 60_000;
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
  /** What rows were before results changed them, and until when a list may still show that. */
  const before = new Map<string, { readonly untilMs: number; readonly states: readonly string[] }>();
  const records = createBrokerRecords(options);
  /** What Redis was not told yet: rows by list and key, deals by ticket. */
  const owedDeals = new Map<string, Deal>();
  const owed = new Map<string, RtsRow>();
  /** Working orders that are gone, as they were, and until when their end is looked for: it is not recorded yet. */
  const ended = new Map<string, { readonly order: WorkingOrder; readonly untilMs: number }>();
  /** By the broker's clock, as are all times of its rows; undefined for an account that was never read. */
  let dealsUntil = snapshot.dealsUntil;
  let brokerMs = Number.POSITIVE_INFINITY;
  let takenBackDueMs = Number.NEGATIVE_INFINITY;
  let refreshedAtMs = Number.NEGATIVE_INFINITY;
  let running = Promise.resolve();
  /** The session of the newest reading that is not written yet. */
  let unwritten: BridgeSession | undefined;
  let writing = false;

  const apply = (rows: readonly RtsRow[]): void => {
    for (const row of rows) {
      const { states = [] } = lately(row.key) ?? {};
      before.set(row.key, {
        untilMs: host.monotonicMs() + SETTLE_MS,
        states: [...states, stateOf(rowOf(row))].slice(-STATES_MAX),
      });
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

  const lately = (key: string): { readonly states: readonly string[] } | undefined => {
    const known = before.get(key);
    if (known !== undefined && host.monotonicMs() < known.untilMs) return known;
    before.delete(key);
    return undefined;
  };

  /** Nothing newer than a result of the last moment. */
  const lags = (change: RtsRow): boolean =>
    lately(change.key)?.states.includes(stateOf(change.value)) === true;

  const once = async (session: BridgeSession, expected: boolean, cause?: ReconcileCause): Promise<void> => {
    const startedMs = host.monotonicMs();
    const deadlineMs = LIST_DEADLINE_MS;
    const until = dealsUntil ?? (await begin(session));
    const [held, working, deals] = await Promise.all([
      session.list('positions', { deadlineMs }),
      session.list('orders', { deadlineMs }),
      dealsSince(session, until, DEALS_OVERLAP_MS),
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
      (row) => row.finding !== 'differing' || lately(row.key) === undefined,
    );
    const differences = news.filter((row) => changes.some(({ key }) => key === row.key));
    if (!expected) tell(differences);
    options.onReading({ session, found: { ...found, differences }, cause });
    writeBehind(session, deals);
  };

  const newest = async (session: BridgeSession): Promise<void> => {
    if (dealsUntil === undefined) return once(session, true);
    const fresh = records.fresh(await dealsSince(session, dealsUntil, CATCH_UP_OVERLAP_MS));
    const strange = fresh.some((deal) => !records.explained(deal));
    if (strange) return once(session, true);
    writeBehind(session, fresh);
  };

  /**
   * Where the records of an account that was never read begin: at the broker's present time, which stands in Redis before
   * anything is sent, so that a later leader misses nothing of it.
   */
  const begin = async (session: BridgeSession): Promise<number> => {
    const { time } = await session.list('orders', { deadlineMs: LIST_DEADLINE_MS });
    const value = time ?? host.wallMs();
    const written = await options.journal.record([], [{ in: 'account', key: 'dealsUntil', value }]);
    if (written.is !== 'ok') throw new Error(`the beginning was not written: ${JSON.stringify(written)}`);
    dealsUntil = value;
    return value;
  };

  const dealsSince = async (
    session: BridgeSession,
    untilMs: number,
    overlapMs: number,
  ): Promise<readonly Deal[]> => {
    const list = (sinceMs: number): ReturnType<typeof session.list<'deals'>> =>
      session.list('deals', { deadlineMs: LIST_DEADLINE_MS, since: Math.max(0, sinceMs) });
    const deals = await list(untilMs - overlapMs);
    brokerMs = deals.time ?? Number.POSITIVE_INFINITY;
    if (brokerMs >= untilMs - DEALS_OVERLAP_MS) return deals.rows;
    options.log('broker_clock_set_back', { time: brokerMs, dealsUntil: untilMs });
    dealsUntil = brokerMs;
    return (await list(brokerMs - SET_BACK_MS)).rows;
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
    await findTakenBack(session);
    const gone = new Map([...ended].map(([ticket, { order }]) => [ticket, order]));
    const deals = [...owedDeals.values()];
    const ends = await records.ofEnded(session, gone);
    await write([...(await records.ofDeals(deals)), ...ends.values()], latest(deals));
    records.written(deals);
    for (const deal of deals) if (owedDeals.get(deal.deal) === deal) owedDeals.delete(deal.deal);
    for (const ticket of ends.keys()) ended.delete(ticket);
    forgetUnseen();
  };

  /** Nothing is told when it happens but a hint, which may be lost. */
  const findTakenBack = async (session: BridgeSession): Promise<void> => {
    if (host.monotonicMs() < takenBackDueMs || dealsUntil === undefined) return;
    const since = Math.max(0, dealsUntil - TAKEN_BACK_SINCE_MS);
    const found = await session.list('deals', { since, cancelled: true, deadlineMs: LIST_DEADLINE_MS });
    for (const deal of records.fresh(found.rows)) owedDeals.set(deal.deal, deal);
    takenBackDueMs = host.monotonicMs() + TAKEN_BACK_EVERY_MS;
  };

  const forgetUnseen = (): void => {
    for (const [ticket, { untilMs }] of ended) {
      if (host.monotonicMs() < untilMs) continue;
      ended.delete(ticket);
      options.log('order_end_unseen', { order: ticket });
    }
  };

  /** A deal in the broker's future is from before its clock was set back. */
  const latest = (deals: readonly Deal[]): number | undefined =>
    deals.reduce<number | undefined>(
      (until, { at }) => (at <= brokerMs && at > (until ?? 0) ? at : until),
      dealsUntil,
    );

  const write = async (rows: readonly NamedRecord[], until: number | undefined): Promise<void> => {
    const settling = new Map(owed);
    const changes: RtsChange[] = [...settling.values()];
    if (until !== undefined && until !== dealsUntil)
      changes.push({ in: 'account', key: 'dealsUntil', value: until });
    if (rows.length > 0 || changes.length > 0) {
      const written = await options.journal.record(rows, changes);
      if (written.is !== 'ok') throw new Error(`records not written: ${JSON.stringify(written)}`);
    }
    for (const [name, row] of settling) settle(name, row);
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
