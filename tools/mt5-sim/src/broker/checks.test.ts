/** MT5's return codes: each refusal by its request, and no refusal leaves a trace. */
import { createVirtualHost } from '@holdfast/bridge/testing';
import { expect, test } from 'vitest';
import { testBroker } from '../testing/scene.ts';
import { deal, pending } from '../testing/requests.ts';
import type { TradeRequest } from './requests.ts';
import { SYMBOLS } from './symbols.ts';

/** EURUSD at 1.07000/1.07010, stops level 10 points. */
async function answerTo(request: TradeRequest, margin: 'hedging' | 'netting' = 'hedging', options = {}) {
  const broker = testBroker(createVirtualHost(), options);
  broker.setPrice('EURUSD', 107_000, 10);
  const reply = await broker.attach(`demo-${margin}`, 'terminal-1').orderSend(request);
  return { reply, ledger: broker.ledger() };
}

const refusals: [number, string, TradeRequest][] = [
  [10013, 'an unknown symbol', deal({ symbol: 'NOSUCH' })],
  [10014, 'a volume below the minimum', deal({ volume: '0.001' })],
  [10014, 'a volume above the maximum', deal({ volume: '100.01' })],
  [10014, 'a volume off the step', deal({ volume: '0.015' })],
  [10014, 'a volume that is no number', deal({ volume: 'NaN' })],
  [10030, 'a filling that the symbol does not have', deal({ filling: 'return' })],
  [10016, 'a stop loss on the wrong side', deal({ stopLoss: '1.08' })],
  [10016, 'a stop loss inside the stops level', deal({ stopLoss: '1.06991' })],
  [10016, 'a take profit on the wrong side', deal({ takeProfit: '1.06' })],
  [10016, 'a stop off the point', deal({ stopLoss: '1.060005' })],
  [10016, 'a sell whose stop loss is below', deal({ side: 'sell', stopLoss: '1.06' })],
  [10036, 'a close of a position that is gone', deal({ position: '999' })],
  [10015, 'a buy limit above the market', pending({ price: '1.08' })],
  [10015, 'a buy stop below the market', pending({ type: 'stop', price: '1.06' })],
  [10015, 'a sell limit below the market', pending({ side: 'sell', price: '1.06' })],
  [10015, 'a sell stop above the market', pending({ side: 'sell', type: 'stop', price: '1.08' })],
  [10015, 'a pending price inside the stops level', pending({ price: '1.07005' })],
  [10015, 'a pending price of nothing', pending({ price: '0' })],
  [10016, 'a pending order with a stop loss above', pending({ stopLoss: '1.065' })],
  [10030, 'a pending order that may not wait', pending({ filling: 'ioc' })],
  [10022, 'an expiration in the past', pending({ expiresAt: 1 })],
  [
    10036,
    'stops of a position that is gone',
    { action: 'sltp', symbol: 'EURUSD', position: '9', stopLoss: '0', takeProfit: '0' },
  ],
  [
    10035,
    'a change of an order that does not wait',
    { action: 'modify', symbol: 'EURUSD', order: '9', price: '1', stopLoss: '0', takeProfit: '0' },
  ],
  [10035, 'the removal of an order that does not wait', { action: 'remove', symbol: 'EURUSD', order: '9' }],
];

test.each(refusals)('%i for %s', async (code, _what, request) => {
  const { reply, ledger } = await answerTo(request);
  expect(reply).toMatchObject({ retcode: code, order: '0', deal: '0' });
  expect(ledger).toEqual({ orders: [], deals: [], positions: [] });
});

test('10019 when the free margin does not carry the volume, and one step less is carried', async () => {
  const accounts = [
    { account: 'demo-hedging', margin: 'hedging', login: '1', server: 'S', leverage: 100, deposit: '1070.1' },
  ];
  // One lot at 1.07010 with leverage 100 needs 1,070.10.
  expect((await answerTo(deal({ volume: '1.01' }), 'hedging', { accounts })).reply.retcode).toBe(10019);
  expect((await answerTo(deal({ volume: '1' }), 'hedging', { accounts })).reply.retcode).toBe(10009);
});

test.each([
  ['disabled', 'buy', 10017],
  ['close_only', 'buy', 10044],
  ['long_only', 'sell', 10042],
  ['long_only', 'buy', 10009],
  ['short_only', 'buy', 10043],
  ['short_only', 'sell', 10009],
] as const)('trade mode %s and a %s: %i', async (tradeMode, side, code) => {
  const symbols = SYMBOLS.map((each) => ({ ...each, tradeMode }));
  expect((await answerTo(deal({ side }), 'hedging', { symbols })).reply.retcode).toBe(code);
});

test('a close: wrong side 10013, more than is open 10038, gone afterwards 10036; 10025 when nothing changes', async () => {
  const broker = testBroker(createVirtualHost());
  const link = broker.attach('demo-hedging', 'terminal-1');
  const { position } = await link.orderSend(deal());
  const codes = [
    await link.orderSend(deal({ position })),
    await link.orderSend(deal({ side: 'sell', position, volume: '0.11' })),
    await link.orderSend({ action: 'sltp', symbol: 'EURUSD', position, stopLoss: '0', takeProfit: '0' }),
    await link.orderSend({ action: 'sltp', symbol: 'EURUSD', position, stopLoss: '1.05', takeProfit: '0' }),
    await link.orderSend({
      action: 'sltp',
      symbol: 'EURUSD',
      position,
      stopLoss: '1.05000',
      takeProfit: '0',
    }),
    await link.orderSend(deal({ side: 'sell', position, volume: '0.04' })),
    await link.orderSend(deal({ side: 'sell', position, volume: '0.06' })),
    await link.orderSend(deal({ side: 'sell', position, volume: '0.06' })),
  ].map(({ retcode }) => retcode);
  expect(codes).toEqual([10013, 10038, 10025, 10009, 10025, 10009, 10009, 10036]);
  expect(broker.ledger().positions).toEqual([]);
});

test('a closed market is 10018, for the symbol that is closed and as long as it is', async () => {
  const host = createVirtualHost();
  const broker = testBroker(host);
  const link = broker.attach('demo-hedging', 'terminal-1');
  broker.addFault({ kind: 'market_closed', symbol: 'EURUSD', forMs: 1000 });
  expect((await link.orderSend(deal())).retcode).toBe(10018);
  expect((await link.orderSend(deal({ symbol: 'GBPUSD' }))).retcode).toBe(10009);
  await host.advance(1001);
  expect((await link.orderSend(deal())).retcode).toBe(10009);
});

test('magic and comment are kept, the comment up to 31 characters', async () => {
  const { ledger } = await answerTo(deal({ magic: '9007199254740991', comment: 'x'.repeat(40) }));
  for (const row of [ledger.orders[0], ledger.deals[0], ledger.positions[0]]) {
    expect(row).toMatchObject({ magic: '9007199254740991', comment: 'x'.repeat(31), terminal: 'terminal-1' });
  }
});
