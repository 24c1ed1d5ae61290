/**
 * Equity and margin. Netting: margin of what is open. Hedging: margin of the larger side of each symbol, because
 * opposite positions cover each other. Currencies other than the account's are valued at the current price.
 */
import {
  addDecimals,
  compareDecimals,
  type Decimal,
  multiplyDecimals,
  type Side,
  subtractDecimals,
} from '@holdfast/ha-core';
import type { AccountBook } from './ledger.ts';
import { closePrice, fillPrice, type Market } from './market.ts';
import { divideDecimals, marginOf, roundDecimal, ZERO } from './money.ts';
import type { SymbolSpecification } from './symbols.ts';

const SIDES: readonly Side[] = ['buy', 'sell'];

/** Balance and the profit of everything that is open, at the current prices. */
export function equity(market: Market, book: AccountBook): Decimal {
  let sum = book.balance;
  for (const symbol of book.exposure.symbols()) {
    const specification = market.specifications.get(symbol);
    const price = market.price(symbol);
    if (specification === undefined || price === undefined) continue;
    for (const side of SIDES) {
      const leg = book.exposure.leg(symbol, side);
      if (leg.volume.units === 0n) continue;
      const at = closePrice(price, side);
      const now = multiplyDecimals(leg.volume, at);
      const difference = side === 'buy' ? subtractDecimals(now, leg.value) : subtractDecimals(leg.value, now);
      const amount = multiplyDecimals(difference, specification.contractSize);
      sum = addDecimals(
        sum,
        specification.accountCurrency === 'quote' ? roundDecimal(amount, 2) : divideDecimals(amount, at, 2),
      );
    }
  }
  return sum;
}

/** Margin that the open positions hold. */
export function usedMargin(market: Market, book: AccountBook): Decimal {
  let sum = ZERO;
  for (const symbol of book.exposure.symbols()) {
    const specification = market.specifications.get(symbol);
    const price = market.price(symbol);
    if (specification === undefined || price === undefined) continue;
    const buy = book.exposure.leg(symbol, 'buy').volume;
    const sell = book.exposure.leg(symbol, 'sell').volume;
    const side: Side = compareDecimals(buy, sell) >= 0 ? 'buy' : 'sell';
    const volume = side === 'buy' ? buy : sell;
    sum = addDecimals(sum, marginOf(specification, volume, fillPrice(price, side), book.facts.leverage));
  }
  return sum;
}

export const freeMargin = (market: Market, book: AccountBook): Decimal =>
  subtractDecimals(equity(market, book), usedMargin(market, book));

/** Margin that a deal of that side and volume needs on top of what is held already. */
export function marginAfter(
  market: Market,
  book: AccountBook,
  specification: SymbolSpecification,
  side: Side,
  volume: Decimal,
  price: Decimal,
): Decimal {
  if (market.price(specification.symbol) === undefined) return ZERO;
  const own = book.exposure.leg(specification.symbol, side).volume;
  const other = book.exposure.leg(specification.symbol, side === 'buy' ? 'sell' : 'buy').volume;
  const before = compareDecimals(own, other) >= 0 ? own : other;
  // Netting takes the other side away first; hedging counts the larger of the two sides.
  const raw =
    book.facts.margin === 'netting'
      ? subtractDecimals(addDecimals(own, volume), other)
      : addDecimals(own, volume);
  const after = raw.units < 0n ? { units: -raw.units, scale: raw.scale } : raw;
  const added = subtractDecimals(after, before);
  return added.units <= 0n ? ZERO : marginOf(specification, added, price, book.facts.leverage);
}
