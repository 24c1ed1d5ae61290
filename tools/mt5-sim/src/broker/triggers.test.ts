/** What a price sets off: stops, pending orders, expirations, the stop-out. */
import { createVirtualHost } from '@holdfast/bridge/testing';
import { expect, test } from 'vitest';
import { deal, pending } from '../testing/requests.ts';
import { testAccount, testBroker } from '../testing/scene.ts';

function scene(deposit = '10000000') {
  const host = createVirtualHost();
  const broker = testBroker(host, { accounts: [testAccount('hedging', deposit)] });
  broker.setPrice('EURUSD', 107_000, 10);
  return { host, broker, link: broker.attach('demo-hedging', 'terminal-1') };
}

test.each([
  ['buy', { stopLoss: '1.069', takeProfit: '1.071' }, 106_901, 106_899, 'sl', '1.06899'],
  ['buy', { stopLoss: '1.069', takeProfit: '1.071' }, 107_099, 107_100, 'tp', '1.071'],
  ['sell', { stopLoss: '1.072', takeProfit: '1.068' }, 107_189, 107_191, 'sl', '1.07201'],
  ['sell', { stopLoss: '1.072', takeProfit: '1.068' }, 106_791, 106_790, 'tp', '1.068'],
] as const)(
  'a %s with %j closes not at %i but at %i, by %s',
  async (side, stops, before, at, cause, price) => {
    const { broker, link } = scene();
    const { position } = await link.orderSend(deal({ side, ...stops }));
    broker.setPrice('EURUSD', before, 10);
    expect(broker.ledger().positions).toHaveLength(1);
    broker.setPrice('EURUSD', at, 10);
    expect(broker.ledger().positions).toEqual([]);
    expect(broker.ledger().deals.at(-1)).toMatchObject({
      entry: 'out',
      cause,
      price,
      position,
      magic: '77',
      terminal: '',
    });
    expect(broker.ledger().orders.at(-1)).toMatchObject({ state: 'filled', position });
  },
);

test.each([
  ['buy', 'limit', '1.06', 105_991, 105_990],
  ['buy', 'stop', '1.08', 107_989, 107_990],
  ['sell', 'limit', '1.08', 107_999, 108_000],
  ['sell', 'stop', '1.06', 106_001, 106_000],
] as const)(
  'a %s %s at %s waits at a bid of %i and is filled at %i',
  async (side, type, price, waits, fills) => {
    const { broker, link } = scene();
    const { order, retcode, deal: none } = await link.orderSend(pending({ side, type, price }));
    expect([retcode, none]).toEqual([10009, '0']);
    broker.setPrice('EURUSD', waits, 10);
    expect(broker.ledger()).toMatchObject({ orders: [{ order, state: 'placed' }], deals: [] });
    broker.setPrice('EURUSD', fills, 10);
    expect(broker.ledger()).toMatchObject({
      orders: [{ order, state: 'filled', filled: '0.1' }],
      deals: [{ order, entry: 'in', side, magic: '77' }],
      positions: [{ position: order, side }],
    });
  },
);

test('a pending order is changed, removed, expires, or is rejected when the money is gone', async () => {
  const { host, broker, link } = scene('200');
  const changed = await link.orderSend(pending());
  const change = {
    action: 'modify',
    symbol: 'EURUSD',
    order: changed.order,
    stopLoss: '1.04',
    takeProfit: '0',
  } as const;
  expect((await link.orderSend({ ...change, price: '1.05' })).retcode).toBe(10009);
  expect((await link.orderSend({ ...change, price: '1.0500' })).retcode).toBe(10025);
  expect(broker.ledger().orders).toMatchObject([{ price: '1.05', stopLoss: '1.04' }]);
  expect((await link.orderSend({ action: 'remove', symbol: 'EURUSD', order: changed.order })).retcode).toBe(
    10009,
  );
  const dated = await link.orderSend(pending({ expiresAt: host.wallMs() + 100 }));
  await host.advance(101);
  broker.tick('EURUSD');
  const poor = await link.orderSend(pending({ volume: '5' }));
  broker.setPrice('EURUSD', 105_900, 10);
  expect(broker.ledger().orders).toMatchObject([
    { order: changed.order, state: 'cancelled' },
    { order: dated.order, state: 'expired' },
    { order: poor.order, state: 'rejected' },
  ]);
  expect(broker.ledger().deals).toEqual([]);
});

test('the broker stops an account out when its equity is below half of its margin', async () => {
  const { broker, link } = scene('1200');
  await link.orderSend(deal({ volume: '1' }));
  broker.setPrice('EURUSD', 106_400, 10);
  expect(broker.ledger().positions).toHaveLength(1);
  broker.setPrice('EURUSD', 106_300, 10);
  expect(broker.ledger().positions).toEqual([]);
  expect(broker.ledger().deals.at(-1)).toMatchObject({ cause: 'so', profit: '-710' });
});

test('somebody closes by hand: a deal of magic 0', async () => {
  const { broker, link } = scene();
  const { position } = await link.orderSend(deal());
  broker.addFault({ kind: 'manual_close', account: 'demo-hedging', position });
  expect(broker.ledger().deals.at(-1)).toMatchObject({ cause: 'client', magic: '0', position });
  expect(broker.ledger().positions).toEqual([]);
});
