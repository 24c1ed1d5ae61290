/** For tests: the whole HTTP interface over a fake writer, to be injected into; every answer is held to its schema. */
import { type Configuration, configurationSchema } from '@holdfast/configuration';
import type { Host, NumberedRecord, SymbolRules } from '@holdfast/ha-core';
import {
  createInstanceState,
  createSignalInbox,
  createWishStore,
  FeedUnavailable,
  RecordsBroken,
} from '@holdfast/redis';
import type { RedisTopology } from '@holdfast/topology';
import type { LightMyRequestResponse } from 'fastify';
import { createAcceptance, type TradedAccount } from '../acceptance.ts';
import { type AcceptanceRepeater, createAcceptanceRepeater } from '../acceptance-repeater.ts';
import { createEventStreams } from '../event-streams.ts';
import { createLatency } from '../latency.ts';
import type { Api } from '../parts.ts';
import { createRateLimit } from '../rate-limit.ts';
import { createRecordHub } from '../record-hub.ts';
import { createServer } from '../server.ts';
import { createStatus } from '../status.ts';
import { createStatusStream } from '../status-stream.ts';
import { createFakeWriter, type FakeWriter } from './fake-writer.ts';
import { silentLog } from './silent-log.ts';

export const KEY = 'the-key';
export const TOKEN = 'the-token';
export const ACCOUNT = 'demo-hedging';
export const SIGNALS = `/v1/accounts/${ACCOUNT}/signals`;

export type FakeServer = {
  readonly api: Api;
  readonly writer: FakeWriter;
  readonly log: ReturnType<typeof silentLog>;
  readonly repeater: AcceptanceRepeater;
  readonly clock: { ms: number };
  readonly knobs: {
    /** Undefined: there is room; else how full the memory is. */
    memoryHigh: number | undefined;
    ready: string | undefined;
    degraded: string | undefined;
    topology: RedisTopology | undefined;
    records: NumberedRecord[];
    broken: boolean;
  };
  /** POSTs a signal with the right key. */
  readonly post: (
    body: unknown,
    headers?: Record<string, string>,
    url?: string,
  ) => Promise<LightMyRequestResponse>;
  readonly get: (url: string, headers?: Record<string, string>) => Promise<LightMyRequestResponse>;
  readonly alert: (body: string, contentType?: string) => Promise<LightMyRequestResponse>;
};

export const EURUSD: SymbolRules = {
  symbol: 'EURUSD',
  digits: 5,
  volumeMin: '0.01',
  volumeMax: '50',
  volumeStep: '0.01',
  stopsLevel: 0,
  tradeMode: 'full',
};

export async function fakeServer(
  more: { readonly perSecond?: number; readonly burst?: number; readonly webhook?: object } = {},
): Promise<FakeServer> {
  const writer = createFakeWriter();
  const log = silentLog();
  const clock = { ms: 1000 };
  const host: Host = {
    monotonicMs: () => clock.ms,
    wallMs: () => clock.ms,
    after: (delayMs, run) => {
      const timer = setTimeout(run, Math.min(delayMs, 5));
      timer.unref();
      return () => clearTimeout(timer);
    },
    random: () => 0,
  };
  const knobs: FakeServer['knobs'] = {
    memoryHigh: undefined,
    ready: undefined,
    degraded: undefined,
    topology: undefined,
    records: [],
    broken: false,
  };
  const inbox = createSignalInbox({ writer, reader: 'backend-1' });
  const state = createInstanceState({ writer, reader: 'backend-1' });
  const repeater = createAcceptanceRepeater({ name: 'backend-1', host, log, inbox });
  const account: TradedAccount = { account: ACCOUNT, symbols: ['EURUSD', 'GBPUSD'] };
  const feed = {
    after: (name: string, number: number, limit: number): Promise<NumberedRecord[]> => {
      if (writer.unavailable !== undefined) return Promise.reject(new FeedUnavailable(writer.unavailable));
      if (knobs.broken) return Promise.reject(new RecordsBroken('missing', name, number + 1, number + 2));
      if (number > knobs.records.length) {
        return Promise.reject(new RecordsBroken('behind', name, number, knobs.records.length));
      }
      return Promise.resolve(knobs.records.slice(number, number + limit));
    },
    follow: () => ({
      stop: () => Promise.resolve(),
      following: () => new Map<string, number>(),
      lastReadAgeMs: () => undefined,
      include: () => undefined,
    }),
  };
  const hub = createRecordHub({ feed, state, accounts: [ACCOUNT], log });
  const status = createStatus({
    name: 'backend-1',
    cluster: 'test',
    profile: 'fast',
    accounts: [ACCOUNT],
    nodes: [],
    redis: configurationSchema.shape.redis.parse({
      nodes: [1, 2].map((n) => ({ name: `redis-${n}`, host: n === 1 ? 'a' : 'b', port: 1 })),
      sentinels: [],
    }),
    host,
    state,
    writerView: writer.view,
    redisView: () => ({ replicas: [], usedMemoryPercent: 1, nodes: [], failovers: [] }),
    topology: () => knobs.topology,
    acceptance: () => ({ ...createLatency().summary(), repeating: repeater.count() }),
  });
  const { api } = await createServer(
    {
      name: 'backend-1',
      host,
      log,
      accounts: new Map([[ACCOUNT, account]]),
      apiKey: KEY,
      webhooks: [
        { configuration: webhookConfiguration(more.webhook ?? {}), token: TOKEN, margin: 'hedging' },
      ],
      accept: createAcceptance({
        name: 'backend-1',
        host,
        log,
        inbox,
        repeater,
        rules: (_account, symbol) => (symbol === 'EURUSD' ? EURUSD : undefined),
        memory: {
          admit: () =>
            knobs.memoryHigh === undefined
              ? { is: 'admitted', over: () => undefined }
              : { is: 'refused', usedPercent: knobs.memoryHigh },
        },
        onAnswered: () => undefined,
      }),
      inbox,
      state,
      wishes: createWishStore({ writer, reader: 'backend-1' }),
      feed,
      hub,
      streams: createEventStreams(host, log),
      status,
      statusStream: createStatusStream({ host, log, status, hub }),
      rateLimit: createRateLimit(host, { perSecond: more.perSecond ?? 1000, burst: more.burst ?? 1000 }),
      alive: () => undefined,
      ready: () => knobs.ready,
      degraded: () => knobs.degraded,
      metrics: { text: () => Promise.resolve('up 1\n'), contentType: 'text/plain' },
    },
    { checkAnswers: true },
  );
  const authorization = `Bearer ${KEY}`;
  return {
    api,
    writer,
    log,
    repeater,
    clock,
    knobs,
    post: (body, headers = {}, url = SIGNALS) =>
      api.inject({
        method: 'POST',
        url,
        headers: { authorization, 'content-type': 'application/json', ...headers },
        payload: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    get: (url, headers = {}) => api.inject({ method: 'GET', url, headers: { authorization, ...headers } }),
    alert: (body, contentType = 'application/json') =>
      api.inject({
        method: 'POST',
        url: `/v1/webhooks/tradingview/${TOKEN}`,
        headers: { 'content-type': contentType },
        payload: body,
      }),
  };
}

function webhookConfiguration(more: object): Configuration['webhooks'][number] {
  const webhook = {
    name: 'alerts',
    tokenFile: 'alerts.token',
    account: ACCOUNT,
    wholeStops: 'points',
    ...more,
  };
  const parsed = configurationSchema.shape.webhooks.parse([webhook])[0];
  if (parsed === undefined) throw new Error('one webhook was given');
  return parsed;
}
