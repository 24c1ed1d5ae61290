/** The fault menu: what each fault makes of a request, and what a wrong fault is answered. */
import { createVirtualHost } from '@holdfast/bridge/testing';
import { expect, test } from 'vitest';
import type { BrokerNotice } from '../link/broker-link.ts';
import { deal } from '../testing/requests.ts';
import { testBroker } from '../testing/scene.ts';
import { type Fault, parseFault } from './fault-menu.ts';

const KNOWN = { clockAheadMs: 0, login: '5001' };

function scene(...faults: Fault[]) {
  const host = createVirtualHost();
  const broker = testBroker(host);
  const link = broker.attach('demo-hedging', 'terminal-1');
  const notices: BrokerNotice[] = [];
  link.onNotice((notice) => notices.push(notice));
  for (const fault of faults) broker.addFault(fault);
  return { host, broker, link, notices };
}

test.each([10012, 10031])('drop_reply: %i although it was executed', async (retcode) => {
  const { broker, link } = scene({ kind: 'drop_reply', retcode });
  expect(await link.orderSend(deal())).toMatchObject({ retcode, order: '0', deal: '0' });
  expect(broker.ledger().deals).toHaveLength(1);
});

test('drop_reply with executeAfterMs: executed after OrderSend has given up', async () => {
  const { host, broker, link } = scene({ kind: 'drop_reply', retcode: 10012, executeAfterMs: 2000 });
  expect(await link.orderSend(deal())).toMatchObject({ retcode: 10012 });
  expect(broker.ledger().deals).toEqual([]);
  await host.advance(2000);
  expect(broker.ledger().deals).toHaveLength(1);
});

test('drop_reply with executeAfterMs: a late refusal is told to nobody, and only the broker knows of it', async () => {
  const { host, broker, link, notices } = scene({ kind: 'drop_reply', retcode: 10031, executeAfterMs: 2000 });
  expect(await link.orderSend(deal())).toMatchObject({ retcode: 10031 });
  expect(broker.unheard()).toEqual([]);
  broker.addFault({ kind: 'market_closed', symbol: 'EURUSD', forMs: 60_000 });
  await host.advance(2000);
  expect([broker.ledger().orders, broker.ledger().deals]).toEqual([[], []]);
  expect(notices.filter(({ is }) => is !== 'connection')).toEqual([]);
  expect(broker.unheard()).toEqual([deal()]);
});

test('drop_request: 10012 and never executed', async () => {
  const { host, broker, link } = scene({ kind: 'drop_request', retcode: 10012 });
  expect(await link.orderSend(deal())).toMatchObject({ retcode: 10012 });
  await host.advance(60_000);
  expect(broker.ledger().orders).toEqual([]);
});

test('refuse and requote strike as often as asked, and only whom they name', async () => {
  const { broker, link } = scene(
    { kind: 'refuse', retcode: 10006, times: 2, terminal: 'terminal-1' },
    { kind: 'requote', symbol: 'GBPUSD' },
  );
  const other = broker.attach('demo-netting', 'terminal-2');
  expect((await other.orderSend(deal())).retcode).toBe(10009);
  const codes = [];
  for (const symbol of ['EURUSD', 'GBPUSD', 'GBPUSD'])
    codes.push((await link.orderSend(deal({ symbol }))).retcode);
  expect(codes).toEqual([10006, 10006, 10009]);
  expect(broker.faults()).toEqual([]);
});

test('partial_fill, done_without_deal and comment_changed change the result and not the books', async () => {
  const { broker, link } = scene(
    { kind: 'partial_fill' },
    { kind: 'done_without_deal', times: 2 },
    { kind: 'comment_changed', comment: 'broker' },
  );
  expect(await link.orderSend(deal({ volume: '0.05' }))).toMatchObject({
    retcode: 10010,
    deal: '0',
    volume: '0.02',
  });
  expect(await link.orderSend(deal())).toMatchObject({ retcode: 10009, deal: '0', price: '0' });
  expect(broker.ledger().orders).toMatchObject([
    { state: 'partial', volume: '0.05', filled: '0.02', comment: 'broker', magic: '77' },
    { state: 'filled', filled: '0.1', comment: 'hf-test' },
  ]);
  expect(broker.ledger().deals).toHaveLength(2);
});

