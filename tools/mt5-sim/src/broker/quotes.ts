/**
 * Where prices come from: recorded bars, or a seeded walk. A source gives one tick after the other and can say at
 * which place it is, so that a broker that starts again goes on from there.
 */
import { createChance, seedOf } from './chance.ts';
import type { RecordedBar } from './recorded-bars.ts';
import type { SymbolSpecification } from './symbols.ts';

/** Bid in points; the ask is the bid and the spread. */
export type Tick = { readonly bidPoints: number; readonly spreadPoints: number };

export type QuoteSource = {
  readonly next: () => Tick;
  /** Plain numbers that `resume` takes. */
  readonly place: () => readonly number[];
  readonly resume: (place: readonly number[]) => void;
};

/** A walk of a few points a tick that is drawn back to its start, so that it never runs away. */
export function walkedQuotes(symbol: SymbolSpecification, seed: number): QuoteSource {
  let chance = createChance(seedOf(seed, symbol.symbol));
  let points = symbol.startPoints;
  return {
    next: () => {
      const pull = Math.sign(symbol.startPoints - points) * (chance.below(8) === 0 ? 1 : 0);
      points += chance.below(11) - 5 + pull;
      return { bidPoints: points, spreadPoints: symbol.spreadPoints };
    },
    place: () => [points, chance.state()],
    resume: ([wherePoints, state]) => {
      points = wherePoints ?? points;
      chance = createChance(state ?? 0);
    },
  };
}

/**
 * Recorded bars, each as four ticks: open, the nearer extreme first (low first when the bar rose, high first when it
 * fell), then the other, then the close. After the last bar it starts again.
 */
export function recordedQuotes(bars: readonly RecordedBar[]): QuoteSource {
  let tick = 0;
  return {
    next: () => {
      const bar = bars[Math.floor(tick / 4) % bars.length];
      if (bar === undefined) throw new RangeError('a recorded price file without bars');
      const rose = bar.close >= bar.open;
      const path = rose ? [bar.open, bar.low, bar.high, bar.close] : [bar.open, bar.high, bar.low, bar.close];
      const bidPoints = path[tick % 4] ?? bar.close;
      tick = (tick + 1) % (bars.length * 4);
      return { bidPoints, spreadPoints: Math.max(1, bar.spread) };
    },
    place: () => [tick],
    resume: ([place]) => {
      tick = (place ?? 0) % (bars.length * 4);
    },
  };
}
