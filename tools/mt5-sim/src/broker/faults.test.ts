/** The fault menu: what each fault makes of a request, and what a wrong fault is answered. */
import { createVirtualHost } from '@holdfast/bridge/testing';
import { expect, test } from 'vitest';
import type { BrokerNotice } from '../link/broker-link.ts';
import { deal } from '../testing/requests.ts';
import { testBroker } from '../testing/scene.ts';
import { type Fault, parseFault } from './fault-menu.ts';

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
  expect(link.connection()).toEqual({ connected: false, synced: false });
  expect((await link.orderSend(deal())).retcode).toBe(10031);
  expect([await link.list('deals', {}), await link.position('1'), await link.quote('EURUSD')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  await host.advance(1001);
  expect(link.connection()).toEqual({ connected: true, synced: false });
  await host.advance(500);
  expect(link.connection()).toEqual({ connected: true, synced: true });
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
    { is: 'connection', connection: { connected: false, synced: false } },
    { is: 'connection', connection: { connected: true, synced: true } },
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
])('the fault %j is refused by its field', (body, field, expected) => {
  const parsed = parseFault(body);
  expect(parsed).toMatchObject({ is: 'refused', errors: [{ field }] });
  expect(JSON.stringify(parsed)).toContain(expected);
});
