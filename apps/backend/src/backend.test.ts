/** The whole backend over a real Redis: what is answered is what is stored. */
import { accountKeys } from '@holdfast/redis';
import { signalMagic } from '@holdfast/ha-core';
import { createRedisNodes } from '@holdfast/redis';
import { type RealRedis, startRealRedis } from '@holdfast/redis/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ACCOUNT, type StartedBackend, startTestBackend } from './testing/start.ts';

/** Real processes on a machine that may be busy. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let redis: RealRedis;
let backend: StartedBackend;

beforeAll(async () => {
  redis = await startRealRedis({ replicas: 1, inSync: true });
  backend = await startTestBackend(redis);
});

afterAll(async () => {
  await backend?.stop(1000);
  await redis?.stop();
});

const SIGNALS = `/v1/accounts/${ACCOUNT}/signals`;
const open = (id: string) => ({ id, action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.10' });

test('a signal is answered 202 and then is on both nodes', async () => {
  const answer = await backend.call(SIGNALS, open('s-1'));
  expect(answer.status).toBe(202);
  expect(await answer.json()).toMatchObject({
    id: 's-1',
    account: ACCOUNT,
    state: 'accepted',
    repeat: false,
  });
  const keys = accountKeys(ACCOUNT);
  for (const endpoint of redis.endpoints) {
    const node = await createRedisNodes().open(endpoint, 1000);
    const [state] = await node.run([['HGET', keys.signal(signalMagic(ACCOUNT, 's-1')), 'state']], 1000);
    node.close();
    expect(state).toBe('accepted');
  }
});

test('the very first request of a backend that has just begun to listen is taken as by any other', async () => {
  for (const id of ['first-1', 'first-2', 'first-3']) {
    const late = await startTestBackend(redis, { name: 'backend-late', ready: false });
    const answer = await late.call(SIGNALS, open(id));
    await late.stop(1000);
    expect(answer.status).toBe(202);
  }
});

test('a repeat is answered 200, another body under the same id 409', async () => {
  expect((await backend.call(SIGNALS, open('s-2'))).status).toBe(202);
  const again = await backend.call(SIGNALS, open('s-2'));
  expect(again.status).toBe(200);
  expect(await again.json()).toMatchObject({ id: 's-2', repeat: true });
  const other = await backend.call(SIGNALS, { ...open('s-2'), volume: '0.2' });
  expect(other.status).toBe(409);
  expect(await other.json()).toMatchObject({ error: { code: 'id_conflict', id: 's-2' } });
});

test('GET shows the accepted signal with its first step', async () => {
  await backend.call(SIGNALS, open('s-3'));
  const shown = await backend.call(`${SIGNALS}/s-3`);
  expect(shown.status).toBe(200);
  expect(await shown.json()).toMatchObject({
    id: 's-3',
    state: 'accepted',
    steps: [{ state: 'accepted', by: 'backend-1' }],
    signal: open('s-3'),
  });
  expect((await backend.call(`${SIGNALS}/never-sent`)).status).toBe(404);
});
