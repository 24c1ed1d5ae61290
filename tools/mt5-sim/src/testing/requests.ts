/** Requests for tests: what is not said is ordinary. */
import type { TradeRequest } from '../broker/requests.ts';

type Of<Action extends TradeRequest['action']> = Extract<TradeRequest, { action: Action }>;

const marks = { magic: '77', comment: 'hf-test', stopLoss: '0', takeProfit: '0' } as const;

export function deal(changes: Partial<Of<'deal'>> = {}): Of<'deal'> {
  return {
    action: 'deal',
    symbol: 'EURUSD',
    side: 'buy',
    volume: '0.1',
    deviation: 0,
    filling: 'ioc',
    position: '',
    ...marks,
    ...changes,
  };
}

export function pending(changes: Partial<Of<'pending'>> = {}): Of<'pending'> {
  return {
    action: 'pending',
    symbol: 'EURUSD',
    side: 'buy',
    type: 'limit',
    volume: '0.1',
    price: '1.06',
    filling: 'return',
    expiresAt: 0,
    ...marks,
    ...changes,
  };
}
