/**
 * Netting: one position a symbol. A deal of the same side merges into it, one of the other side reduces it, closes
 * it, or turns it round; the position's magic and comment are those of the last deal, so a position proves no signal.
 */
import { addDecimals, compareDecimals, decimal, formatDecimal, subtractDecimals } from '@holdfast/ha-core';
import type { Fill, FillOutcome } from './fill.ts';
import { dealOf, positionOf } from './fill.ts';
import type { AccountBook, BrokerPosition } from './ledger.ts';
import { averagePrice, profitOf } from './money.ts';

/** What a fill does to a netting account. The closed volume is never above what is open unless the fill may turn it. */
export function fillNetting(book: AccountBook, fill: Fill, dealTicket: string): FillOutcome {
  const held = [...book.positions.values()].find(({ symbol }) => symbol === fill.specification.symbol);
  if (held === undefined) return open(fill, dealTicket);
  return held.side === fill.side ? merge(held, fill, dealTicket) : reduce(held, fill, dealTicket);
}

function open(fill: Fill, dealTicket: string): FillOutcome {
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

function merge(held: BrokerPosition, fill: Fill, dealTicket: string): FillOutcome {
  const volume = decimal(held.volume);
  const added = decimal(fill.volume);
  const price = averagePrice(volume, decimal(held.price), added, decimal(fill.price));
  const position: BrokerPosition = {
    ...held,
    volume: formatDecimal(addDecimals(volume, added)),
    price: formatDecimal(price),
    stopLoss: fill.stopLoss === '0' ? held.stopLoss : fill.stopLoss,
    takeProfit: fill.takeProfit === '0' ? held.takeProfit : fill.takeProfit,
    magic: fill.magic,
    comment: fill.comment,
    terminal: fill.terminal,
  };
  const deal = dealOf(fill, dealTicket, { entry: 'in', position: held.position, profit: '0' });
  return {
    position: held.position,
    deal,
    changes: [
      { is: 'deal', deal },
      { is: 'position', position },
    ],
  };
}

function reduce(held: BrokerPosition, fill: Fill, dealTicket: string): FillOutcome {
  const order = compareDecimals(decimal(fill.volume), decimal(held.volume));
  const closedVolume = order > 0 ? held.volume : fill.volume;
  const profit = formatDecimal(
    profitOf(fill.specification, held.side, decimal(closedVolume), decimal(held.price), decimal(fill.price)),
  );
  const entry = order > 0 ? 'inout' : 'out';
  const deal = dealOf(fill, dealTicket, { entry, position: held.position, profit });
  if (order === 0) {
    return {
      position: held.position,
      deal,
      changes: [
        { is: 'deal', deal },
        { is: 'position_gone', position: held },
      ],
    };
  }
  const rest = subtractDecimals(decimal(held.volume), decimal(fill.volume));
  // A reversal keeps the identifier and takes the reversing order's ticket.
  const position: BrokerPosition =
    order < 0
      ? { ...held, volume: formatDecimal(rest), magic: fill.magic, comment: fill.comment }
      : {
          ...positionOf(fill, held.position, formatDecimal({ units: -rest.units, scale: rest.scale })),
          ticket: fill.order,
        };
  return {
    position: held.position,
    deal,
    changes: [
      { is: 'deal', deal },
      { is: 'position', position },
    ],
  };
}
