/**
 * RTS in the active engine: positions and working orders as last known, kept in line with the terminal's own lists
 * (reconcile), and the deals and order changes that go into RTRS as numbered records, each once (I8).
 */
import type { BridgeSession } from '@holdfast/bridge';
import {
  type Deal,
  type DealRecord,
  type Difference,
  type Host,
  lateFill,
  type OrderRecord,
  type Position,
  reconcile,
  type RtsRow,
  type WorkingOrder,
} from '@holdfast/ha-core';
import type { AccountSnapshot, NamedRecord, RtsChange, TradeJournal } from '@holdfast/redis';

export type HoldingsOptions = {
  readonly host: Host;
  readonly epoch: string;
  readonly journal: TradeJournal;
  readonly snapshot: AccountSnapshot;
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
   * Reads the terminal's lists and writes what changed. One at a time; a call during one waits for its turn.
   * `expected`: a result has already said that something changed, so differences are not worth telling.
   * @throws SessionLost, or an Error when the lists are not synced or Redis refuses the write.
   */
  readonly refresh: (session: BridgeSession, expected?: boolean) => Promise<void>;
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
const REMEMBERED_MAX = 20_000;

/** Holdings as RTS has them, before the first refresh. */
export function createHoldings(options: HoldingsOptions): Holdings {
  const { host, snapshot } = options;
  const positions = new Map(snapshot.positions.map((row) => [row.position, row]));
  const orders = new Map(snapshot.orders.map((row) => [row.order, row]));
  const touchedAtMs = new Map<string, number>();
  const signalIds = new Map<string, string>();
  const recordedDeals = new Set<string>();
  const explainedDeals = new Set<string>();
  let dealsUntil = snapshot.dealsUntil ?? host.wallMs() - DEALS_OVERLAP_MS;
  let refreshedAtMs = Number.NEGATIVE_INFINITY;
  let running = Promise.resolve();

  const apply = (rows: readonly RtsRow[]): void => {
    for (const row of rows) {
      touchedAtMs.set(row.key, host.monotonicMs());
      if (row.in === 'positions') put(positions, row.key, row.value);
      else put(orders, row.key, row.value);
    }
  };

  const settled = (key: string, nowMs: number): boolean => {
    const touched = touchedAtMs.get(key);
    if (touched === undefined || nowMs - touched < SETTLE_MS) return touched === undefined;
    touchedAtMs.delete(key);
    return true;
  };

  const once = async (session: BridgeSession, expected = false): Promise<void> => {
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
    const gone = changes.filter((change) => change.in === 'orders' && change.value === undefined);
    const closed = await goneOrders(
      session,
      gone.map((row) => row.key),
    );
    await write([...(await dealRecords(deals.rows)), ...closed], changes, latest(deals.rows));
    for (const change of changes) {
      if (change.in === 'positions') put(positions, change.key, change.value);
      else put(orders, change.key, change.value);
    }
    refreshedAtMs = startedMs;
    if (!expected) tell(found.differences.filter((row) => changes.some((change) => change.key === row.key)));
  };

  const newest = async (session: BridgeSession): Promise<void> => {
    const since = Math.max(0, dealsUntil - CATCH_UP_OVERLAP_MS);
    const deals = await session.list('deals', { deadlineMs: LIST_DEADLINE_MS, since });
    const fresh = deals.rows.filter((deal) => !recordedDeals.has(deal.deal));
    if (fresh.some((deal) => !explainedDeals.has(deal.deal))) return once(session, true);
    await write(await dealRecords(fresh), [], latest(fresh));
  };

  const latest = (deals: readonly Deal[]): number =>
    deals.reduce((until, deal) => Math.max(until, deal.at), dealsUntil);

  const write = async (
    records: readonly NamedRecord[],
    changes: readonly RtsChange[],
    until: number,
  ): Promise<void> => {
    const rows: RtsChange[] = [...changes];
    if (until !== dealsUntil) rows.push({ in: 'account', key: 'dealsUntil', value: until });
    if (records.length > 0 || rows.length > 0) {
      const written = await options.journal.record(records, rows);
      if (written.is !== 'ok') throw new Error(`records not written: ${JSON.stringify(written)}`);
    }
    for (const { record } of records) {
      if (record.kind === 'deal') remembered(recordedDeals, record.deal);
      const { kind } = record;
      if (record.kind === 'correction')
        options.notify(kind, { signalId: record.signalId, reason: record.detail });
    }
    dealsUntil = until;
  };

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

  const dealRecords = async (deals: readonly Deal[]): Promise<NamedRecord[]> => {
    const fresh = deals.filter((deal) => !recordedDeals.has(deal.deal));
    const strangers = [...new Set(fresh.map((deal) => deal.magic))].filter(
      (magic) => magic !== '0' && !signalIds.has(magic),
    );
    for (const [magic, id] of await options.journal.signalIds(strangers)) signalIds.set(magic, id);
    const records = fresh.map((deal) => ({ name: `deal:${deal.deal}`, record: dealRecord(deal) }));
    return [...records, ...(await corrections(fresh))];
  };

  /** What contradicts a result that stands already (I6), together with the deal that says so. */
  const corrections = async (fresh: readonly Deal[]): Promise<NamedRecord[]> => {
    const candidates = fresh.filter(
      (deal) => deal.cause === 'expert' && signalIds.has(deal.magic) && !explainedDeals.has(deal.deal),
    );
    const results = await options.journal.results([...new Set(candidates.map((deal) => deal.magic))]);
    if (results === undefined) throw new Error('the results of the newest deals cannot be read');
    return candidates.flatMap((deal) => {
      const ended = results.get(deal.magic);
      const correction = ended === undefined ? undefined : lateFill(ended, deal);
      if (correction === undefined) return [];
      const record = { ...correction, at: host.wallMs(), epoch: Number(options.epoch) };
      return [{ name: `correction:${deal.deal}`, record }];
    });
  };

  const dealRecord = (deal: Deal): DealRecord => {
    const { at, ...told } = deal;
    const signalId = signalIds.get(deal.magic);
    return {
      kind: 'deal',
      ...told,
      brokerAt: at,
      ...(signalId === undefined ? {} : { signalId }),
      at: host.wallMs(),
      epoch: Number(options.epoch),
    };
  };

  /** What became of working orders that are not there any more. */
  const goneOrders = async (session: BridgeSession, tickets: readonly string[]): Promise<NamedRecord[]> => {
    if (tickets.length === 0) return [];
    const placed = Math.min(...tickets.map((ticket) => orders.get(ticket)?.placedAt ?? 0));
    const done = await session.list('done', {
      deadlineMs: LIST_DEADLINE_MS,
      since: Math.max(0, placed - DEALS_OVERLAP_MS),
    });
    return done.rows
      .filter((row) => tickets.includes(row.order))
      .map((row) => {
        const signalId = signalIds.get(row.magic);
        const record: OrderRecord = {
          kind: 'order',
          order: row.order,
          magic: row.magic,
          symbol: row.symbol,
          state: row.state === 'partial' ? 'filled' : row.state,
          volume: row.volume,
          price: orders.get(row.order)?.price ?? '0',
          ...(signalId === undefined ? {} : { signalId }),
          at: host.wallMs(),
          epoch: Number(options.epoch),
        };
        return { name: `order:${row.order}:${record.state}`, record };
      });
  };

  /** One reading at a time, in the order of the calls. */
  const inTurn = (read: () => Promise<void>): Promise<void> => {
    const turn = running.then(read, read);
    running = turn;
    return turn;
  };

  return {
    positions,
    orders,
    apply,
    remember: (magic, signalId, deal) => {
      if (signalIds.size >= REMEMBERED_MAX) signalIds.clear();
      signalIds.set(magic, signalId);
      if (deal !== undefined) remembered(explainedDeals, deal);
    },
    refresh: (session, expected) => inTurn(() => once(session, expected)),
    catchUp: (session) => inTurn(() => newest(session)),
    refreshedAtMs: () => refreshedAtMs,
  };
}

function put<Row>(rows: Map<string, Row>, key: string, value: Row | undefined): void {
  if (value === undefined) rows.delete(key);
  else rows.set(key, value);
}

/** Redis holds the truth of what was recorded; this only spares it the repeats of the overlap. */
function remembered(names: Set<string>, name: string): void {
  if (names.size >= REMEMBERED_MAX) names.clear();
  names.add(name);
}
