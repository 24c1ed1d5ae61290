/** Prices from files and by seed, and the same ledger from the same seed. */
import { createVirtualHost } from '@holdfast/bridge/testing';
import { expect, test } from 'vitest';
import { deal, pending } from '../testing/requests.ts';
import { testAccount } from '../testing/scene.ts';
import { type BrokerRecord, createBroker } from './broker.ts';
import { recordedQuotes, walkedQuotes } from './quotes.ts';
import { parseRecordedBars } from './recorded-bars.ts';
import { SYMBOLS } from './symbols.ts';

const EURUSD = SYMBOLS[0] as (typeof SYMBOLS)[number];
const HEADER = '<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>';
const ROSE = '2017.04.19\t09:00:00\t1.07160\t1.07220\t1.07083\t1.07219\t1413\t0\t10';
const FELL = '2017.04.19\t10:00:00\t1.07214\t1.07296\t1.07200\t1.07210\t1241\t0\t12';

test('a bar becomes four ticks, the extreme on its way first, and the file starts again at its end', () => {
  const quotes = recordedQuotes(parseRecordedBars([HEADER, ROSE, FELL, ''].join('\r\n'), EURUSD));
  const path = Array.from({ length: 9 }, () => quotes.next().bidPoints);
  expect(path).toEqual([107_160, 107_083, 107_220, 107_219, 107_214, 107_296, 107_200, 107_210, 107_160]);
  const resumed = recordedQuotes(parseRecordedBars([HEADER, ROSE, FELL].join('\n'), EURUSD));
  resumed.resume(quotes.place());
  expect(resumed.next()).toEqual(quotes.next());
});

test.each([
  ['no,header', 'line 1'],
  [HEADER, 'no bars'],
  [HEADER.replace('<HIGH>', '<TOP>'), 'no column <HIGH>'],
  [`${HEADER}\n${ROSE}\n${FELL.replace('1.07296', 'high')}`, 'line 3: <HIGH> is "high"'],
  [`${HEADER}\n${ROSE.replace('1.07160', '1.071601')}`, 'at most 5 decimals'],
  [`${HEADER}\n${ROSE.replace('1.07083', '1.07200')}`, 'does not enclose'],
  [`${HEADER}\n${ROSE.replace(/10$/, '-1')}`, '<SPREAD> is "-1"'],
])('a price file is refused: %j', (text, why) => {
  expect(() => parseRecordedBars(text, EURUSD)).toThrow(why);
});

test('a walk goes on from its place, stays near its start, and differs by seed', () => {
  const walk = walkedQuotes(EURUSD, 7);
  let lowest = Number.POSITIVE_INFINITY;
  let highest = 0;
  for (let tick = 0; tick < 50_000; tick += 1) {
    const { bidPoints } = walk.next();
    lowest = Math.min(lowest, bidPoints);
    highest = Math.max(highest, bidPoints);
  }
  expect(lowest).toBeGreaterThan(100_000);
  expect(highest).toBeLessThan(115_000);
  const resumed = walkedQuotes(EURUSD, 7);
  resumed.resume(walk.place());
  const next = Array.from({ length: 20 }, () => walk.next().bidPoints);
  expect(Array.from({ length: 20 }, () => resumed.next().bidPoints)).toEqual(next);
  const other = walkedQuotes(EURUSD, 8);
  other.resume([next.at(-1) ?? 0, 8]);
  expect(Array.from({ length: 20 }, () => other.next().bidPoints)).not.toEqual(next);
});

/** A run of a minute with orders now and then; returns the ledger and everything that was recorded. */
async function run(seed: number) {
  const host = createVirtualHost(seed);
  const records: BrokerRecord[] = [];
  const accounts = [testAccount('hedging'), testAccount('netting')];
  const broker = createBroker({
    host,
    seed,
    latencyMs: 20,
    accounts,
    onRecord: (record) => records.push(record),
  });
  for (let at = 0; at < 40; at += 1) {
    const link = broker.attach(at % 2 === 0 ? 'demo-hedging' : 'demo-netting', 'terminal-1');
    const side = at % 3 === 0 ? 'sell' : 'buy';
    const symbol = SYMBOLS[at % 4]?.symbol ?? '';
    void link.orderSend(
      at % 5 === 0 ? pending({ price: '1.071', symbol: 'EURUSD' }) : deal({ side, symbol }),
    );
    await host.advance(500);
  }
  const outcome = { ledger: broker.ledger(), accounts: broker.accounts(), quotes: broker.quotes() };
  broker.stop();
  return { ...outcome, records, host };
}

test('the same seed gives the same ledger to the last digit, another seed another', async () => {
  const [one, same, other] = [await run(3), await run(3), await run(4)];
  expect(one.ledger.deals.length).toBeGreaterThan(20);
  expect(one.ledger).toEqual(same.ledger);
  expect(one.quotes).toEqual(same.quotes);
  expect(one.ledger).not.toEqual(other.ledger);
});

test('what was recorded rebuilds the broker: ledger, balances, tickets', async () => {
  const { records, ledger, accounts, host } = await run(5);
  const book = [testAccount('hedging'), testAccount('netting')];
  const again = createBroker({ host, seed: 5, tickEveryMs: 0, accounts: book, restore: records });
  const byTicket = (rows: readonly { order: string }[]) => rows.map(({ order }) => order).sort();
  expect(again.ledger().deals).toEqual(ledger.deals);
  expect(byTicket(again.ledger().orders)).toEqual(byTicket(ledger.orders));
  expect(again.ledger().positions).toHaveLength(ledger.positions.length);
  expect(again.accounts().map(({ balance }) => balance)).toEqual(accounts.map(({ balance }) => balance));
  const { order } = await again.attach('demo-hedging', 'terminal-1').orderSend(deal());
  const highest = [...ledger.orders.map((row) => row.order), ...ledger.deals.map((row) => row.deal)].map(
    BigInt,
  );
  expect(BigInt(order)).toBeGreaterThan(highest.reduce((a, b) => (a > b ? a : b)));
});
