/** A fill: an order meets a price. What it makes of positions is the business of the account's margin mode. */
import type { Side } from '@holdfast/ha-core';
import type { BrokerDeal, BrokerPosition, Change } from './ledger.ts';
import type { SymbolSpecification } from './symbols.ts';

export type Fill = {
  readonly account: string;
  readonly order: string;
  readonly specification: SymbolSpecification;
  readonly side: Side;
  readonly volume: string;
  readonly price: string;
  readonly stopLoss: string;
  readonly takeProfit: string;
  readonly magic: string;
  readonly comment: string;
  readonly terminal: string;
  readonly cause: string;
  /** Ticket of the position to be closed; empty for none. */
  readonly position: string;
  readonly at: number;
};

export type FillOutcome = {
  readonly position: string;
  readonly deal: BrokerDeal;
  readonly changes: readonly Change[];
};

/** The deal of a fill. */
export function dealOf(
  fill: Fill,
  deal: string,
  rest: Pick<BrokerDeal, 'entry' | 'position' | 'profit'>,
): BrokerDeal {
  const { account, order, side, volume, price, magic, comment, terminal, cause, at } = fill;
  const symbol = fill.specification.symbol;
  return { account, deal, order, symbol, side, volume, price, cause, magic, comment, terminal, at, ...rest };
}

/** The position that a fill opens. */
export function positionOf(fill: Fill, position: string, volume: string): BrokerPosition {
  const { account, side, price, stopLoss, takeProfit, magic, comment, terminal, at } = fill;
  return {
    account,
    position,
    ticket: position,
    symbol: fill.specification.symbol,
    side,
    volume,
    price,
    stopLoss,
    takeProfit,
    magic,
    comment,
    terminal,
    at,
  };
}
