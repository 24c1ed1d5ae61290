/** The broker's ledger as the checker keeps it: executed orders and traded volume of each magic, read as it grows. */
import type { LedgerChange } from './evidence.ts';

export type Traded = {
  /** Tickets of orders that were executed or stand at the broker. */
  readonly orders: ReadonlySet<string>;
  /** Volume by deal ticket, in millionths of a lot. */
  readonly deals: ReadonlyMap<string, number>;
};

export type Books = {
  readonly take: (changes: readonly LedgerChange[]) => void;
  readonly of: (account: string, magic: string) => Traded;
  /** Magics of an account that had a change since the last `settle`. */
  readonly touched: (account: string) => readonly string[];
  readonly settle: () => void;
};

const MILLION = 1_000_000;
/** What people do by hand. */
const BY_HAND = '0';
const NOTHING: Traded = { orders: new Set(), deals: new Map() };

/** Empty books. */
export function createBooks(): Books {
  const books = new Map<string, { orders: Set<string>; deals: Map<string, number> }>();
  const touched = new Set<string>();
  const keyOf = (account: string, magic: string): string => `${account} ${magic}`;
  const at = (account: string, magic: string): { orders: Set<string>; deals: Map<string, number> } => {
    const key = keyOf(account, magic);
    touched.add(key);
    let book = books.get(key);
    if (book === undefined) books.set(key, (book = { orders: new Set(), deals: new Map() }));
    return book;
  };
  return {
    take: (changes) => {
      for (const change of changes) {
        if (change.is === 'order') {
          const { account, magic, order, state } = change.order;
          if (magic === BY_HAND) continue;
          const { orders } = at(account, magic);
          // A placed order may be rejected afterwards; then it never was one.
          if (state === 'rejected') orders.delete(order);
          else orders.add(order);
        } else if (change.is === 'deal') {
          const { account, magic, deal, volume } = change.deal;
          if (magic !== BY_HAND) at(account, magic).deals.set(deal, inMillionths(volume));
        }
      }
    },
    of: (account, magic) => books.get(keyOf(account, magic)) ?? NOTHING,
    touched: (account) =>
      [...touched].flatMap((key) => (key.startsWith(`${account} `) ? [key.slice(account.length + 1)] : [])),
    settle: () => touched.clear(),
  };
}

/** A volume in millionths of a lot, so that sums are exact. */
export function inMillionths(volume: string): number {
  return Math.round(Number(volume) * MILLION);
}
