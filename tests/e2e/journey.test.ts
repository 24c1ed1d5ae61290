/**
 * A signal's whole journey with real processes: the recorded alerts and 200 signals over the API, all four actions on
 * both accounts, on recorded prices where they are at hand; then ledger, results, DuckDB and ClickHouse row by row.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from './checker.ts';
import { type Client, createClient, type Told } from './client.ts';
import { type Cluster, recordedData, startCluster, until } from './cluster.ts';
import { gather } from './evidence.ts';

const ACCOUNTS = ['demo-hedging', 'demo-netting'];
const SYMBOLS = ['EURUSD', 'GBPUSD', 'USDJPY', 'XAUUSD'];
const PENDING_PRICE: Record<string, string> = {
  EURUSD: '0.90000',
  GBPUSD: '0.90000',
  USDJPY: '80.000',
  XAUUSD: '900.00',
};
const STOP_LOSS: Record<string, string> = {
  EURUSD: '0.80000',
  GBPUSD: '0.80000',
  USDJPY: '70.000',
  XAUUSD: '800.00',
};

type Shown = {
  state: string;
  result?: { outcome: string; reason: string; tickets: { order?: string; position?: string } };
};

let cluster: Cluster;
let client: Client;

beforeAll(async () => {
  const prices = recordedData('EURUSD_H1.csv');
  cluster = await startCluster(prices === undefined ? [] : ['--prices', prices]);
  const { api } = await cluster.status();
  client = createClient(api.urls[0] ?? '', readFileSync(api.keyFile, 'utf8').trim());
}, 150_000);

afterAll(async () => {
  await cluster?.stop();
}, 60_000);

const finished = (account: string, id: string): Promise<Shown> =>
  until(`result of ${id}`, 20_000, async () => {
    const { body } = await client.get<Shown>(`/v1/accounts/${account}/signals/${id}`);
    return body.result === undefined ? undefined : body;
  });

const sent = async (account: string, body: Record<string, unknown>): Promise<Told> =>
  client.send(account, body);

/** One round of 25 signals on one account and symbol: opens, pendings, modifies, cancels, closes. */
async function round(account: string, symbol: string): Promise<void> {
  const id = (name: string): string => `${symbol}-${name}`;
  const open = { action: 'open', symbol, side: 'buy', volume: '0.10' };
  const pending = { ...open, type: 'limit', price: PENDING_PRICE[symbol] };
  const names = Array.from({ length: 5 }, (_, index) => index);
  await Promise.all(names.map((index) => sent(account, { ...open, id: id(`open-${index}`) })));
  await Promise.all(names.map((index) => sent(account, { ...pending, id: id(`pending-${index}`) })));
  const opened = await Promise.all(names.map((index) => finished(account, id(`open-${index}`))));
  const placed = await Promise.all(names.map((index) => finished(account, id(`pending-${index}`))));
  for (const [index, shown] of placed.entries()) {
    const order = shown.result?.tickets.order;
    if (index < 3)
      await sent(account, {
        id: id(`modify-${index}`),
        action: 'modify',
        symbol,
        order,
        stopLoss: STOP_LOSS[symbol],
      });
    else await sent(account, { id: id(`cancel-${index}`), action: 'cancel', symbol, order });
  }
  for (const [index, shown] of opened.entries()) {
    const position = shown.result?.tickets.position;
    const volume = account === 'demo-netting' || index === 0 ? { volume: '0.05' } : {};
    if (index < 2)
      await sent(account, {
        id: id(`stops-${index}`),
        action: 'modify',
        symbol,
        position,
        stopLoss: STOP_LOSS[symbol],
      });
    await sent(account, { id: id(`close-${index}`), action: 'close', symbol, position, ...volume });
  }
  await sent(account, { id: id('flat'), action: 'close', symbol, side: 'sell' });
  await sent(account, { id: id('late'), ...open, ttlMs: 1 });
  await sent(account, { id: id('again-0'), ...open, side: 'sell', volume: '0.02' });
}

