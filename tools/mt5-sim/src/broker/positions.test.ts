/** Positions by scenario, netting and hedging, and what holds for every sequence of deals. */
import { addDecimals, decimal, formatDecimal, subtractDecimals } from '@holdfast/ha-core';
import { createVirtualHost } from '@holdfast/bridge/testing';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { deal } from '../testing/requests.ts';
import { testBroker } from '../testing/scene.ts';
import { ZERO } from './money.ts';

function scene(margin: 'hedging' | 'netting') {
  const broker = testBroker(createVirtualHost());
  broker.setPrice('EURUSD', 107_000, 0);
  const account = `demo-${margin}`;
  const balance = (): string | undefined =>
    broker.accounts().find((each) => each.account === account)?.balance;
  return { broker, link: broker.attach(account, 'terminal-1'), balance };
}

test('netting: deals of one side merge at the average price, with the magic of the last', async () => {
  const { broker, link } = scene('netting');
  const first = await link.orderSend(deal({ volume: '0.1', magic: '1', stopLoss: '1.05' }));
  broker.setPrice('EURUSD', 107_300, 0);
  const second = await link.orderSend(deal({ volume: '0.2', magic: '2' }));
  expect(second.position).toBe(first.order);
  expect(broker.ledger().positions).toMatchObject([
    {
      position: first.order,
      ticket: first.order,
      volume: '0.3',
      price: '1.072',
      magic: '2',
      stopLoss: '1.05',
    },
  ]);
});

test('netting: an opposite deal reduces, closes, or reverses; a reversal keeps the identifier and changes the ticket', async () => {
  const { broker, link, balance } = scene('netting');
  const first = await link.orderSend(deal({ volume: '0.3' }));
  broker.setPrice('EURUSD', 107_100, 0);
  const out = await link.orderSend(deal({ side: 'sell', volume: '0.1', magic: '2' }));
  expect(broker.ledger().deals.at(-1)).toMatchObject({
    deal: out.deal,
    entry: 'out',
    profit: '10',
    magic: '2',
  });
  expect(broker.ledger().positions).toMatchObject([{ volume: '0.2', price: '1.07' }]);
  const reversal = await link.orderSend(deal({ side: 'sell', volume: '0.5', magic: '3' }));
  expect(broker.ledger().deals.at(-1)).toMatchObject({ entry: 'inout', volume: '0.5', profit: '20' });
  expect(broker.ledger().positions).toMatchObject([
    {
      position: first.order,
      ticket: reversal.order,
      side: 'sell',
      volume: '0.3',
      price: '1.071',
      magic: '3',
    },
  ]);
  expect(balance()).toBe('10000030');
  // The old ticket names nothing any more: a late close of it cannot touch the reversed position (I7).
  expect((await link.orderSend(deal({ side: 'sell', position: first.order }))).retcode).toBe(10036);
  await link.orderSend(deal({ volume: '0.3', position: reversal.order }));
  expect(broker.ledger().positions).toEqual([]);
});

test('hedging: every opening is a position; a close takes from the one that it names', async () => {
  const { broker, link, balance } = scene('hedging');
  const long = await link.orderSend(deal({ volume: '0.2', magic: '1' }));
  const short = await link.orderSend(deal({ side: 'sell', volume: '0.2', magic: '2' }));
  expect(broker.ledger().positions.map(({ position }) => position)).toEqual([long.order, short.order]);
  broker.setPrice('EURUSD', 107_050, 0);
  const close = await link.orderSend(
    deal({ side: 'sell', volume: '0.15', position: long.position, magic: '3' }),
  );
  expect(close).toMatchObject({ retcode: 10009, position: long.position });
  expect(broker.ledger().deals.at(-1)).toMatchObject({
    entry: 'out',
    profit: '7.5',
    magic: '3',
    position: long.position,
  });
  expect(broker.ledger().positions).toMatchObject([
    { position: short.order, volume: '0.2' },
    { position: long.order, volume: '0.05', magic: '1' },
  ]);
  expect(balance()).toBe('10000007.5');
});

test('profit of a symbol whose base is the currency of the account is turned into it', async () => {
  const { broker, link } = scene('hedging');
  broker.setPrice('USDJPY', 110_000, 0);
  const { position } = await link.orderSend(deal({ symbol: 'USDJPY', volume: '1' }));
  broker.setPrice('USDJPY', 111_000, 0);
  await link.orderSend(deal({ symbol: 'USDJPY', side: 'sell', volume: '1', position }));
  // 100,000 yen at 111.
  expect(broker.ledger().deals.at(-1)?.profit).toBe('900.9');
});

const step = fc.record({
  side: fc.constantFrom('buy' as const, 'sell' as const),
  lots: fc.integer({ min: 1, max: 30 }),
  move: fc.integer({ min: -50, max: 50 }),
  closes: fc.nat({ max: 5 }),
});

test.each(['netting', 'hedging'] as const)(
  'conservation on a %s account: what was bought less what was sold is what is open, and every cent is in a deal',
  async (margin) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { broker, link, balance } = scene(margin);
        let points = 107_000;
        for (const { side, lots, move, closes } of steps) {
          points += move;
          broker.setPrice('EURUSD', points, 10);
          const held = broker.ledger().positions[closes];
          const volume = formatDecimal({ units: BigInt(lots), scale: 2 });
          await link.orderSend(
            held === undefined
              ? deal({ side, volume })
              : deal({ side: held.side === 'buy' ? 'sell' : 'buy', volume, position: held.ticket }),
          );
        }
        const { deals, positions, orders } = broker.ledger();
        const signed = (rows: readonly { side: string; volume: string }[]) =>
          formatDecimal(
            rows.reduce(
              (sum, row) => (row.side === 'buy' ? addDecimals : subtractDecimals)(sum, decimal(row.volume)),
              ZERO,
            ),
          );
        expect(signed(deals)).toBe(signed(positions));
        expect(orders).toHaveLength(deals.length);
        expect(positions.length).toBeLessThanOrEqual(margin === 'netting' ? 1 : steps.length);
        const profit = deals.reduce(
          (sum, { profit: each }) => addDecimals(sum, decimal(each)),
          decimal('10000000'),
        );
        expect(balance()).toBe(formatDecimal(profit));
        const tickets = [...orders.map(({ order }) => order), ...deals.map(({ deal: ticket }) => ticket)];
        expect(new Set(tickets).size).toBe(tickets.length);
        expect(new Set(positions.map(({ ticket }) => ticket)).size).toBe(positions.length);
        for (const { volume } of positions) expect(decimal(volume).units).toBeGreaterThan(0n);
      }),
      { numRuns: 60 },
    );
  },
);
