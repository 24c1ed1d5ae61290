/**
 * What the broker did, as numbered records of RTRS (I8): each deal once, what became of a working order, and what
 * contradicts a result that stands already (I6).
 */
import type { BridgeSession } from '@holdfast/bridge';
import {
  type Deal,
  type DealRecord,
  type Host,
  lateFill,
  type OrderRecord,
  type WorkingOrder,
} from '@holdfast/ha-core';
import type { NamedRecord, TradeJournal } from '@holdfast/redis';

export type BrokerRecordsOptions = {
  readonly host: Host;
  readonly epoch: string;
  readonly journal: TradeJournal;
};

export type BrokerRecords = {
  /** Which signal a magic belongs to, and the deal that its result named, whose rows are in place already. */
  readonly remember: (magic: string, signalId: string, deal: string | undefined) => void;
  /** Which of these magics belong to signals of the account; those that Redis cannot tell of now are not ours. */
  readonly ours: (magics: readonly string[]) => Promise<(magic: string) => boolean>;
  /** Deals that no record under this leadership names yet. */
  readonly fresh: (deals: readonly Deal[]) => readonly Deal[];
  /** A result of ours named this deal. */
  readonly explained: (deal: Deal) => boolean;
  /** @throws when Redis cannot say which results stand. */
  readonly ofDeals: (deals: readonly Deal[]) => Promise<readonly NamedRecord[]>;
  /**
   * What became of working orders that are not there any more; `orders` as they were last.
   * @throws SessionLost, or an Error when the terminal does not answer.
   */
  readonly ofEnded: (
    session: BridgeSession,
    orders: ReadonlyMap<string, WorkingOrder>,
  ) => Promise<readonly NamedRecord[]>;
  /** These stand in Redis now. */
  readonly written: (records: readonly NamedRecord[]) => void;
};

const LIST_DEADLINE_MS = 2000;
/** An order's end may carry a time of the broker that lies before its placing by our account. */
const PLACED_OVERLAP_MS = 15_000;
const REMEMBERED_MAX = 20_000;

/** Starts knowing nothing; Redis keeps each name once (I8), this only spares it the repeats. */
export function createBrokerRecords(options: BrokerRecordsOptions): BrokerRecords {
  const { host, journal } = options;
  const epoch = Number(options.epoch);
  const signalIds = new Map<string, string>();
  const recordedDeals = new Set<string>();
  const explainedDeals = new Set<string>();

  const fresh = (deals: readonly Deal[]): readonly Deal[] =>
    deals.filter((deal) => !recordedDeals.has(deal.deal));

  const learn = async (magics: readonly string[]): Promise<void> => {
    const strangers = [...new Set(magics)].filter((magic) => magic !== '0' && !signalIds.has(magic));
    for (const [magic, id] of await journal.signalIds(strangers)) signalIds.set(magic, id);
  };

  const dealRecord = (deal: Deal): DealRecord => {
    const { at, ...told } = deal;
    return { kind: 'deal', ...told, brokerAt: at, ...signalOf(deal.magic), at: host.wallMs(), epoch };
  };

  const signalOf = (magic: string): { readonly signalId?: string } => {
    const signalId = signalIds.get(magic);
    return signalId === undefined ? {} : { signalId };
  };

  const corrections = async (deals: readonly Deal[]): Promise<NamedRecord[]> => {
    const candidates = deals.filter(
      (deal) => deal.cause === 'expert' && signalIds.has(deal.magic) && !explainedDeals.has(deal.deal),
    );
    const results = await journal.results([...new Set(candidates.map((deal) => deal.magic))]);
    if (results === undefined) throw new Error('the results of the newest deals cannot be read');
    return candidates.flatMap((deal) => {
      const ended = results.get(deal.magic);
      const correction = ended === undefined ? undefined : lateFill(ended, deal);
      if (correction === undefined) return [];
      return [{ name: `correction:${deal.deal}`, record: { ...correction, at: host.wallMs(), epoch } }];
    });
  };

  return {
    remember: (magic, signalId, deal) => {
      if (signalIds.size >= REMEMBERED_MAX) signalIds.clear();
      signalIds.set(magic, signalId);
      if (deal !== undefined) remembered(explainedDeals, deal);
    },
    ours: async (magics) => {
      await learn(magics);
      return (magic) => signalIds.has(magic);
    },
    fresh,
    explained: (deal) => explainedDeals.has(deal.deal),
    ofDeals: async (deals) => {
      const unknown = fresh(deals);
      await learn(unknown.map((deal) => deal.magic));
      const records = unknown.map((deal) => ({ name: `deal:${deal.deal}`, record: dealRecord(deal) }));
      return [...records, ...(await corrections(unknown))];
    },
    ofEnded: async (session, orders) => {
      if (orders.size === 0) return [];
      const placed = Math.min(...[...orders.values()].map((order) => order.placedAt));
      const done = await session.list('done', {
        deadlineMs: LIST_DEADLINE_MS,
        since: Math.max(0, placed - PLACED_OVERLAP_MS),
      });
      return done.rows.flatMap((row) => {
        const order = orders.get(row.order);
        if (order === undefined) return [];
        const record: OrderRecord = {
          kind: 'order',
          order: row.order,
          magic: row.magic,
          symbol: row.symbol,
          state: row.state === 'partial' ? 'filled' : row.state,
          volume: row.volume,
          price: order.price,
          ...signalOf(row.magic),
          at: host.wallMs(),
          epoch,
        };
        return [{ name: `order:${row.order}:${record.state}`, record }];
      });
    },
    written: (records) => {
      for (const { record } of records) if (record.kind === 'deal') remembered(recordedDeals, record.deal);
    },
  };
}

function remembered(names: Set<string>, name: string): void {
  if (names.size >= REMEMBERED_MAX) names.clear();
  names.add(name);
}
