/** Event streams over the real backend and a real Redis: order, resumption, news, ends. */
import { type ResultRecord, type Signal, signalMagic } from '@holdfast/ha-core';
import {
  accountKeys,
  type AcknowledgedWriter,
  createAcknowledgedWriter,
  createRedisNodes,
} from '@holdfast/redis';
import { type RealRedis, startRealRedis } from '@holdfast/redis/testing';
import { realHost } from '@holdfast/process';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readEvents } from './testing/read-events.ts';
import { ACCOUNT, API_KEY, type StartedBackend, startTestBackend } from './testing/start.ts';

/** Real processes on a machine that may be busy. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let redis: RealRedis;
let backend: StartedBackend;
let writer: AcknowledgedWriter;

beforeAll(async () => {
  redis = await startRealRedis({ replicas: 1, inSync: true });
  backend = await startTestBackend(redis);
  writer = createAcknowledgedWriter({
    host: realHost,
    redis: createRedisNodes(),
    nodes: redis.endpoints,
    log: () => undefined,
  });
  const lease = accountKeys(ACCOUNT).lease;
  await writer.writeUntil({ name: 'hf_take', keys: [lease], args: ['engine-1', '', '0', '0', '1'] }, 5000);
});

afterAll(async () => {
  await writer?.stop();
  await backend?.stop(1000);
  await redis?.stop();
});

/** Gives the account one more record, as its engine would. */
async function finish(id: string): Promise<void> {
  const keys = accountKeys(ACCOUNT);
  const signal: Signal = { id, action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.1' };
  expect((await backend.call(`/v1/accounts/${ACCOUNT}/signals`, signal)).status).toBe(202);
  const magic = signalMagic(ACCOUNT, id);
  const result: ResultRecord = {
    kind: 'result',
    signalId: id,
    magic,
    action: signal.action,
    symbol: signal.symbol,
    outcome: 'filled',
    reason: 'executed',
    tickets: {},
    acceptedAt: 1,
    at: 2,
    epoch: 1,
    steps: [],
  };
  const on = [
    keys.lease,
    keys.signal(magic),
    keys.rtss,
    keys.rtrs,
    keys.account,
    keys.intents,
    keys.recorded,
  ];
  const args = ['engine-1', '1', 'filled', JSON.stringify(result), '0-0', '0', '0', '0'];
  const outcome = await writer.writeUntil({ name: 'hf_finish', keys: on, args }, 5000);
  expect(outcome).toMatchObject({ is: 'acknowledged', reply: ['ok', expect.any(String)] });
}

const follow = (more: Record<string, string> = {}) =>
  readEvents(`${backend.url}/v1/accounts/${ACCOUNT}/events`, { authorization: `Bearer ${API_KEY}`, ...more });

test('brings what comes next, and resumes after Last-Event-ID without a gap', async () => {
  await finish('before-1');
  const stream = await follow();
  await finish('live-1');
  await finish('live-2');
  const events = await stream.take(2);
  expect(
    events.map((event) => [event.event, event.id, (event.data as { signalId: string }).signalId]),
  ).toEqual([
    ['result', '2', 'live-1'],
    ['result', '3', 'live-2'],
  ]);
  stream.close();
  const resumed = await follow({ 'last-event-id': '1' });
  expect((await resumed.take(2)).map((event) => event.id)).toEqual(['2', '3']);
  await finish('live-3');
  expect((await resumed.take(1)).map((event) => event.id)).toEqual(['4']);
  resumed.close();
});

test('a position that was never given is refused', async () => {
  const response = await backend.call(`/v1/accounts/${ACCOUNT}/events?after=999`);
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({ error: { fields: [{ field: 'after', value: '999' }] } });
});

test('the status comes at once and again', async () => {
  const stream = await readEvents(`${backend.url}/v1/status/events`, { authorization: `Bearer ${API_KEY}` });
  const events = await stream.take(2);
  expect(events.map((event) => event.event)).toEqual(['status', 'status']);
  expect(events[0]?.data).toMatchObject({ accounts: [{ account: ACCOUNT, active: 'engine-1', epoch: '1' }] });
  stream.close();
});

test('when the backend leaves, streams end with an event that says so, and nothing fails', async () => {
  const leaving = await startTestBackend(redis, { name: 'backend-2' });
  const stream = await readEvents(`${leaving.url}/v1/accounts/${ACCOUNT}/events`, {
    authorization: `Bearer ${API_KEY}`,
  });
  const stopped = leaving.stop(3000);
  expect(await stream.take(1)).toMatchObject([
    { event: 'closing', data: { reason: 'this backend is stopping' } },
  ]);
  await stopped;
});
