/** The broker's lists as a terminal reads them: rows of the ledger in the shapes of the bridge protocol. */
import { formatDecimal } from '@holdfast/ha-core';
import type { AccountBook, BrokerDeal, BrokerOrder, BrokerPosition } from './ledger.ts';
import type { ListFilter, ListRows } from './requests.ts';
import type { Deal, DoneOrder, Position, SymbolRules, WorkingOrder } from './rows.ts';
import type { SymbolSpecification } from './symbols.ts';

/** The rows of one list. Rows younger than `shownUntil` (broker wall ms) are left out: lists lag. */
export function listRows<What extends keyof ListRows>(
  book: AccountBook,
  specifications: Iterable<SymbolSpecification>,
  what: What,
  filter: ListFilter,
  shownUntil: number,
): readonly ListRows[What][] {
  const rows = (): readonly unknown[] => {
    switch (what) {
      case 'positions':
        return [...book.positions.values()].filter(({ at }) => at <= shownUntil).map(positionRow);
      case 'orders':
        return [...book.working.values()].filter(({ at }) => at <= shownUntil).map(orderRow);
      case 'deals':
        return since(narrowed(book.deals, book.dealsByMagic, filter), ({ at }) => at, filter, shownUntil).map(
          dealRow,
        );
      case 'done':
        return since(
          narrowed(book.done, book.doneByMagic, filter),
          ({ doneAt }) => doneAt,
          filter,
          shownUntil,
        ).map(doneRow);
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

/** The part of a list in time order that lies between `since` and what is shown already. */
function since<T>(
  all: readonly T[],
  at: (row: T) => number,
  filter: ListFilter,
  shownUntil: number,
): readonly T[] {
  const from = firstAtOrAfter(all, at, filter.since ?? 0);
  const to = firstAtOrAfter(all, at, shownUntil + 1);
  return from === 0 && to === all.length ? all : all.slice(from, to);
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
