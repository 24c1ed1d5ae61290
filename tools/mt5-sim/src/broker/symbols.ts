/** The symbols that the simulated broker trades, with the properties that decide about a request. */
import { type Decimal, decimal, type SymbolRules } from '@holdfast/ha-core';
import type { Filling } from './requests.ts';

export type SymbolSpecification = {
  readonly symbol: string;
  readonly digits: number;
  /** Units of the base in one lot. */
  readonly contractSize: Decimal;
  readonly volumeMin: Decimal;
  readonly volumeMax: Decimal;
  readonly volumeStep: Decimal;
  /** Smallest distance of stops and pending prices from the market, in points. */
  readonly stopsLevel: number;
  readonly tradeMode: SymbolRules['tradeMode'];
  /** How a market order may be filled; a pending order always waits by `return`. */
  readonly fillings: readonly Filling[];
  /** `quote`: the account's currency is what the price is in (EURUSD); `base`: it is what is bought (USDJPY). */
  readonly accountCurrency: 'quote' | 'base';
  /** Where the seeded walk starts, and the spread, both in points. */
  readonly startPoints: number;
  readonly spreadPoints: number;
};

const forex = {
  contractSize: decimal('100000'),
  volumeMin: decimal('0.01'),
  volumeMax: decimal('100'),
  volumeStep: decimal('0.01'),
  stopsLevel: 10,
  tradeMode: 'full',
  fillings: ['fok', 'ioc'],
} as const;

/** The four that the demo accounts have. */
export const SYMBOLS: readonly SymbolSpecification[] = [
  { ...forex, symbol: 'EURUSD', digits: 5, accountCurrency: 'quote', startPoints: 107_160, spreadPoints: 10 },
  { ...forex, symbol: 'GBPUSD', digits: 5, accountCurrency: 'quote', startPoints: 128_400, spreadPoints: 14 },
  { ...forex, symbol: 'USDJPY', digits: 3, accountCurrency: 'base', startPoints: 109_300, spreadPoints: 12 },
  {
    ...forex,
    symbol: 'XAUUSD',
    digits: 2,
    contractSize: decimal('100'),
    volumeMax: decimal('50'),
    stopsLevel: 20,
    accountCurrency: 'quote',
    startPoints: 128_050,
    spreadPoints: 25,
  },
];

/** One point of the symbol: the last digit of its prices. */
export function pointOf({ digits }: SymbolSpecification): Decimal {
  return { units: 1n, scale: digits };
}
