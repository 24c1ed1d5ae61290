/** Broker and terminal as the processes have them: over real TCP, with their files, and the routes over HTTP. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMetrics, createTcpNetwork, realHost, startHealth } from '@holdfast/process';
import { afterEach, expect, test, vi } from 'vitest';
import { createBrokerServer } from '../link/broker-server.ts';
import { createRemoteBroker } from '../link/remote-broker.ts';
import { deal } from '../testing/requests.ts';
import { testBroker, testEngine, testTerminal } from '../testing/scene.ts';
import { openJournalFile } from '../terminal/journal-file.ts';
import { openLedgerFile } from './ledger-file.ts';
import { brokerRoutes } from './routes.ts';

const LOOPBACK = '127.0.0.1';
const network = createTcpNetwork();
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mt5-sim-'));
  closing.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function brokerProcess(folder: string, port = 0) {
  const file = openLedgerFile(folder, () => {});
  const broker = testBroker(realHost, { restore: file.records, onRecord: file.append });
  const server = await createBrokerServer({
    host: realHost,
    network,
    endpoint: { host: LOOPBACK, port },
    broker,
    log: () => {},
  });
  const http = await startHealth({
    endpoint: { host: LOOPBACK, port: 0 },
    alive: () => undefined,
    ready: () => undefined,
    metrics: createMetrics('broker'),
    routes: brokerRoutes(broker),
  });
  const url = `http://${LOOPBACK}:${http.port}`;
  const close = async (): Promise<void> => {
    server.close();
    broker.stop();
    await http.close();
    file.close();
  };
  return { broker, port: server.port, url, close };
}

const remote = (port: number) => {
  const link = createRemoteBroker({
    host: realHost,
    network,
    endpoint: { host: LOOPBACK, port },
    account: 'demo-hedging',
    terminal: 'terminal-1',
    log: () => {},
  });
  closing.push(link.close);
  return link;
};

test('an order travels from an engine over the bridge and the broker link into the ledger and its file', async () => {
  const folder = temporaryFolder();
  const broker = await brokerProcess(folder);
  closing.push(broker.close);
  const engine = await testEngine(realHost, network, { host: LOOPBACK, port: 0 });
  closing.push(engine.listener.close);
  const link = remote(broker.port);
  const journal = openJournalFile(join(folder, 'terminal-1.journal'), { sync: 'always' });
  const endpoint = { host: LOOPBACK, port: engine.listener.port };
  const terminal = testTerminal(realHost, network, link, [{ name: 'engine-1', endpoint }], { journal });
  closing.push(terminal.stop);
  await vi.waitUntil(() => engine.hasSession() && engine.session().state().broker, { timeout: 5000 });
  const session = engine.session();
  await session.fence('1', 'engine-1', true, 2000);
  const command = { do: 'deal', symbol: 'EURUSD', side: 'buy', volume: '0.1' } as const;
  const base = { epoch: '1', holder: 'engine-1', lifeMs: 5000, comment: 'hf' };
  session.send({ ...base, commandId: 's1/1', magic: '77', command: { ...command, stopLossPoints: 100 } });
  await vi.waitUntil(() => engine.events.some(({ is }) => is === 'result'), { timeout: 5000 });
  const positions = await session.list('positions', { deadlineMs: 2000 });
  expect(positions).toMatchObject({ synced: true, rows: [{ magic: '77', stopLoss: '1.07069' }] });
  const position = positions.rows[0]?.position ?? '';
  const close = { do: 'close', symbol: 'EURUSD', side: 'buy', position, volume: '1' } as const;
  session.send({ ...base, commandId: 's2/1', magic: '78', command: close });
  await vi.waitUntil(() => engine.events.filter(({ is }) => is === 'result').length === 2, { timeout: 5000 });
  const ledger = (await (await fetch(`${broker.url}/ledger`)).json()) as Record<string, unknown[]>;
  expect(ledger).toMatchObject({
    positions: [],
    orders: [{ magic: '77' }, { magic: '78', position }],
    deals: [
      { account: 'demo-hedging', terminal: 'terminal-1', magic: '77', entry: 'in', comment: 'hf' },
      { magic: '78', entry: 'out', volume: '0.1', position },
    ],
  });
  expect(await (await fetch(`${broker.url}/terminals`)).json()).toMatchObject([
    { account: 'demo-hedging', terminal: 'terminal-1', connected: true, synced: true },
  ]);
});

test('a broker that dies leaves 10031 and no lists; when it is back the same ledger is read, long lists too', async () => {
  const folder = temporaryFolder();
  const first = await brokerProcess(folder);
  const link = remote(first.port);
  await vi.waitUntil(() => link.connection().connected, { timeout: 5000 });
  await Promise.all(Array.from({ length: 250 }, (_, at) => link.orderSend(deal({ magic: String(at + 1) }))));
  first.broker.addFault({ kind: 'delay', delayMs: 60_000 });
  const sending = link.orderSend(deal());
  await first.close();
  expect(await sending).toMatchObject({ retcode: 10031 });
  expect(link.connection()).toMatchObject({ connected: false, synced: false });
  link.close();
  const second = await brokerProcess(folder, first.port);
  closing.push(second.close);
  const again = remote(second.port);
  expect(await again.orderSend(deal())).toMatchObject({ retcode: 10031, order: '0' });
  expect(await again.list('deals', {})).toBeUndefined();
  await vi.waitUntil(() => again.connection().synced, { timeout: 5000 });
  expect(await again.list('deals', {})).toHaveLength(250);
  expect(await again.list('deals', { magic: '7' })).toHaveLength(1);
  const rows = (await again.list('positions', {})) ?? [];
  expect(await again.position(rows[0]?.position ?? '')).toMatchObject({ volume: '0.1' });
  expect([await again.position('5'), await again.order('5')]).toEqual(['gone', 'gone']);
  expect(await again.quote('EURUSD')).toMatchObject({ digits: 5 });
  expect(await again.quote('NOSUCH')).toBeUndefined();
});

test('the faults over HTTP: taken, shown, ended, and wrong ones answered by field', async () => {
  const { url, close, broker } = await brokerProcess(temporaryFolder());
  closing.push(close);
  const post = async (body: unknown) => {
    const response = await fetch(`${url}/faults`, { method: 'POST', body: JSON.stringify(body) });
    return [response.status, await response.json()];
  };
  expect(await post({ kind: 'refuse', retcode: 10006, times: 3 })).toMatchObject([201, [{ id: 1, left: 3 }]]);
  expect(await post([{ kind: 'requote' }, { kind: 'delay' }])).toEqual([
    422,
    {
      errors: [
        {
          index: 1,
          field: 'delayMs',
          value: '(missing)',
          expected: 'milliseconds, 0 to 3600000: delay needs it',
        },
      ],
    },
  ]);
  expect(await post([])).toMatchObject([422, {}]);
  expect(broker.faults()).toHaveLength(1);
  expect(await (await fetch(`${url}/faults`)).json()).toMatchObject([{ fault: { kind: 'refuse' } }]);
  expect(await (await fetch(`${url}/faults`, { method: 'DELETE' })).json()).toEqual({ ended: 1 });
  expect(await (await fetch(`${url}/quotes`)).json()).toHaveLength(4);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
});

test('who is no terminal, or of no account, is sent away', async () => {
  const { port, close } = await brokerProcess(temporaryFolder());
  closing.push(close);
  for (const first of [
    '{"is":"login","account":"nobody","terminal":"t"}',
    'GET / HTTP/1.1',
    '{"is":"quote","id":1,"symbol":"EURUSD"}',
  ]) {
    const outcome = await network.dial({ host: LOOPBACK, port }, 1000);
    if (outcome.is === 'failed') throw new Error(outcome.detail);
    const heard: string[] = [];
    let closed = false;
    outcome.link.onLine((line) => heard.push(line));
    outcome.link.onClosed(() => {
      closed = true;
    });
    outcome.link.send(first);
    await vi.waitUntil(() => closed, { timeout: 5000 });
    expect(heard.join()).toContain('"is":"refused"');
  }
});
