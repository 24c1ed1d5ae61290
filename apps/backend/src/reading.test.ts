/** Results, records, positions, status and health over fakes; every answer is held to its schema. */
import type { NumberedRecord } from '@holdfast/ha-core';
import { beforeEach, expect, test } from 'vitest';
import { ACCOUNT, type FakeServer, fakeServer } from './testing/fake-server.ts';

let server: FakeServer;

beforeEach(async () => {
  server = await fakeServer();
});

const result = (number: number): NumberedRecord => ({
  kind: 'result',
  account: ACCOUNT,
  number,
  signalId: `s-${number}`,
  magic: String(number),
  action: 'open',
  symbol: 'EURUSD',
  outcome: 'filled',
  reason: 'executed',
  tickets: {},
  acceptedAt: 1,
  at: 2,
  epoch: 1,
  steps: [],
});

const correction = (number: number): NumberedRecord => ({
  kind: 'correction',
  account: ACCOUNT,
  number,
  signalId: 's',
  magic: '1',
  symbol: 'EURUSD',
  reason: 'late_fill',
  detail: '',
  at: 2,
  epoch: 1,
});

const path = (rest: string): string => `/v1/accounts/${ACCOUNT}/${rest}`;

test('results are those records alone; next leads through all of them', async () => {
  server.knobs.records = [result(1), correction(2), result(3), correction(4)];
  const first = (await server.get(path('results?limit=1'))).json();
  expect(first).toMatchObject({ results: [{ number: 1, signalId: 's-1' }], next: 1 });
  const second = (await server.get(path(`results?after=${first.next}`))).json();
  expect(second.results.map((one: { number: number }) => one.number)).toEqual([3]);
  expect(second.next).toBe(4);
  expect((await server.get(path('results?after=4'))).json()).toEqual({ results: [], next: 4 });
});

test('records are all kinds', async () => {
  server.knobs.records = [result(1), correction(2)];
  const answer = (await server.get(path('records'))).json();
  expect(answer.records.map((one: { kind: string }) => one.kind)).toEqual(['result', 'correction']);
  expect(answer.next).toBe(2);
});

test('records that are not contiguous are an error, not an answer (I8)', async () => {
  server.knobs.broken = true;
  const answer = await server.get(path('records'));
  expect(answer.statusCode).toBe(500);
  expect(answer.json().error.code).toBe('records_broken');
});

test.each(['results', 'records', 'positions', 'events'])('…/%s without Redis: 503', async (rest) => {
  server.writer.unavailable = 'no primary';
  const answer = await server.get(path(rest));
  expect(answer.statusCode).toBe(503);
  expect(answer.json().error.code).toBe('not_ready');
});

test('positions and working orders', async () => {
  const position = {
    position: '7',
    ticket: '7',
    symbol: 'EURUSD',
    side: 'buy',
    volume: '0.1',
    price: '1.07',
    stopLoss: '0',
    takeProfit: '0',
    magic: '1',
    comment: 'hf',
    openedAt: 5,
  };
  server.writer.reply = ([, key]) => (key?.endsWith(':positions') ? [JSON.stringify(position)] : []);
  const answer = await server.get(path('positions'));
  expect(answer.json()).toEqual({ positions: [position], orders: [] });
});

test('status says who is active, what waits and why it is degraded', async () => {
  server.writer.reply = ([name, key]) => {
    if (name === 'HGETALL' && key?.endsWith(':lease'))
      return ['holder', 'engine-1', 'epoch', '4', 'beat', '9'];
    if (name === 'HGETALL')
      return ['connection', '{"is":"down","suspended":true,"epoch":4}', 'role', '{"terminal":"terminal-1"}'];
    if (name === 'XLEN') return 3;
    if (name === 'HVALS' && key?.endsWith(':alerts')) return ['1 tv-1 3 9 10000', '2 tv-2 1 2 10000'];
    if (name === 'XREVRANGE') return [['8-0', ['record', JSON.stringify(result(8))]]];
    return name === 'HGET' ? '8' : [];
  };
  const status = (await server.get('/v1/status')).json();
  expect(status).toMatchObject({
    cluster: 'test',
    degraded: true,
    degradedBecause: [`${ACCOUNT}: the broker connection is suspended`],
    redis: {
      primary: 'a:1',
      inSync: ['b:1'],
      level: 'full',
      term: 1,
      change: 1,
      members: ['b:1'],
      toldBy: null,
      nodes: [
        { name: 'redis-1', role: 'primary', inSync: false },
        { name: 'redis-2', role: 'not known', inSync: true },
      ],
    },
    accounts: [
      {
        account: ACCOUNT,
        active: 'engine-1',
        epoch: '4',
        connection: 'suspended',
        terminal: 'terminal-1',
        pending: 3,
        unknown: 0,
        lastResult: { number: 8 },
        heldBack: [{ signalId: 'tv-1', firstAt: 1, lastAt: 9, times: 2 }],
      },
    ],
  });
});

