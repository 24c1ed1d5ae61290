/** The broker's lists as a terminal reads them: rows of the ledger in the shapes of the bridge protocol. */
import { formatDecimal } from '@holdfast/ha-core';
import type { AccountBook, BrokerDeal, BrokerOrder, BrokerPosition } from './ledger.ts';
import type { ListFilter, ListRows } from './requests.ts';
import type { Deal, DoneOrder, Position, SymbolRules, WorkingOrder } from './rows.ts';
import type { SymbolSpecification } from './symbols.ts';

/** Times of rows that a list does not show yet, in broker wall ms: after the first, up to the second. */
export type Hidden = { readonly afterMs: number; readonly untilMs: number };

/** The rows of one list. `hidden` rows are left out: lists lag. */
export function listRows<What extends keyof ListRows>(
  book: AccountBook,
  specifications: Iterable<SymbolSpecification>,
  what: What,
  filter: ListFilter,
  hidden: Hidden | undefined,
): readonly ListRows[What][] {
  const history = <T>(all: readonly T[], at: (row: T) => number): readonly T[] =>
    shown(since(all, at, filter.since ?? 0, book.inOrder), at, hidden);
  const rows = (): readonly unknown[] => {
    switch (what) {
      case 'positions':
        return shown([...book.positions.values()], ({ at }) => at, hidden).map(positionRow);
      case 'orders':
        return shown([...book.working.values()], ({ at }) => at, hidden).map(orderRow);
      case 'deals':
        return history(narrowed(book.deals, book.dealsByMagic, filter), ({ at }) => at)
          .filter((deal) => filter.cancelled !== true || deal.cancelled === true)
          .map(dealRow);
      case 'done':
        return history(narrowed(book.done, book.doneByMagic, filter), ({ doneAt }) => doneAt).map(doneRow);
      default:
        return [...specifications].map(symbolRow);
    }
  };
  return rows() as readonly ListRows[What][];
}

function narrowed<T>(
  all: readonly T[],
  byMagic: ReadonlyMap<string, readonly T[]>,
  { magic }: ListFilter,
): readonly T[] {
  return magic === undefined ? all : (byMagic.get(magic) ?? []);
}

function shown<T>(rows: readonly T[], at: (row: T) => number, hidden: Hidden | undefined): readonly T[] {
  if (hidden === undefined) return rows;
  return rows.filter((row) => at(row) <= hidden.afterMs || at(row) > hidden.untilMs);
}

/** The part of a list that is not older than `time`. */
function since<T>(all: readonly T[], at: (row: T) => number, time: number, inOrder: boolean): readonly T[] {
  if (!inOrder) return all.filter((row) => at(row) >= time);
  const from = firstAtOrAfter(all, at, time);
  return from === 0 ? all : all.slice(from);
}

function firstAtOrAfter<T>(all: readonly T[], at: (row: T) => number, time: number): number {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = all[middle];
    if (row !== undefined && at(row) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function positionRow(position: BrokerPosition): Position {
  const { account: _account, terminal: _terminal, at, ...row } = position;
  return { ...row, openedAt: at };
}

export function orderRow(order: BrokerOrder): WorkingOrder {
  const { symbol, side, volume, price, stopLoss, takeProfit, magic, comment } = order;
  const type = order.type === 'stop' ? 'stop' : 'limit';
  return {
    order: order.order,
    symbol,
    side,
    type,
    volume,
    price,
    stopLoss,
    takeProfit,
    magic,
    comment,
    placedAt: order.at,
  };
}

export function dealRow(deal: BrokerDeal): Deal {
  const { account: _account, terminal: _terminal, ...row } = deal;
  return row;
}

export function doneRow(order: BrokerOrder): DoneOrder {
  const { symbol, volume, filled, magic, comment, doneAt } = order;
  const state = order.state === 'placed' ? 'cancelled' : order.state;
  return { order: order.order, symbol, state, volume, filled, magic, comment, at: doneAt };
}

function symbolRow(specification: SymbolSpecification): SymbolRules {
  const { symbol, digits, volumeMin, volumeMax, volumeStep, stopsLevel, tradeMode } = specification;
  return {
    symbol,
    digits,
    volumeMin: formatDecimal(volumeMin),
    volumeMax: formatDecimal(volumeMax),
    volumeStep: formatDecimal(volumeStep),
    stopsLevel,
    tradeMode,
  };
}
