/**
 * Memory on a real Redis: what opens is refused below the limit, closes go on, and without any memory what was accepted is
 * carried to its end. One Redis, filled step by step.
 */
import {
  type Command,
  type NumberedRecord,
  RedisError,
  type RedisNode,
  type RedisReply,
  type Signal,
  signalMagic,
} from '@holdfast/ha-core';
import { realHost } from '@holdfast/process';
import {
  accountKeys,
  type AcknowledgedWriter,
  createAcknowledgedWriter,
  createRedisNodes,
  type FunctionCall,
} from '@holdfast/redis';
import { type RealRedis, startRealRedis } from '@holdfast/redis/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { ClusterStatus } from './status.ts';
import { ACCOUNT, type StartedBackend, startTestBackend } from './testing/start.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const MOST = 128 * 1024 * 1024;
/** Connections and their buffers come and go beside what is stored. */
const NOISE_PERCENT = 0.3;
const SIGNALS = `/v1/accounts/${ACCOUNT}/signals`;
const KEYS = accountKeys(ACCOUNT);
const SOON = { timeout: 10_000 };

let redis: RealRedis;
let node: RedisNode;
let writer: AcknowledgedWriter;
let backend: StartedBackend;

beforeAll(async () => {
  redis = await startRealRedis({
    replicas: 1,
    inSync: true,
    settings: { maxmemory: String(MOST), 'maxmemory-policy': 'volatile-lru' },
  });
  const [primary] = redis.endpoints;
  if (primary === undefined) throw new Error('no Redis');
  node = await createRedisNodes().open(primary, 1000);
  writer = createAcknowledgedWriter({
    host: realHost,
    redis: createRedisNodes(),
    nodes: redis.endpoints,
    log: () => undefined,
  });
  backend = await startTestBackend(redis);
});

afterAll(async () => {
  await backend?.stop(1000);
  await writer?.stop();
  node?.close();
  await redis?.stop();
});

const run = async (...commands: Command[]): Promise<readonly RedisReply[]> => node.run(commands, 5000);

/** Used memory in percent, as Redis counts it against maxmemory. */
async function used(): Promise<number> {
  const text = String((await run(['INFO', 'memory']))[0]);
  const field = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1]);
  return ((field('used_memory') - field('mem_not_counted_for_evict')) / field('maxmemory')) * 100;
}

let fillers = 0;
/** Fills with data of nobody's until so much is used; false when Redis takes no more. */
async function fill(percent: number): Promise<boolean> {
  for (;;) {
    const missing = ((percent - (await used())) / 100) * MOST;
    if (missing < 32 * 1024) return true;
    fillers += 1;
    const size = Math.min(2 * 1024 * 1024, Math.floor(missing / 2));
    const [reply] = await run(['SET', `filler-${fillers}`, 'x'.repeat(size)]);
    if (reply instanceof RedisError) return false;
  }
}

const open = (id: string): Signal => ({ id, action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.10' });
const close = (id: string): Signal => ({ id, action: 'close', symbol: 'EURUSD', position: '7' });

async function post(
  signal: Signal,
): Promise<{ status: number; code: string | undefined; retryAfter: string | null }> {
  const answer = await backend.call(SIGNALS, signal);
  const body = (await answer.json()) as { error?: { code: string } };
  return { status: answer.status, code: body.error?.code, retryAfter: answer.headers.get('retry-after') };
}

async function status(): Promise<ClusterStatus> {
  return (await (await backend.call('/v1/status')).json()) as ClusterStatus;
}

test('opens are let through below the bound, and never beyond it, however fast they come', async () => {
  expect(await fill(69)).toBe(true);
  await expect.poll(async () => (await status()).redis.usedMemoryPercent, SOON).toBeGreaterThan(68.5);
  let accepted = 0;
  const refused = new Set<string | undefined>();
  for (let turn = 0; turn < 25; turn += 1) {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => post(open(`burst-${turn}-${n}`))),
    );
    for (const { status: code, ...answer } of answers) {
      if (code === 202) accepted += 1;
      else refused.add(`${code} ${answer.code} ${answer.retryAfter}`);
    }
  }
  const percent = await used();
  console.log(
    `${accepted} of 2500 opens accepted between 69 % and 70 % of ${MOST} bytes; used now ${percent.toFixed(2)} %`,
  );
  expect([...refused]).toEqual(['503 memory_high 1']);
  expect(accepted).toBeGreaterThan(250);
  expect(percent).toBeLessThan(70 + NOISE_PERCENT);
  expect(percent).toBeGreaterThan(69.4);
});

