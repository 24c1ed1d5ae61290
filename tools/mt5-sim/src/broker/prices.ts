/** The current prices: one source a symbol, and the ticks that move them. */
import type { Price } from './market.ts';
import { type QuoteSource, recordedQuotes, type Tick, walkedQuotes } from './quotes.ts';
import type { RecordedBar } from './recorded-bars.ts';
import type { SymbolSpecification } from './symbols.ts';

/** Where each symbol's source is; enough to go on from there. */
export type Places = Readonly<Record<string, readonly number[]>>;

export type Prices = {
  readonly price: (symbol: string) => Price | undefined;
  /** Moves one symbol to its next tick. */
  readonly tick: (symbol: string, now: number) => void;
  /** Sets a price by hand, in points; the next tick goes on from the source. */
  readonly set: (symbol: string, tick: Tick, now: number) => void;
  readonly places: () => Places;
};

/** Prices of all symbols, each at its first tick, or at the tick of `places`. */
export function createPrices(
  specifications: ReadonlyMap<string, SymbolSpecification>,
  bars: ReadonlyMap<string, readonly RecordedBar[]>,
  seed: number,
  places: Places,
  now: number,
): Prices {
  const sources = new Map<string, QuoteSource>();
  const prices = new Map<string, Price>();
  const set = (symbol: string, { bidPoints, spreadPoints }: Tick, at: number): void => {
    const scale = specifications.get(symbol)?.digits;
    if (scale === undefined) throw new RangeError(`no symbol ${symbol}`);
    prices.set(symbol, {
      bid: { units: BigInt(bidPoints), scale },
      ask: { units: BigInt(bidPoints + spreadPoints), scale },
      at,
    });
  };
  const tick = (symbol: string, at: number): void => {
    const source = sources.get(symbol);
    if (source !== undefined) set(symbol, source.next(), at);
  };
  for (const [symbol, specification] of specifications) {
    const recorded = bars.get(symbol);
    const source = recorded === undefined ? walkedQuotes(specification, seed) : recordedQuotes(recorded);
    const place = places[symbol];
    if (place !== undefined) source.resume(place);
    sources.set(symbol, source);
    tick(symbol, now);
  }
  return {
    price: (symbol) => prices.get(symbol),
    tick,
    set,
    places: () => Object.fromEntries([...sources].map(([symbol, source]) => [symbol, source.place()])),
  };
}
