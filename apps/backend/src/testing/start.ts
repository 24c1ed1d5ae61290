/** For tests: a whole backend over a real Redis pair, on ports that were free. */
import { configurationSchema } from '@holdfast/configuration';
import { createMetrics, realHost } from '@holdfast/process';
import { createAcknowledgedWriter, createRedisNodes } from '@holdfast/redis';
import { freePort, type RealRedis } from '@holdfast/redis/testing';
import { type Backend, startBackend } from '../backend.ts';
import { silentLog } from './silent-log.ts';

export const API_KEY = 'a-key-of-the-tests';
export const WEBHOOK_TOKEN = 'a-token-of-the-tests';
export const ACCOUNT = 'demo-hedging';

export type StartedBackend = Backend & {
  readonly url: string;
  readonly sharedUrl: string;
  readonly call: (path: string, body?: unknown, headers?: Record<string, string>) => Promise<Response>;
};

/** Starts one and waits until it is ready, unless told not to; `sharedPort` lets two of them share an address. */
export async function startTestBackend(
  redis: RealRedis,
  more: { readonly name?: string; readonly sharedPort?: number; readonly ready?: false } = {},
): Promise<StartedBackend> {
  const name = more.name ?? 'backend-1';
  const own = { host: '127.0.0.1', port: await freePort() };
  const shared = { host: '127.0.0.1', port: more.sharedPort ?? (await freePort()) };
  const configuration = testConfiguration(redis, name, own, shared);
  const nodes = createRedisNodes();
  const log = silentLog();
  const writer = createAcknowledgedWriter({
    host: realHost,
    redis: nodes,
    nodes: redis.endpoints,
    log: (event, detail) => log.debug(detail, event),
  });
  const backend = await startBackend({
    name,
    pid: process.pid,
    listen: own,
    configuration,
    secrets: { apiKey: API_KEY, webhookTokens: new Map([['alerts', WEBHOOK_TOKEN]]) },
    host: realHost,
    log,
    metrics: createMetrics(name),
    alive: () => undefined,
    redis: nodes,
    writer,
    askWarden: () => Promise.reject(new Error('there are no wardens here')),
  });
  const url = `http://127.0.0.1:${backend.port}`;
  if (more.ready !== false) await ready(url);
  const call: StartedBackend['call'] = (path, body, headers = {}) =>
    fetch(`${url}${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: {
        authorization: `Bearer ${API_KEY}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
    });
  return { ...backend, url, sharedUrl: `http://127.0.0.1:${backend.sharedPort}`, call };
}

const READY_WITHIN_MS = 20_000;

/** Waits until it has found the primary: before that a read is rightly answered 503. */
async function ready(url: string): Promise<void> {
  const startedMs = realHost.monotonicMs();
  while ((await fetch(`${url}/readyz`)).status !== 200) {
    if (realHost.monotonicMs() - startedMs > READY_WITHIN_MS) throw new Error(`${url} was not ready in time`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

type At = { readonly host: string; readonly port: number };

function testConfiguration(redis: RealRedis, name: string, own: At, shared: At) {
  const at = { host: '127.0.0.1', port: 1 };
  return configurationSchema.parse({
    cluster: 'test',
    redis: {
      nodes: redis.endpoints.map((node, index) => ({ name: `redis-${index + 1}`, ...node })),
      sentinels: [],
    },
    engines: [{ name: 'engine-1', bridge: at, peer: at, health: at }],
    backends: [{ name, listen: own }],
    api: { listen: shared, keyFile: 'api.key' },
    sync: { name: 'sync-1', api: at, database: 'sync.duckdb' },
    clickhouse: { url: 'http://127.0.0.1:1' },
    clusterSecretFile: 'cluster.secret',
    accounts: [
      {
        account: ACCOUNT,
        margin: 'hedging',
        bridgeSecretFile: 'bridge.secret',
        terminals: [{ name: 'terminal-1', role: 'primary' }],
        symbols: ['EURUSD', 'GBPUSD'],
      },
    ],
    webhooks: [{ name: 'alerts', tokenFile: 'alerts.token', account: ACCOUNT, wholeStops: 'points' }],
  });
}
