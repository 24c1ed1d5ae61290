/** RTS: what an account holds at the broker, as the engine last knew it. Keyed by position identifier, by ticket. */
import type { Side } from '../signal/signal.ts';

export type Position = {
  /** POSITION_IDENTIFIER: stays; what RTS is keyed by. */
  readonly position: string;
  /** POSITION_TICKET: what commands name; usually the same. */
  readonly ticket: string;
  readonly symbol: string;
  readonly side: Side;
  readonly volume: string;
  readonly price: string;
  readonly stopLoss: string;
  readonly takeProfit: string;
  readonly magic: string;
  readonly comment: string;
  readonly openedAt: number;
};

export type WorkingOrder = {
  readonly order: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: 'limit' | 'stop';
  readonly volume: string;
  readonly price: string;
  readonly stopLoss: string;
  readonly takeProfit: string;
  readonly magic: string;
  readonly comment: string;
  readonly placedAt: number;
};

/** A deal as the bridge reports it. */
export type Deal = {
  readonly deal: string;
  readonly order: string;
  readonly position: string;
  readonly symbol: string;
  readonly side: Side;
  readonly entry: 'in' | 'out' | 'inout' | 'out_by';
  readonly cause: string;
  readonly volume: string;
  readonly price: string;
  readonly profit: string;
  readonly magic: string;
  readonly comment: string;
  readonly at: number;
};

/** What the terminal says of a symbol: enough to refuse a bad volume or price before it is sent. */
export type SymbolRules = {
  readonly symbol: string;
  readonly digits: number;
  readonly volumeMin: string;
  readonly volumeMax: string;
  readonly volumeStep: string;
  /** Smallest distance of stops and pending prices from the market, in points. */
  readonly stopsLevel: number;
  readonly tradeMode: 'full' | 'long_only' | 'short_only' | 'close_only' | 'disabled';
};

export type MarginMode = 'netting' | 'hedging';
