/** Hedging: every opening deal is a position of its own; a closing deal names the position that it takes from. */
import { compareDecimals, decimal, formatDecimal, subtractDecimals } from '@holdfast/ha-core';
import type { Fill, FillOutcome } from './fill.ts';
import { dealOf, positionOf } from './fill.ts';
import { type AccountBook, positionByTicket } from './ledger.ts';
import { profitOf } from './money.ts';

/** What a fill does to a hedging account. Throws a RangeError when it closes more than is open: the checks come before. */
export function fillHedging(book: AccountBook, fill: Fill, dealTicket: string): FillOutcome {
  const held = fill.position === '' ? undefined : positionByTicket(book, fill.position);
  if (held === undefined) {
    const position = positionOf(fill, fill.order, fill.volume);
    const deal = dealOf(fill, dealTicket, { entry: 'in', position: fill.order, profit: '0' });
    return {
      position: fill.order,
      deal,
      changes: [
        { is: 'deal', deal },
        { is: 'position', position },
      ],
    };
  }
  const rest = subtractDecimals(decimal(held.volume), decimal(fill.volume));
  if (compareDecimals(rest, decimal('0')) < 0) {
    throw new RangeError(
      `${fill.volume} of position ${held.position} cannot be closed: it has ${held.volume}`,
    );
  }
  const profit = formatDecimal(
    profitOf(fill.specification, held.side, decimal(fill.volume), decimal(held.price), decimal(fill.price)),
  );
  const deal = dealOf(fill, dealTicket, { entry: 'out', position: held.position, profit });
  return {
    position: held.position,
    deal,
    changes: [
      { is: 'deal', deal },
      rest.units === 0n
        ? { is: 'position_gone', position: held }
        : { is: 'position', position: { ...held, volume: formatDecimal(rest) } },
    ],
  };
}
