/**
 * What the broker did, as numbered records of RTRS (I8): each deal once, what became of a working order, and what
 * contradicts a result that stands already (I6).
 */
import type { BridgeSession } from '@holdfast/bridge';
import {
  cancelledDeal,
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
  /** Deals of which no record under this leadership says that the broker made them, or that it took them back. */
  readonly fresh: (deals: readonly Deal[]) => readonly Deal[];
  /** A result of ours named this deal, and it stands. */
  readonly explained: (deal: Deal) => boolean;
  /** @throws when Redis cannot say which results stand. */
  readonly ofDeals: (deals: readonly Deal[]) => Promise<readonly NamedRecord[]>;
  /**
   * What became of working orders that are not there any more, as far as the terminal's history shows it already; `orders` as
   * they were last.
   * @throws SessionLost, or an Error when the terminal does not answer.
   */
  readonly ofEnded: (
    session: BridgeSession,
    orders: ReadonlyMap<string, WorkingOrder>,
  ) => Promise<ReadonlyMap<string, NamedRecord>>;
  /** What there is to say of these stands in Redis now. */
  readonly written: (deals: readonly Deal[]) => void;
};

const LIST_DEADLINE_MS = 2000;
/** An order's end may lie before its placing, by an hour where the broker's clock was set back meanwhile. */
const PLACED_OVERLAP_MS = 3_615_000;
const REMEMBERED_MAX = 20_000;

/** Starts knowing nothing; Redis keeps each name once (I8), this only spares it the repeats. */
export function createBrokerRecords(options: BrokerRecordsOptions): BrokerRecords {
  const { host, journal } = options;
  const epoch = Number(options.epoch);
  const signalIds = new Map<string, string>();
  const recordedDeals = new Set<string>();
  const explainedDeals = new Set<string>();

  const fresh = (deals: readonly Deal[]): readonly Deal[] =>
    deals.filter((deal) => !recordedDeals.has(recordedAs(deal)));

  const learn = async (magics: readonly string[]): Promise<void> => {
    const strangers = [...new Set(magics)].filter((magic) => magic !== '0' && !signalIds.has(magic));
    for (const [magic, id] of await journal.signalIds(strangers)) signalIds.set(magic, id);
  };

  const dealRecord = (deal: Deal): DealRecord => {
    const { at, cancelled: _cancelled, ...told } = deal;
    return { kind: 'deal', ...told, brokerAt: at, ...signalOf(deal.magic), at: host.wallMs(), epoch };
  };

  const signalOf = (magic: string): { readonly signalId?: string } => {
    const signalId = signalIds.get(magic);
    return signalId === undefined ? {} : { signalId };
  };

  /** Deals of ours that the broker took back. */
  const takenBack = (deals: readonly Deal[]): NamedRecord[] =>
    deals.flatMap((deal) => {
      const signalId = signalIds.get(deal.magic);
      if (deal.cancelled !== true || signalId === undefined) return [];
      const record = { ...cancelledDeal(signalId, deal), at: host.wallMs(), epoch };
      return [{ name: `cancelled:${deal.deal}`, record }];
    });

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
    explained: (deal) => deal.cancelled !== true && explainedDeals.has(deal.deal),
    ofDeals: async (deals) => {
      const unknown = fresh(deals);
      await learn(unknown.map((deal) => deal.magic));
      const records = unknown
        .filter((deal) => !recordedDeals.has(deal.deal))
        .map((deal) => ({ name: `deal:${deal.deal}`, record: dealRecord(deal) }));
      return [...records, ...(await corrections(unknown)), ...takenBack(unknown)];
    },
    ofEnded: async (session, orders) => {
      if (orders.size === 0) return new Map();
      const placed = Math.min(...[...orders.values()].map((order) => order.placedAt));
      const done = await session.list('done', {
        deadlineMs: LIST_DEADLINE_MS,
        since: Math.max(0, placed - PLACED_OVERLAP_MS),
      });
      const ends = new Map<string, NamedRecord>();
      for (const row of done.rows) {
        const order = orders.get(row.order);
        if (order === undefined) continue;
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
        ends.set(row.order, { name: `order:${row.order}:${record.state}`, record });
      }
      return ends;
    },
    written: (deals) => {
      for (const deal of deals)
        for (const name of [deal.deal, recordedAs(deal)]) remembered(recordedDeals, name);
    },
  };
}

/** A deal that is taken back is said a second time. */
const recordedAs = ({ deal, cancelled }: Deal): string => (cancelled === true ? `${deal} cancelled` : deal);

function remembered(names: Set<string>, name: string): void {
  if (names.size >= REMEMBERED_MAX) names.clear();
  names.add(name);
}