test.each([
  [180_000, []],
  [180_001, [`${ACCOUNT}: not compared with its terminal for 3 minutes`]],
])('a report that is %s ms old: problems %j', async (ageMs, expected) => {
  const report = {
    cause: 'schedule',
    terminal: 'terminal-1',
    at: server.clock.ms - ageMs,
    since: 0,
    matched: 25,
    oursMissing: 0,
    brokerExtra: 25,
    differing: 0,
    unknown: [],
    rows: Array.from({ length: 25 }, (_, ticket) => ({
      what: 'position',
      ticket: String(ticket),
      finding: 'broker_extra',
      detail: 'buy 0.10 EURUSD',
    })),
  };
  server.writer.reply = ([name, key]) => {
    if (name === 'HGETALL' && key?.endsWith(':lease'))
      return ['holder', 'engine-1', 'epoch', '4', 'beat', '9'];
    if (name === 'HGETALL')
      return ['connection', '{"is":"up","epoch":4}', 'reconciliation', JSON.stringify(report)];
    return [];
  };
  const { degradedBecause, accounts } = (await server.get('/v1/status')).json();
  expect(degradedBecause).toEqual(expected);
  expect(accounts[0].reconciliation).toMatchObject({ brokerExtra: 25, matched: 25 });
  expect(accounts[0].reconciliation.rows).toHaveLength(20);
});

test('status is answered without Redis, and says so', async () => {
  server.writer.unavailable = 'no primary';
  const answer = await server.get('/v1/status');
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toMatchObject({
    degraded: true,
    accounts: [{ active: null, unavailable: 'no primary' }],
  });
});

test('health, metrics and the description need no key', async () => {
  for (const url of ['/livez', '/readyz', '/metrics', '/openapi.json']) {
    expect({ url, status: (await server.api.inject({ url })).statusCode }).toEqual({ url, status: 200 });
  }
  server.knobs.degraded = 'redis-2 alone';
  const degraded = await server.api.inject({ url: '/readyz' });
  expect([degraded.statusCode, degraded.body]).toEqual([200, 'ok, DEGRADED: redis-2 alone\n']);
  server.knobs.ready = 'no primary';
  const answer = await server.api.inject({ url: '/readyz' });
  expect([answer.statusCode, answer.body]).toEqual([503, 'no primary\n']);
  expect((await server.api.inject({ url: '/livez' })).statusCode).toBe(200);
});

test('the description names every path and the error shape', async () => {
  const page = (await server.api.inject({ url: '/openapi.json' })).json();
  expect(Object.keys(page.paths).sort()).toEqual([
    '/livez',
    '/metrics',
    '/readyz',
    '/v1/accounts/{account}/events',
    '/v1/accounts/{account}/leaders',
    '/v1/accounts/{account}/positions',
    '/v1/accounts/{account}/reconciliation',
    '/v1/accounts/{account}/records',
    '/v1/accounts/{account}/results',
    '/v1/accounts/{account}/signals',
    '/v1/accounts/{account}/signals/{id}',
    '/v1/accounts/{account}/wishes',
    '/v1/accounts/{account}/wishes/{id}',
    '/v1/status',
    '/v1/status/events',
    '/v1/webhooks/tradingview/{token}',
  ]);
  const signal = page.paths['/v1/accounts/{account}/signals'].post;
  expect(Object.keys(signal.responses)).toContain('504');
  expect(JSON.stringify(signal.requestBody)).toContain('stopLoss');
  expect(page.components.schemas).toHaveProperty('Error');
});