test('delay: the execution lies in the middle of the time that OrderSend takes', async () => {
  const { host, broker, link } = scene({ kind: 'delay', delayMs: 1000 });
  let retcode = 0;
  void link.orderSend(deal()).then((reply) => {
    ({ retcode } = reply);
  });
  await host.advance(499);
  expect(broker.ledger().deals).toEqual([]);
  await host.advance(1);
  expect([broker.ledger().deals.length, retcode]).toEqual([1, 0]);
  await host.advance(500);
  expect(retcode).toBe(10009);
});

test('broker_down: the reply is lost, no list can be read, then the lists fill for a while', async () => {
  const { host, broker, link, notices } = scene({ kind: 'delay', delayMs: 1000 });
  const sending = link.orderSend(deal());
  await host.advance(600);
  broker.addFault({ kind: 'broker_down', terminal: 'terminal-1', forMs: 1000, syncMs: 500 });
  expect((await sending).retcode).toBe(10031);
  expect(broker.ledger().deals).toHaveLength(1);
  expect(link.connection()).toMatchObject({ connected: false, synced: false });
  expect((await link.orderSend(deal())).retcode).toBe(10031);
  expect([await link.list('deals', {}), await link.position('1'), await link.quote('EURUSD')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  await host.advance(1001);
  expect(link.connection()).toMatchObject({ connected: true, synced: false });
  await host.advance(500);
  expect(link.connection()).toMatchObject({ connected: true, synced: true });
  const told = notices.flatMap((notice) => (notice.is === 'connection' ? [notice.connection.connected] : []));
  expect(told).toEqual([false, true, true]);
});

test('lists_lag and events_lost: what happened just now is not shown, or not told', async () => {
  const { host, link, notices } = scene(
    { kind: 'lists_lag', lagMs: 500, forMs: 10_000 },
    { kind: 'events_lost', times: 3 },
  );
  await link.orderSend(deal());
  expect(notices).toEqual([]);
  expect([await link.list('deals', {}), await link.list('positions', {})]).toEqual([[], []]);
  await host.advance(501);
  expect(await link.list('deals', {})).toHaveLength(1);
  expect(await link.list('deals', { since: host.wallMs() })).toEqual([]);
  expect(await link.list('deals', { magic: '77' })).toHaveLength(1);
  expect(await link.list('done', { magic: '78' })).toEqual([]);
  await link.orderSend(deal());
  expect(notices.map(({ is }) => is)).toEqual(['order', 'deal', 'position']);
});

test('events_late: each is told twice, and they overtake each other', async () => {
  const { host, link, notices } = scene({ kind: 'events_late', times: 6, delayMs: 1000 });
  await link.orderSend(deal());
  await link.orderSend(deal());
  expect(notices).toEqual([]);
  await host.advance(1001);
  const kinds = notices.map(({ is }) => is);
  expect(kinds.toSorted()).toEqual([
    ...Array.from({ length: 4 }, () => 'deal'),
    ...Array.from({ length: 4 }, () => 'order'),
    ...Array.from({ length: 4 }, () => 'position'),
  ]);
  expect(kinds.slice(0, 3)).not.toEqual(['order', 'deal', 'position']);
});

test('manual_open, ticket_changed and deal_cancelled change the book, and are told like all else', async () => {
  const { broker, link, notices } = scene();
  const account = 'demo-hedging';
  broker.addFault({ kind: 'manual_open', account, symbol: 'EURUSD', side: 'sell', volume: '0.5' });
  const [opened] = broker.ledger().positions;
  expect(opened).toMatchObject({ side: 'sell', volume: '0.5', magic: '0', terminal: '' });
  broker.addFault({ kind: 'ticket_changed', account, position: opened?.position ?? '' });
  const [renamed] = broker.ledger().positions;
  expect(renamed).toMatchObject({ position: opened?.position });
  expect(renamed?.ticket).not.toBe(opened?.ticket);
  const { deal: ticket, position } = await link.orderSend(deal());
  broker.addFault({ kind: 'deal_cancelled', account, deal: ticket });
  broker.addFault({ kind: 'deal_cancelled', account, deal: ticket });
  expect(broker.ledger().positions).toMatchObject([{ position: opened?.position }]);
  expect(await link.list('deals', { cancelled: true })).toMatchObject([{ deal: ticket, cancelled: true }]);
  expect(await link.list('deals', { magic: '77' })).toMatchObject([{ deal: ticket, cancelled: true }]);
  expect(notices.slice(-2)).toMatchObject([
    { is: 'deal', deal: { deal: ticket, cancelled: true } },
    { is: 'position', gone: true, position: { position } },
  ]);
  expect(broker.accounts()[0]?.balance).toBe('10000000');
});

test('clock_step: rows from before it lie in the future, and are found by what they are', async () => {
  const { host, broker, link } = scene();
  await link.orderSend(deal());
  broker.addFault({ kind: 'clock_step', stepMs: -3_600_000 });
  expect(link.connection().clockAheadMs).toBe(-3_600_000);
  const { at } = await link.orderSend(deal());
  expect(at).toBe(host.wallMs() - 3_600_000);
  expect(await link.list('deals', { since: at })).toHaveLength(2);
  expect(await link.list('deals', { since: at + 1 })).toHaveLength(1);
  expect(await link.list('positions', {})).toHaveLength(2);
  broker.addFault({ kind: 'lists_lag', lagMs: 500, forMs: 10_000 });
  expect(await link.list('positions', {})).toHaveLength(1);
});

test('relogin: the terminal has nothing of the account, and nothing that it sends is for it', async () => {
  const { host, broker, link, notices } = scene({ kind: 'delay', delayMs: 1000 });
  const sending = link.orderSend(deal());
  broker.addFault({ kind: 'relogin', terminal: 'terminal-1', login: '9001', forMs: 500 });
  expect((await sending).retcode).toBe(10031);
  await link.orderSend(deal());
  expect([await link.list('positions', {}), await link.position('1')]).toEqual([[], 'gone']);
  expect(link.connection()).toMatchObject({ connected: true, login: '9001' });
  await host.advance(501);
  expect(link.connection().login).toBe('5001');
  expect(notices.flatMap((notice) => (notice.is === 'connection' ? [notice.connection.login] : []))).toEqual([
    '9001',
    '5001',
  ]);
  expect(broker.ledger().orders).toHaveLength(1);
});

test('faults can be ended, and those of terminals are told to them', async () => {
  const { broker, link, notices } = scene(
    { kind: 'links_down', forMs: 100 },
    { kind: 'crash', terminal: 'terminal-1', point: 'after_intent' },
    { kind: 'crash', terminal: 'terminal-2', point: 'after_intent' },
    { kind: 'broker_down', forMs: 60_000 },
  );
  expect(broker.clearFaults()).toBe(2);
  expect(link.connection().connected).toBe(true);
  expect(notices).toEqual([
    { is: 'links_down', forMs: 100, engine: undefined },
    { is: 'crash', point: 'after_intent' },
    { is: 'connection', connection: { connected: false, synced: false, ...KNOWN } },
    { is: 'connection', connection: { connected: true, synced: true, ...KNOWN } },
  ]);
});

test.each([
  [null, '(body)', 'an object'],
  [{}, 'kind', 'one of links_down'],
  [{ kind: 'toString' }, 'kind', 'one of'],
  [{ kind: 'refuse' }, 'retcode', 'refuse needs it'],
  [{ kind: 'refuse', retcode: 1 }, 'retcode', 'return codes'],
  [{ kind: 'drop_reply', retcode: 10009 }, 'retcode', '10012 or 10031'],
  [{ kind: 'delay', delayMs: -1 }, 'delayMs', 'milliseconds'],
  [{ kind: 'delay', delayMs: 1, retcode: 10006 }, 'retcode', 'no such field with delay'],
  [{ kind: 'requote', times: 0 }, 'times', 'from 1'],
  [{ kind: 'crash', terminal: 't', point: 'sometimes' }, 'point', 'before_intent'],
  [{ kind: 'manual_close', account: 'a', position: 5 }, 'position', 'string of digits'],
  [{ kind: 'manual_open', account: 'a', symbol: 'EURUSD', volume: '-1' }, 'volume', 'above 0'],
  [{ kind: 'clock_step', stepMs: 1e9 }, 'stepMs', '-86400000 to'],
])('the fault %j is refused by its field', (body, field, expected) => {
  const parsed = parseFault(body);
  expect(parsed).toMatchObject({ is: 'refused', errors: [{ field }] });
  expect(JSON.stringify(parsed)).toContain(expected);
});