test('from the bound on: opens 503 memory_high, closes 202, and an open that is known 200', async () => {
  await fill(72);
  await expect.poll(async () => (await status()).redis.usedMemoryPercent, SOON).toBeGreaterThan(71);
  expect(await post(open('late-1'))).toEqual({ status: 503, code: 'memory_high', retryAfter: '1' });
  expect((await post(close('close-1'))).status).toBe(202);
  expect((await post(open('burst-0-0'))).status).toBe(200);
  expect((await backend.call(`${SIGNALS}/late-1`)).status).toBe(404);
});

test('without memory: nothing is accepted, and what was accepted is carried to its end', async () => {
  expect(await fill(101)).toBe(false);
  await run(['CONFIG', 'SET', 'maxmemory', String(Math.floor((MOST * 9) / 10))]);
  expect(await used()).toBeGreaterThan(100);
  const [plain] = await run(['SET', 'one-more', 'x']);
  expect(plain).toBeInstanceOf(RedisError);

  const lead = ['engine-1', '1'];
  const magic = signalMagic(ACCOUNT, 'burst-0-0');
  const [entry] = await run(['HGET', KEYS.signal(magic), 'entry']);
  const shown = (await (await backend.call(`${SIGNALS}/burst-0-0`)).json()) as { state: string };
  expect(shown.state).toBe('accepted');
  const finishKeys = [
    KEYS.lease,
    KEYS.signal(magic),
    KEYS.rtss,
    KEYS.rtrs,
    KEYS.account,
    KEYS.intents,
    KEYS.recorded,
  ];
  const step = JSON.stringify({ state: 'sent', at: 1, epoch: 1, by: 'engine-1' });
  const result: Omit<NumberedRecord, 'number' | 'account'> & { outcome: string } = {
    kind: 'result',
    outcome: 'filled',
  } as never;
  const calls: readonly (readonly [FunctionCall, string])[] = [
    [{ name: 'hf_take', keys: [KEYS.lease], args: ['engine-1', '', '0', '0', '1'] }, 'ok'],
    [{ name: 'hf_beat', keys: [KEYS.lease], args: lead }, 'ok'],
    [
      {
        name: 'hf_intend',
        keys: [KEYS.lease, KEYS.signal(magic), KEYS.intents, KEYS.account, KEYS.rtss],
        args: [...lead, 'c:1', '{}', step, '', String(entry)],
      },
      'ok',
    ],
    [
      {
        name: 'hf_step',
        keys: [KEYS.lease, KEYS.signal(magic), KEYS.account],
        args: [...lead, 'unknown', step],
      },
      'ok',
    ],
    [
      {
        name: 'hf_record',
        keys: [KEYS.lease, KEYS.rtrs, KEYS.account, KEYS.recorded],
        args: [...lead, '1', 'deal:1', '{"kind":"deal"}', '0'],
      },
      'ok',
    ],
    [
      {
        name: 'hf_instance',
        keys: [KEYS.lease, KEYS.instance],
        args: [...lead, 'connection', '{"is":"up","epoch":1}'],
      },
      'ok',
    ],
    [
      {
        name: 'hf_finish',
        keys: finishKeys,
        args: [...lead, 'filled', JSON.stringify(result), '0-0', '1', 'c:1', '0', '0'],
      },
      'ok',
    ],
    [{ name: 'hf_mark', keys: [KEYS.marks], args: ['sync', '2'] }, 'ok'],
    [{ name: 'hf_release', keys: [KEYS.lease], args: [...lead, ''] }, 'ok'],
  ];
  // Longer than the writer goes without a transaction, so that it comes back to one and is refused again.
  const endMs = performance.now() + 2500;
  for (const [call, word] of calls) {
    const outcome = await writer.write(call);
    const [first] =
      outcome.is === 'acknowledged' && Array.isArray(outcome.reply) ? outcome.reply : [outcome.is];
    expect([call.name, first]).toEqual([call.name, word]);
  }
  let marks = 0;
  while (performance.now() < endMs) {
    marks += 1;
    const outcome = await writer.write({
      name: 'hf_mark',
      keys: [KEYS.marks],
      args: ['sync', String(marks)],
    });
    expect(outcome.is).toBe('acknowledged');
  }

  expect(await post(close('close-2'))).toEqual({ status: 503, code: 'memory_full', retryAfter: '1' });
  expect((await post(open('late-2'))).code).toBe('memory_high');
  expect((await post(close('close-1'))).status).toBe(200);
  const now = await status();
  expect(now.nodes.find(({ name }) => name === 'backend-1')?.healthy).toBe(true);
  expect(now.accounts[0]?.unavailable).toBeUndefined();
});

test('with room again opens are accepted again', async () => {
  await run(['CONFIG', 'SET', 'maxmemory', String(MOST)]);
  for (let filler = 1; filler <= fillers; filler += 1) await run(['DEL', `filler-${filler}`]);
  await expect.poll(async () => (await post(open('again-1'))).status, SOON).toBe(202);
});
