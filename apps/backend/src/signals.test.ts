/** What is answered for each way that a write may end, over a fake writer (I1, I2). */
import { signalMagic } from '@holdfast/ha-core';
import { accountKeys, type WriteOutcome } from '@holdfast/redis';
import { beforeEach, describe, expect, test } from 'vitest';
import { ACCOUNT, type FakeServer, fakeServer, SIGNALS } from './testing/fake-server.ts';
import { ACCEPTED_AT } from './testing/fake-writer.ts';

let server: FakeServer;

beforeEach(async () => {
  server = await fakeServer();
});

const OPEN = { id: 's-1', action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.10' };
const CLOSE = { id: 's-2', action: 'close', symbol: 'EURUSD', side: 'buy' };

const replied = (...reply: string[]): WriteOutcome => ({ is: 'acknowledged', reply });

test('accepted: 202 with the magic, written once under the signal’s key', async () => {
  const answer = await server.post(OPEN);
  const magic = signalMagic(ACCOUNT, 's-1');
  expect(answer.statusCode).toBe(202);
  expect(answer.headers.location).toBe(`${SIGNALS}/s-1`);
  expect(answer.json()).toEqual({
    id: 's-1',
    account: ACCOUNT,
    state: 'accepted',
    magic,
    acceptedAt: ACCEPTED_AT,
    repeat: false,
  });
  expect(server.writer.writes).toHaveLength(1);
  expect(server.writer.writes[0]?.keys[0]).toBe(accountKeys(ACCOUNT).signal(magic));
});

test('the default life: a minute to open, a day to close', async () => {
  await server.post(OPEN);
  await server.post(CLOSE);
  await server.post({ ...OPEN, id: 's-3', ttlMs: 5000 });
  expect(server.writer.writes.map((call) => call.args[4])).toEqual(['60000', '86400000', '5000']);
});

test('a repeat: 200 with the state it has by now', async () => {
  server.writer.answer = () => replied('repeat', 'filled', '5', '7');
  const answer = await server.post(OPEN);
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toMatchObject({ state: 'filled', acceptedAt: 5, number: 7, repeat: true });
});

test.each([
  ['another body under the id', ['conflict'], 'id_conflict'],
  ['another id with the magic', ['collision', 'other'], 'magic_collision'],
])('%s: 409', async (_name, reply, code) => {
  server.writer.answer = () => replied(...reply);
  const answer = await server.post(OPEN);
  expect(answer.statusCode).toBe(409);
  expect(answer.json().error).toMatchObject({ code, id: 's-1', fields: [{ field: 'id', value: '"s-1"' }] });
});

test.each(['no_primary', 'queue_full', 'refused', 'stopped'] as const)('not stored, %s: 503', async (why) => {
  server.writer.answer = () => ({ is: 'not_stored', why, detail: 'x' });
  const answer = await server.post(OPEN);
  expect(answer.statusCode).toBe(503);
  expect(answer.headers['retry-after']).toBe('1');
  expect(answer.json().error).toMatchObject({ code: 'not_stored', reason: why, id: 's-1' });
  expect(server.repeater.count()).toBe(0);
});

describe('memory', () => {
  const OOM: WriteOutcome = { is: 'not_stored', why: 'out_of_memory', detail: 'OOM' };

  test('Redis refuses for want of memory: 503 memory_full', async () => {
    server.writer.answer = (call) => (call.name === 'hf_accept' ? OOM : replied('never'));
    const answer = await server.post(OPEN);
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.json().error).toMatchObject({ code: 'memory_full', id: 's-1' });
  });

  test('from the bound on signals that open are refused with 503 memory_high, and others are not', async () => {
    server.knobs.memoryHigh = 71.26;
    server.writer.answer = (call) =>
      replied(...(call.name === 'hf_known' ? ['never'] : ['accepted', '1', '1-0']));
    const open = await server.post(OPEN);
    expect(open.statusCode).toBe(503);
    expect(open.headers['retry-after']).toBe('1');
    expect(open.json().error).toMatchObject({ code: 'memory_high', id: 's-1' });
    expect(open.json().error.message).toContain('at 71.3 %');
    expect(server.writer.writes.map(({ name }) => name)).toEqual(['hf_known']);
    expect((await server.post(CLOSE)).statusCode).toBe(202);
    const modify = { id: 's-3', action: 'modify', symbol: 'EURUSD', position: '7', stopLoss: '1.1' };
    expect((await server.post(modify)).statusCode).toBe(202);
    expect(
      (await server.post({ id: 's-4', action: 'cancel', symbol: 'EURUSD', order: '7' })).statusCode,
    ).toBe(202);
  });

  test.each(['memory_high', 'memory_full'])(
    '%s: what was stored before is not called not stored (I1, I2)',
    async (code) => {
      server.knobs.memoryHigh = code === 'memory_high' ? 80 : undefined;
      const known = (...reply: string[]): void => {
        server.writer.answer = (call) => (call.name === 'hf_known' ? replied(...reply) : OOM);
      };
      known('repeat', 'sent', '5', '');
      const repeat = await server.post(OPEN);
      expect(repeat.statusCode).toBe(200);
      expect(repeat.json()).toMatchObject({ id: 's-1', state: 'sent', repeat: true });
      known('conflict');
      expect((await server.post(OPEN)).json().error.code).toBe('id_conflict');
      server.writer.answer = (call) => (call.name === 'hf_known' ? { is: 'unknown', detail: 'lost' } : OOM);
      const unknown = await server.post(OPEN);
      expect([unknown.statusCode, unknown.json().error.code]).toEqual([504, 'acceptance_unknown']);
      server.writer.answer = () => replied('repeat', 'sent', '5', '');
      await expect.poll(() => server.repeater.count(), { timeout: 8000 }).toBe(0);
    },
  );
});

