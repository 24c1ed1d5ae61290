/** RTS: what an account holds at the broker, as the engine last knew it. Keyed by position identifier, by order ticket. */
import type { Side } from '../signal/signal.ts';

export type Position = {
  /** POSITION_IDENTIFIER: stays; what RTS is keyed by, and what commands name. */
  readonly position: string;
  /** POSITION_TICKET: usually the same; the broker may change it, so the bridge reads it right before it sends. */
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
  /** The broker took it back later (MT5's deal type BUY_CANCELED or SELL_CANCELED). */
  readonly cancelled?: boolean;
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

/** What an account is at the broker: a terminal that is logged in elsewhere must never trade for it. */
export type BrokerLogin = { readonly login: string; readonly server: string };