describe('a signal’s whole journey', () => {
  it('carries 200 signals of all four actions on both accounts to one result each', async () => {
    await Promise.all(
      ACCOUNTS.map(async (account) => {
        for (const symbol of SYMBOLS) await round(account, symbol);
      }),
    );
    expect(client.told.size).toBe(200);
    const refused = [...client.told.values()].filter((row) => row.acknowledgedAt === undefined);
    expect(refused).toEqual([]);
    for (const account of ACCOUNTS) {
      for (const symbol of SYMBOLS) {
        expect((await finished(account, `${symbol}-open-0`)).state).toBe('filled');
        expect((await finished(account, `${symbol}-pending-0`)).state).toBe('placed');
        expect((await finished(account, `${symbol}-modify-0`)).state).toBe('done');
        expect((await finished(account, `${symbol}-cancel-3`)).state).toBe('done');
        expect((await finished(account, `${symbol}-close-0`)).state).toBe('filled');
        expect((await finished(account, `${symbol}-flat`)).result?.reason).toBe('position_not_found');
        expect((await finished(account, `${symbol}-late`)).state).toBe('expired');
      }
    }
  }, 120_000);

  it('answers a repeat with 200 and another body under the same id with 409', async () => {
    const body = { id: 'EURUSD-open-0', action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.10' };
    const path = '/v1/accounts/demo-hedging/signals';
    expect((await client.post(path, JSON.stringify(body))).status).toBe(200);
    expect((await client.post(path, JSON.stringify({ ...body, volume: '0.20' }))).status).toBe(409);
  });

  it.each([
    ['no id', { id: undefined }, 422, 'id'],
    ['a volume off the step', { id: 'bad-1', volume: '0.105' }, 422, 'volume'],
    ['an unknown symbol', { id: 'bad-2', symbol: 'NOSUCH' }, 422, 'symbol'],
    ['a limit order without a price', { id: 'bad-3', type: 'limit' }, 422, 'price'],
    ['a volume that is no number', { id: 'bad-4', volume: 'NaN' }, 422, 'volume'],
  ])('refuses %s by field', async (_, change, status, field) => {
    const body = { action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.10', ...change };
    const answer = await client.post('/v1/accounts/demo-hedging/signals', JSON.stringify(body));
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).toContain(`"field":"${field}"`);
  });

  it('refuses an unknown account, NaN in JSON and a 10 MB body', async () => {
    const body = { id: 'bad-5', action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.10' };
    expect((await client.post('/v1/accounts/nobody/signals', JSON.stringify(body))).status).toBe(404);
    expect((await client.post('/v1/accounts/demo-hedging/signals', '{"id":NaN}')).status).toBe(400);
    const huge = await client
      .post('/v1/accounts/demo-hedging/signals', `"${'x'.repeat(10 << 20)}"`)
      .catch(() => ({ status: 413 }));
    expect(huge.status).toBe(413);
  });

  it('takes the recorded alerts, the good ones once and the bad ones with a reason', async () => {
    const file = recordedData('tradingview-alerts.jsonl');
    if (file === undefined) return console.warn('no recorded alerts at hand: not tried here');
    const token = cluster.secret('webhook-demo');
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const taken: string[] = [];
    const refusals: string[] = [];
    for (const line of lines) {
      const alert = JSON.parse(line) as { contentType: string; body: string };
      const answer = await client.post(`/v1/webhooks/tradingview/${token}`, alert.body, alert.contentType);
      const told = answer.body as { id?: string; error?: { code: string; reason?: string } };
      if (answer.status < 300) taken.push(told.id ?? '');
      else refusals.push(told.error?.reason ?? told.error?.code ?? '');
    }
    expect(taken.length + refusals.length).toBe(lines.length);
    expect(refusals.filter((reason) => !/^[a-z_]+$/.test(reason))).toEqual([]);
    expect(taken.length).toBeGreaterThanOrEqual(10);
    for (const id of taken) expect((await finished('demo-hedging', id)).result).toBeDefined();
  }, 60_000);

  it('agrees row by row: what clients were told, results, the broker’s ledger, DuckDB, ClickHouse', async () => {
    for (const account of ACCOUNTS) {
      const evidence = await gather(cluster, client, account, 60_000);
      expect(evidence.results.length).toBeGreaterThanOrEqual(100);
      expect(check(evidence)).toEqual([]);
    }
  }, 120_000);
});
