/** The market as the rules see it: specifications, current prices, whether a symbol trades. */
import { type Decimal, formatDecimal, type Side } from '@holdfast/ha-core';
import type { Quote } from './requests.ts';
import type { SymbolSpecification } from './symbols.ts';

export type Price = { readonly bid: Decimal; readonly ask: Decimal; readonly at: number };

export type Market = {
  readonly specifications: ReadonlyMap<string, SymbolSpecification>;
  /** Undefined before the first tick. */
  readonly price: (symbol: string) => Price | undefined;
  readonly isClosed: (symbol: string) => boolean;
};

/** The price at which an order of that side is filled: buys at the ask, sells at the bid. */
export const fillPrice = (price: Price, side: Side): Decimal => (side === 'buy' ? price.ask : price.bid);
/** The price at which a position of that side is closed. */
export const closePrice = (price: Price, side: Side): Decimal => (side === 'buy' ? price.bid : price.ask);

export function quoteOf(symbol: string, price: Price): Quote {
  return { symbol, bid: formatDecimal(price.bid), ask: formatDecimal(price.ask), at: price.at };
}
