/** The health server as a probe, a scraper and an unfriendly client see it. */
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type HealthOptions, startHealth } from './health.ts';
import { createMetrics } from './metrics.ts';
import { ListenFailed } from './network.ts';

const HOST = '127.0.0.1';

async function start(options: Partial<HealthOptions> = {}): Promise<string> {
  const health = await startHealth({
    endpoint: { host: HOST, port: 0 },
    alive: () => undefined,
    ready: () => undefined,
    metrics: createMetrics('engine-1'),
    ...options,
  });
  onTestFinished(() => health.close());
  return `http://${HOST}:${health.port}`;
}

const post = (url: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

test('alive and ready each answer for themselves, with the reason when not', async () => {
  const url = await start({ ready: () => 'no Redis primary' });
  const [live, ready] = await Promise.all([fetch(`${url}/livez`), fetch(`${url}/readyz`)]);
  expect([live.status, await live.text()]).toEqual([200, 'ok\n']);
  expect([ready.status, await ready.text()]).toEqual([503, 'no Redis primary\n']);
  const stalled = await start({ alive: () => 'the loop has not turned' });
  expect((await fetch(`${stalled}/livez`)).status).toBe(503);
  expect((await fetch(`${stalled}/readyz`)).status).toBe(200);
});

test('ready and degraded is ready, and says so', async () => {
  let ready: string | undefined;
  const url = await start({ ready: () => ready, degraded: () => 'redis-2 alone' });
  const first = await fetch(`${url}/readyz`);
  expect([first.status, await first.text()]).toEqual([200, 'ok, DEGRADED: redis-2 alone\n']);
  ready = 'no Redis primary';
  const second = await fetch(`${url}/readyz`);
  expect([second.status, await second.text()]).toEqual([503, 'no Redis primary\n']);
});

test('metrics are served as Prometheus reads them', async () => {
  const response = await fetch(`${await start()}/metrics`);
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  expect(await response.text()).toContain('process_cpu_seconds_total{process="engine-1"}');
});

test('HEAD answers as GET does, without the body', async () => {
  const url = await start({ ready: () => 'starting' });
  const response = await fetch(`${url}/readyz`, { method: 'HEAD' });
  expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([
    503,
    '9',
    '',
  ]);
});

test('another path: 404; another method: 405 with the right ones', async () => {
  const url = await start({ routes: { 'GET /ledger': () => ({ status: 200, body: {} }) } });
  expect((await fetch(`${url}/other`)).status).toBe(404);
  const livez = await post(`${url}/livez`, '');
  expect([livez.status, livez.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  const ledger = await post(`${url}/ledger`, '');
  expect([ledger.status, ledger.headers.get('allow')]).toEqual([405, 'GET']);
});

test('routes get path, query, headers and body, and answer JSON', async () => {
  const url = await start({
    routes: {
      'GET /records/': ({ path, query, headers }) => ({
        status: 200,
        body: { path, after: query.get('after'), key: headers['x-key'] },
      }),
      'GET /records/demo/deals/': () => ({ status: 200, body: 'nearest' }),
      'GET /records/demo/first': () => ({ status: 200, body: 'exact' }),
      'POST /faults': async ({ body }) => ({ status: 202, body: { got: body } }),
    },
  });
  expect(await (await fetch(`${url}/records/demo/deals/7`)).json()).toBe('nearest');
  const read = await fetch(`${url}/records/demo?after=5`, { headers: { 'x-key': 'k' } });
  expect(await read.json()).toEqual({ path: '/records/demo', after: '5', key: 'k' });
  expect(await (await fetch(`${url}/records/demo/first`)).json()).toBe('exact');
  const written = await post(`${url}/faults`, '{"drop":true}');
  expect([written.status, await written.json()]).toEqual([202, { got: { drop: true } }]);
  expect(await (await post(`${url}/faults`, '')).json()).toEqual({});
});

test('a body that is no JSON: 400; one above the bound: 413; both say why', async () => {
  const seen: unknown[] = [];
  const url = await start({
    routes: {
      'POST /faults': ({ body }) => {
        seen.push(body);
        return { status: 200, body: null };
      },
    },
  });
  const broken = await post(`${url}/faults`, '{');
  expect([broken.status, await broken.text()]).toEqual([
    400,
    expect.stringContaining('the body is not JSON'),
  ]);
  const large = await post(`${url}/faults`, JSON.stringify('x'.repeat(70_000)));
  expect([large.status, await large.text()]).toEqual([413, expect.stringContaining('above 65536 bytes')]);
  expect(seen).toEqual([]);
});

test('a web page cannot reach a route through its visitor', async () => {
  const url = await start({ routes: { 'POST /faults': () => ({ status: 200, body: null }) } });
  expect((await post(`${url}/faults`, '{}', { origin: 'http://example.com' })).status).toBe(403);
});

test('a route or metric that fails: 500 and a line in the log; the server goes on', async () => {
  const logged: unknown[] = [];
  const metrics = createMetrics('engine-1');
  const log = { error: (fields: unknown) => logged.push(fields) } as unknown as NonNullable<
    HealthOptions['log']
  >;
  const url = await start({
    log,
    metrics: { ...metrics, text: () => Promise.reject(new Error('no metrics')) },
    routes: {
      'GET /ledger': () => {
        throw new Error('no ledger');
      },
    },
  });
  for (const path of ['/ledger', '/metrics']) expect((await fetch(url + path)).status).toBe(500);
  expect(logged).toMatchObject([{ path: '/ledger', err: { message: 'no ledger' } }, { path: '/metrics' }]);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
});

test('a request that is no HTTP, and one that breaks off, do no harm', async () => {
  const url = await start({ routes: { 'POST /faults': () => ({ status: 200, body: null }) } });
  const port = Number(new URL(url).port);
  for (const text of [
    'HELLO version=1\n\n',
    'POST /faults HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf',
  ]) {
    const socket = connect(port, HOST);
    socket.end(text);
    socket.resume();
    await new Promise((resolve) => socket.on('close', resolve));
  }
  expect((await fetch(`${url}/livez`)).status).toBe(200);
});

test('a taken port is said with its endpoint', async () => {
  const port = Number(new URL(await start()).port);
  const failure = start({ endpoint: { host: HOST, port } });
  await expect(failure).rejects.toBeInstanceOf(ListenFailed);
  await expect(failure).rejects.toThrow(`${HOST}:${port}`);
});

test('closing ends the connections, also those that wait for an answer', async () => {
  let asked: () => void = () => undefined;
  const waiting = new Promise<void>((resolve) => (asked = resolve));
  const health = await startHealth({
    endpoint: { host: HOST, port: 0 },
    alive: () => undefined,
    ready: () => undefined,
    metrics: createMetrics('engine-1'),
    routes: {
      'GET /never': () => {
        asked();
        return new Promise(() => undefined);
      },
    },
  });
  const outcome = fetch(`http://${HOST}:${health.port}/never`).then(
    () => 'answered',
    () => 'broken off',
  );
  await waiting;
  await health.close();
  expect(await outcome).toBe('broken off');
  await expect(fetch(`http://${HOST}:${health.port}/livez`)).rejects.toThrow('fetch failed');
});
