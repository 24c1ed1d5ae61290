/**
 * What a terminal asks of the broker and what it is told: MT5's trade request and trade result, cut to what the
 * bridge uses. Decimals are strings, tickets and magics strings of digits, `0` where MT5 has 0 for none.
 */
import type { Deal, DoneOrder, Position, Side, SymbolRules, WorkingOrder } from './rows.ts';

export type Filling = 'fok' | 'ioc' | 'return';

/** TRADE_ACTION_DEAL, _PENDING, _SLTP, _MODIFY, _REMOVE. */
export type TradeRequest =
  | {
      readonly action: 'deal';
      readonly symbol: string;
      readonly side: Side;
      readonly volume: string;
      readonly stopLoss: string;
      readonly takeProfit: string;
      readonly deviation: number;
      readonly filling: Filling;
      readonly magic: string;
      readonly comment: string;
      /** Ticket of the position that this deal closes, wholly or in part; empty for a new one. */
      readonly position: string;
    }
  | {
      readonly action: 'pending';
      readonly symbol: string;
      readonly side: Side;
      readonly type: 'limit' | 'stop';
      readonly volume: string;
      readonly price: string;
      readonly stopLoss: string;
      readonly takeProfit: string;
      readonly filling: Filling;
      readonly magic: string;
      readonly comment: string;
      /** Broker wall ms at which the broker cancels it; 0 for never (ORDER_TIME_GTC). */
      readonly expiresAt: number;
    }
  | {
      readonly action: 'sltp';
      readonly symbol: string;
      readonly position: string;
      readonly stopLoss: string;
      readonly takeProfit: string;
    }
  | {
      readonly action: 'modify';
      readonly symbol: string;
      readonly order: string;
      readonly price: string;
      readonly stopLoss: string;
      readonly takeProfit: string;
    }
  | { readonly action: 'remove'; readonly symbol: string; readonly order: string };

export type TradeReply = {
  readonly retcode: number;
  readonly order: string;
  readonly deal: string;
  readonly position: string;
  readonly volume: string;
  readonly price: string;
  readonly text: string;
  readonly at: number;
};

export type Quote = {
  readonly symbol: string;
  readonly bid: string;
  readonly ask: string;
  readonly at: number;
};

export type ListRows = {
  positions: Position;
  orders: WorkingOrder;
  deals: Deal;
  done: DoneOrder;
  symbols: SymbolRules;
};

/** `since` in broker wall ms and `magic` narrow deals and done orders; `cancelled` asks for deals that were taken back only. */
export type ListFilter = { readonly since?: number; readonly magic?: string; readonly cancelled?: true };

/** A reply that carries nothing but its code. */
export function bareReply(retcode: number, text: string, at: number): TradeReply {
  return { retcode, order: '0', deal: '0', position: '0', volume: '0', price: '0', text, at };
}
