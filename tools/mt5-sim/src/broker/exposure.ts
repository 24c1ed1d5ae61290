/**
 * The sums over an account's positions that equity and margin need, kept as they change: an account with ten
 * thousand positions is checked as quickly as one with two.
 */
import {
  addDecimals,
  type Decimal,
  decimal,
  multiplyDecimals,
  type Side,
  subtractDecimals,
} from '@holdfast/ha-core';
import { ZERO } from './money.ts';

/** Volume, and volume times opening price, of one symbol and side. */
export type Leg = { readonly volume: Decimal; readonly value: Decimal };

type Held = {
  readonly position: string;
  readonly symbol: string;
  readonly side: Side;
  readonly volume: string;
  readonly price: string;
  readonly stopLoss: string;
  readonly takeProfit: string;
};

export type Exposure = {
  readonly add: (position: Held) => void;
  readonly remove: (position: Held) => void;
  readonly leg: (symbol: string, side: Side) => Leg;
  readonly symbols: () => Iterable<string>;
  /** Identifiers of the symbol's positions that have a stop loss or a take profit. */
  readonly stopped: (symbol: string) => ReadonlySet<string>;
};

const EMPTY: Leg = { volume: ZERO, value: ZERO };
const NONE: ReadonlySet<string> = new Set();

export function createExposure(): Exposure {
  const legs = new Map<string, { buy: Leg; sell: Leg }>();
  const stopped = new Map<string, Set<string>>();
  const change = (position: Held, sum: typeof addDecimals): void => {
    const both = legs.get(position.symbol) ?? { buy: EMPTY, sell: EMPTY };
    const leg = both[position.side];
    const volume = decimal(position.volume);
    both[position.side] = {
      volume: sum(leg.volume, volume),
      value: sum(leg.value, multiplyDecimals(volume, decimal(position.price))),
    };
    legs.set(position.symbol, both);
  };
  return {
    add: (position) => {
      change(position, addDecimals);
      if (position.stopLoss === '0' && position.takeProfit === '0') return;
      const set = stopped.get(position.symbol) ?? new Set();
      stopped.set(position.symbol, set.add(position.position));
    },
    remove: (position) => {
      change(position, subtractDecimals);
      stopped.get(position.symbol)?.delete(position.position);
    },
    leg: (symbol, side) => legs.get(symbol)?.[side] ?? EMPTY,
    symbols: () => legs.keys(),
    stopped: (symbol) => stopped.get(symbol) ?? NONE,
  };
}
