/** Wishes over the interface: durable once, told apart, checked field by field; and the history of leaders. */
import { accountKeys, type WriteOutcome } from '@holdfast/redis';
import { beforeEach, expect, test } from 'vitest';
import { ACCOUNT, type FakeServer, fakeServer } from './testing/fake-server.ts';

const WISH = { id: 'w-1', what: 'pause', by: 'ann', reason: 'the broker moves' };
const PATH = `/v1/accounts/${ACCOUNT}/wishes`;
const AT = '1700000000000';

let server: FakeServer;
beforeEach(async () => {
  server = await fakeServer();
});

const replied = (...reply: string[]): WriteOutcome => ({ is: 'acknowledged', reply });

test('202 once it is durable, 200 for a repeat with the answer', async () => {
  server.writer.answer = () => replied('accepted', AT);
  const first = await server.post(WISH, {}, PATH);
  expect([first.statusCode, first.json()]).toEqual([202, { ...WISH, args: {}, at: Number(AT) }]);
  const [call] = server.writer.writes;
  expect(call).toMatchObject({ name: 'hf_wish', keys: [accountKeys(ACCOUNT).wishes] });
  expect(call?.args.slice(0, 2)).toEqual(['w-1', 'pause']);
  const answer = { is: 'done', detail: 'nothing is sent', by: 'engine-1', epoch: '7', at: 1 };
  server.writer.answer = () => replied('repeat', AT, JSON.stringify(answer));
  const again = await server.post(WISH, {}, PATH);
  expect([again.statusCode, again.json()]).toEqual([200, { ...WISH, args: {}, at: Number(AT), answer }]);
});

test.each([
  [replied('conflict'), 409, 'id_conflict'],
  [replied('full'), 429, 'too_many_wishes'],
  [{ is: 'not_stored', why: 'no_primary', detail: 'none' } as const, 503, 'not_stored'],
  [{ is: 'unknown', detail: 'no answer' } as const, 504, 'acceptance_unknown'],
])('%o is answered %i %s', async (outcome, status, code) => {
  server.writer.answer = () => outcome;
  const answer = await server.post(WISH, {}, PATH);
  expect([answer.statusCode, answer.json().error.code]).toEqual([status, code]);
});

test('every wrong field is named', async () => {
  const answer = await server.post({ id: 'w 1', what: 'sell', by: '', extra: 1 }, {}, PATH);
  expect(answer.statusCode).toBe(422);
  const { fields } = answer.json().error as { fields: { field: string }[] };
  expect(fields.map(({ field }) => field)).toEqual(expect.arrayContaining(['id', 'what', 'by', 'reason']));
  expect(server.writer.writes).toEqual([]);
});

test('what became of a wish, and 404 for one that nobody made', async () => {
  server.writer.reply = ([name, key]) =>
    name === 'HGETALL' && key === accountKeys(ACCOUNT).wishes
      ? ['wish:w-1', JSON.stringify({ ...WISH, args: {} }), 'at:w-1', AT, 'waiting', 'w-1']
      : null;
  const found = await server.get(`${PATH}/w-1`);
  expect(found.json()).toEqual({ ...WISH, args: {}, at: Number(AT) });
  const none = await server.get(`${PATH}/w-2`);
  expect([none.statusCode, none.json().error.code]).toEqual([404, 'unknown_wish']);
});

test('a pause and the changes of leader stand in the status', async () => {
  server.writer.reply = ([name, key]) => {
    if (name === 'HMGET' && key === accountKeys(ACCOUNT).wishes) return ['w-1', AT, JSON.stringify(WISH)];
    if (key === accountKeys(ACCOUNT).leaders) {
      return ['count', '1', '1', `5 ${AT} engine-1 engine-2 process_dead - 41`];
    }
    return null;
  };
  const { accounts, degradedBecause } = (await server.get('/v1/status')).json();
  const change = { epoch: '5', at: Number(AT), from: 'engine-1', to: 'engine-2' };
  const leader = { ...change, cause: 'process_dead', why: null, goneMs: 41 };
  expect(accounts[0]).toMatchObject({ pause: { by: 'ann', reason: 'the broker moves' }, leaders: [leader] });
  expect(degradedBecause).toContain(`${ACCOUNT}: paused by ann: the broker moves`);
  const { leaders } = (await server.get(`/v1/accounts/${ACCOUNT}/leaders`)).json();
  expect(leaders).toEqual([leader]);
});

test('the newest report of a reconciliation, and none before there is one', async () => {
  const path = `/v1/accounts/${ACCOUNT}/reconciliation`;
  expect((await server.get(path)).json()).toEqual({ report: null });
  const row = { what: 'position', ticket: '7', finding: 'broker_extra', detail: 'buy 0.10 EURUSD, by hand' };
  const counts = { matched: 1, oursMissing: 0, brokerExtra: 1, differing: 0, unknown: [] };
  const report = { cause: 'request', terminal: 't-1', at: 2, since: 1, ...counts, rows: [row] };
  server.writer.reply = ([name, key]) =>
    name === 'HGETALL' && key === accountKeys(ACCOUNT).instance
      ? ['reconciliation', JSON.stringify(report)]
      : null;
  expect((await server.get(path)).json()).toEqual({ report });
});
