/** Money of the simulated broker, exact: profit, margin and averages as decimals, rounded where a broker rounds. */
import {
  addDecimals,
  compareDecimals,
  type Decimal,
  multiplyDecimals,
  type Side,
  subtractDecimals,
} from '@holdfast/ha-core';
import type { SymbolSpecification } from './symbols.ts';

export const ZERO: Decimal = { units: 0n, scale: 0 };
/** Amounts of money have cents. */
const MONEY_SCALE = 2;
/** A netted position's price is an average and has more digits than a quote. */
const AVERAGE_SCALE = 8;

/** a / b with `scale` decimals, halves away from zero. Throws a RangeError when b is zero. */
export function divideDecimals(a: Decimal, b: Decimal, scale: number): Decimal {
  if (b.units === 0n) throw new RangeError('division by zero');
  const top = a.units * 10n ** BigInt(scale + b.scale) * 2n;
  const bottom = b.units * 10n ** BigInt(a.scale);
  const negative = top < 0n !== bottom < 0n;
  const absolute = (value: bigint): bigint => (value < 0n ? -value : value);
  const units = (absolute(top) / absolute(bottom) + 1n) / 2n;
  return { units: negative ? -units : units, scale };
}

/** Rounded to `scale` decimals, halves away from zero. */
export function roundDecimal(value: Decimal, scale: number): Decimal {
  return value.scale <= scale ? value : divideDecimals(value, { units: 1n, scale: 0 }, scale);
}

export const smaller = (a: Decimal, b: Decimal): Decimal => (compareDecimals(a, b) <= 0 ? a : b);

/** Profit of `volume` lots from `open` to `close`, in the account's currency, in cents. */
export function profitOf(
  symbol: SymbolSpecification,
  side: Side,
  volume: Decimal,
  open: Decimal,
  close: Decimal,
): Decimal {
  const difference = side === 'buy' ? subtractDecimals(close, open) : subtractDecimals(open, close);
  const amount = multiplyDecimals(multiplyDecimals(difference, volume), symbol.contractSize);
  if (symbol.accountCurrency === 'quote') return roundDecimal(amount, MONEY_SCALE);
  return divideDecimals(amount, close, MONEY_SCALE);
}

/** Margin of `volume` lots at `price`, in the account's currency, in cents. */
export function marginOf(
  symbol: SymbolSpecification,
  volume: Decimal,
  price: Decimal,
  leverage: number,
): Decimal {
  const lots = multiplyDecimals(volume, symbol.contractSize);
  const amount = symbol.accountCurrency === 'quote' ? multiplyDecimals(lots, price) : lots;
  return divideDecimals(amount, { units: BigInt(leverage), scale: 0 }, MONEY_SCALE);
}

/** The price of two volumes together. */
export function averagePrice(
  volume: Decimal,
  price: Decimal,
  addedVolume: Decimal,
  addedPrice: Decimal,
): Decimal {
  const sum = addDecimals(multiplyDecimals(volume, price), multiplyDecimals(addedVolume, addedPrice));
  return divideDecimals(sum, addDecimals(volume, addedVolume), AVERAGE_SCALE);
}
