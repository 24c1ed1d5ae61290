/** The shared address: two backends serve it; one that leaves in order costs no client an error. */
import { freePort, type RealRedis, startRealRedis } from '@holdfast/redis/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCOUNT, API_KEY, startTestBackend } from './testing/start.ts';

/** These are real processes on a machine that may be busy; how fast they are is not what is asked here. */
const SLOW_MS = 60_000;

let redis: RealRedis;

beforeAll(async () => {
  redis = await startRealRedis({ replicas: 1, inSync: true });
}, SLOW_MS);

afterAll(async () => {
  await redis?.stop();
});

test(
  'under load one of two backends leaves: every request is answered 202',
  async () => {
    const sharedPort = await freePort();
    const first = await startTestBackend(redis, { name: 'backend-1', sharedPort });
    const second = await startTestBackend(redis, { name: 'backend-2', sharedPort });
    const url = `http://127.0.0.1:${sharedPort}/v1/accounts/${ACCOUNT}/signals`;
    const statuses = new Map<number | string, number>();
    let sending = true;
    let sent = 0;
    const client = async (): Promise<void> => {
      while (sending) {
        sent += 1;
        const body = JSON.stringify({
          id: `s-${sent}`,
          action: 'open',
          symbol: 'EURUSD',
          side: 'buy',
          volume: '0.1',
        });
        const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' };
        const status = await fetch(url, { method: 'POST', headers, body }).then(
          async (response) => {
            await response.arrayBuffer();
            return response.status;
          },
          (error: unknown) => String(error instanceof Error ? (error.cause ?? error) : error),
        );
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const clients = Array.from({ length: 8 }, client);
    const many = (count: number) =>
      expect.poll(() => statuses.get(202) ?? 0, { timeout: SLOW_MS / 3 }).toBeGreaterThan(count);
    await many(50);
    await first.stop(3000);
    await many((statuses.get(202) ?? 0) + 50);
    sending = false;
    await Promise.all(clients);
    await second.stop(1000);
    expect([...statuses.keys()]).toEqual([202]);
  },
  SLOW_MS,
);

test(
  'a body of 10 MB gets its answer while it is still being sent',
  async () => {
    const backend = await startTestBackend(redis);
    const response = await fetch(`${backend.url}/v1/accounts/${ACCOUNT}/signals`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      body: 'x'.repeat(10_000_000),
    });
    expect(response.status).toBe(413);
    await backend.stop(1000);
  },
  SLOW_MS,
);