describe('neither certain (I1)', () => {
  test('504 with the id, and the write is repeated until it is certain, with the life that is left', async () => {
    const outcomes: WriteOutcome[] = [
      { is: 'unknown', detail: 'lost' },
      { is: 'unknown', detail: 'lost' },
      { is: 'not_stored', why: 'no_primary', detail: 'none' },
      replied('repeat', 'accepted', '5', ''),
    ];
    server.writer.answer = () => {
      server.clock.ms += 100;
      return outcomes.shift() ?? replied('conflict');
    };
    const answer = await server.post(OPEN);
    expect(answer.statusCode).toBe(504);
    expect(answer.json().error).toMatchObject({ code: 'acceptance_unknown', id: 's-1' });
    await expect.poll(() => server.repeater.count(), { timeout: 8000 }).toBe(0);
    expect(outcomes).toEqual([]);
    expect(server.writer.writes.map((call) => call.args[0])).toEqual(['s-1', 's-1', 's-1', 's-1']);
    expect(server.writer.writes.map((call) => call.args[4])).toEqual(['60000', '59900', '59800', '59700']);
    const certain = server.log.lines.find((line) => line.message === 'acceptance is certain now');
    expect(certain?.fields).toMatchObject({ signalId: 's-1', is: 'repeat' });
  });

  test('after a minute the repeats end with an error in the log', async () => {
    server.writer.answer = () => {
      server.clock.ms += 20_000;
      return { is: 'unknown', detail: 'lost' };
    };
    expect((await server.post(OPEN)).statusCode).toBe(504);
    await expect.poll(() => server.repeater.count(), { timeout: 8000 }).toBe(0);
    const line = server.log.lines.find((one) => one.level === 'error');
    expect(line?.fields).toMatchObject({ signalId: 's-1' });
  });
});

describe('GET …/signals/{id}', () => {
  const fields = ['id', 's-1', 'state', 'accepted', 'at', '5', 'ttl', '60000', 'body', JSON.stringify(OPEN)];
  const step = '{"state":"accepted","at":5,"epoch":0,"by":"backend-1"}';

  test('shows an open signal', async () => {
    server.writer.reply = ([name]) => (name === 'HGETALL' ? [...fields, 'steps', step] : null);
    const answer = await server.get(`${SIGNALS}/s-1`);
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      id: 's-1',
      state: 'accepted',
      signal: OPEN,
      steps: [JSON.parse(step)],
    });
  });

  test('shows the result of a finished one', async () => {
    const result = {
      kind: 'result',
      signalId: 's-1',
      magic: '1',
      action: 'open',
      symbol: 'EURUSD',
      outcome: 'filled',
      reason: 'executed',
      tickets: { order: '9', deals: ['10'] },
      acceptedAt: 5,
      at: 6,
      epoch: 1,
      steps: [],
    };
    server.writer.reply = ([name]) =>
      name === 'HGETALL' ? [...fields, 'number', '3'] : [['3-0', ['record', JSON.stringify(result)]]];
    const answer = await server.get(`${SIGNALS}/s-1`);
    expect(answer.json()).toMatchObject({
      state: 'filled',
      result: { ...result, number: 3, account: ACCOUNT },
    });
  });

  test('an unknown id, and an id that only shares the magic: 404 that names it', async () => {
    const answer = await server.get(`${SIGNALS}/nobody`);
    expect(answer.statusCode).toBe(404);
    expect(answer.json().error).toMatchObject({
      code: 'unknown_signal',
      fields: [{ field: 'id', value: '"nobody"' }],
    });
    server.writer.reply = () => fields;
    expect((await server.get(`${SIGNALS}/nobody`)).statusCode).toBe(404);
  });

  test('what cannot be acknowledged is not shown: 503', async () => {
    server.writer.reply = () => fields;
    server.writer.unavailable = 'no primary';
    expect((await server.get(`${SIGNALS}/s-1`)).statusCode).toBe(503);
  });
});
