/** Admission: a row for each reason to refuse, and that a close never opens (I7). */
import { describe, expect, it } from 'vitest';
import { admit, type Holdings } from './admit.ts';
import type { Position, SymbolRules, WorkingOrder } from '../order/position.ts';
import type { Signal } from '../signal/signal.ts';

const rules: SymbolRules = {
  symbol: 'EURUSD',
  digits: 5,
  volumeMin: '0.01',
  volumeMax: '50',
  volumeStep: '0.01',
  stopsLevel: 0,
  tradeMode: 'full',
};
const position = (ticket: string, side: 'buy' | 'sell'): Position => ({
  position: ticket,
  ticket,
  symbol: 'EURUSD',
  side,
  volume: '0.3',
  price: '1.1',
  stopLoss: '0',
  takeProfit: '0',
  magic: '1',
  comment: '',
  openedAt: 0,
});
const order = { order: '9', symbol: 'EURUSD' } as WorkingOrder;
const holdings = (more: Partial<Holdings> = {}, symbol: Partial<SymbolRules> = {}): Holdings => ({
  positions: [],
  orders: [],
  symbols: new Map([['EURUSD', { ...rules, ...symbol }]]),
  ...more,
});
const open = (more: Partial<Signal> = {}): Signal => ({
  id: 's',
  action: 'open',
  symbol: 'EURUSD',
  side: 'buy',
  volume: '0.1',
  ...more,
});
const close = (more: Partial<Signal> = {}): Signal => ({
  id: 's',
  action: 'close',
  symbol: 'EURUSD',
  ...more,
});
const reason = (signal: Signal, held = holdings()) => {
  const admission = admit(signal, held);
  return admission.is === 'refused' ? admission.reason : admission.command.do;
};

describe('admission', () => {
  it.each([
    ['a market order', open(), holdings(), 'deal'],
    ['a limit order', open({ type: 'limit', price: '1.05' }), holdings(), 'pending'],
    ['an unknown symbol', open({ symbol: 'XAUUSD' }), holdings(), 'unknown_symbol'],
    ['too little', open({ volume: '0.001' }), holdings(), 'volume_below_minimum'],
    ['too much', open({ volume: '50.01' }), holdings(), 'volume_above_maximum'],
    ['off the step', open({ volume: '0.015' }), holdings(), 'volume_off_step'],
    ['a price with too many digits', open({ type: 'stop', price: '1.123456' }), holdings(), 'price_off_step'],
    ['a stop with too many digits', open({ stopLoss: '1.123456' }), holdings(), 'price_off_step'],
    ['a symbol that may only be closed', open(), holdings({}, { tradeMode: 'close_only' }), 'trade_mode'],
    [
      'a sell where only longs may be',
      open({ side: 'sell' }),
      holdings({}, { tradeMode: 'long_only' }),
      'trade_mode',
    ],
    ['a close of nothing', close(), holdings(), 'position_not_found'],
    ['a close of the one position', close(), holdings({ positions: [position('1', 'buy')] }), 'close'],
    [
      'a close of one of two',
      close(),
      holdings({ positions: [position('1', 'buy'), position('2', 'buy')] }),
      'position_ambiguous',
    ],
    [
      'a close by side',
      close({ side: 'sell' }),
      holdings({ positions: [position('1', 'buy'), position('2', 'sell')] }),
      'close',
    ],
    [
      'a close of the wrong side',
      close({ position: '1', side: 'sell' }),
      holdings({ positions: [position('1', 'buy')] }),
      'position_not_found',
    ],
    [
      'a cancel of an order',
      { ...close({ order: '9' }), action: 'cancel' },
      holdings({ orders: [order] }),
      'cancel',
    ],
    [
      'a cancel of no order',
      { ...close({ order: '8' }), action: 'cancel' },
      holdings({ orders: [order] }),
      'order_not_found',
    ],
    [
      'a modify of no position',
      { ...close({ position: '8', stopLoss: '1.1' }), action: 'modify' },
      holdings(),
      'position_not_found',
    ],
  ] as [string, Signal, Holdings, string][])('%s', (_, signal, held, expected) => {
    expect(reason(signal, held)).toBe(expected);
  });

  it('never closes more than there is, nor the other side (I7)', () => {
    const held = holdings({ positions: [position('1', 'sell')] });
    expect(reason(close({ position: '1', volume: '0.31' }), held)).toBe('close_volume_above_position');
    expect(admit(close({ position: '1' }), held)).toEqual({
      is: 'command',
      command: { do: 'close', symbol: 'EURUSD', position: '1', side: 'sell', volume: '0.3' },
    });
  });
});
