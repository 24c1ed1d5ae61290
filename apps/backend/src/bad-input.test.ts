/** Every wrong request: its code, the field it names, and that nothing was stored. */
import { beforeEach, describe, expect, test } from 'vitest';
import { ACCOUNT, type FakeServer, fakeServer, SIGNALS } from './testing/fake-server.ts';

let server: FakeServer;

beforeEach(async () => {
  server = await fakeServer();
});

const OPEN = { id: 's-1', action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.10' };

/** What is wrong, the body, the status, the code, the field, and a part of what was expected. */
const SIGNALS_WRONG: [string, unknown, number, string, string, string][] = [
  ['no id', { ...OPEN, id: undefined }, 422, 'invalid_signal', 'id', 'expected an id'],
  ['an id with a blank', { ...OPEN, id: 'a b' }, 422, 'invalid_signal', 'id', 'expected an id'],
  [
    'an id that is too long',
    { ...OPEN, id: 'x'.repeat(65) },
    422,
    'invalid_signal',
    'id',
    '1 to 64 characters',
  ],
  ['an unknown action', { ...OPEN, action: 'hold' }, 422, 'invalid_signal', 'action', 'open, close, modify'],
  ['no symbol', { ...OPEN, symbol: undefined }, 422, 'invalid_signal', 'symbol', ''],
  ['an unknown symbol', { ...OPEN, symbol: 'NOSUCH' }, 422, 'invalid_signal', 'symbol', 'EURUSD, GBPUSD'],
  ['no side', { ...OPEN, side: undefined }, 422, 'invalid_signal', 'side', 'the action open needs one'],
  ['an unknown side', { ...OPEN, side: 'up' }, 422, 'invalid_signal', 'side', 'buy or sell'],
  ['no volume', { ...OPEN, volume: undefined }, 422, 'invalid_signal', 'volume', 'the action open needs one'],
  ['a volume as a number', { ...OPEN, volume: 0.1 }, 422, 'invalid_signal', 'volume', 'decimal string'],
  ['a volume NaN as text', { ...OPEN, volume: 'NaN' }, 422, 'invalid_signal', 'volume', 'decimal string'],
  ['a volume of zero', { ...OPEN, volume: '0' }, 422, 'invalid_signal', 'volume', 'above zero'],
  ['a negative volume', { ...OPEN, volume: '-1' }, 422, 'invalid_signal', 'volume', 'above zero'],
  [
    'a volume off the step',
    { ...OPEN, volume: '0.105' },
    422,
    'invalid_signal',
    'volume',
    'multiple of 0.01',
  ],
  [
    'a volume below the minimum',
    { ...OPEN, volume: '0.001' },
    422,
    'invalid_signal',
    'volume',
    'at least 0.01',
  ],
  ['a volume above the maximum', { ...OPEN, volume: '51' }, 422, 'invalid_signal', 'volume', 'at most 50'],
  [
    'a limit order without a price',
    { ...OPEN, type: 'limit' },
    422,
    'invalid_signal',
    'price',
    'limit order needs one',
  ],
  [
    'a market order with a price',
    { ...OPEN, price: '1.1' },
    422,
    'invalid_signal',
    'price',
    'no price with a market',
  ],
  ['a life of zero', { ...OPEN, ttlMs: 0 }, 422, 'invalid_signal', 'ttlMs', '>=1'],
  ['a life above a day', { ...OPEN, ttlMs: 86_400_001 }, 422, 'invalid_signal', 'ttlMs', '<=86400000'],
  ['an unknown field', { ...OPEN, stoploss: '1' }, 422, 'invalid_signal', 'stoploss', 'no such field'],
  [
    'a field of another action',
    { ...OPEN, position: '7' },
    422,
    'invalid_signal',
    'position',
    'expected no position',
  ],
  [
    'a cancel without an order',
    { id: 'c', action: 'cancel', symbol: 'EURUSD' },
    422,
    'invalid_signal',
    'order',
    'needs one',
  ],
  ['no object', '[1]', 422, 'invalid_signal', '(body)', ''],
  ['NaN', '{"id":"s","volume":NaN}', 400, 'malformed_json', '(body)', 'a JSON object'],
  ['Infinity', '{"volume":Infinity}', 400, 'malformed_json', '(body)', 'a JSON object'],
  ['half a body', '{"id":"s"', 400, 'malformed_json', '(body)', 'a JSON object'],
  ['an empty body', '', 400, 'malformed_json', '(body)', 'a JSON object'],
];

describe('POST …/signals', () => {
  test.each(SIGNALS_WRONG)('%s', async (_name, body, status, code, field, expected) => {
    const answer = await server.post(body);
    expect(answer.statusCode).toBe(status);
    const { error } = answer.json();
    expect(error.code).toBe(code);
    const named = error.fields.find((one: { field: string }) => one.field === field);
    expect(named?.expected).toContain(expected);
    expect(named?.value).not.toBe('');
    expect(server.writer.writes).toEqual([]);
  });

  test('all wrong fields are named at once', async () => {
    const answer = await server.post({ ...OPEN, side: 'up', volume: 'x', ttlMs: -1 });
    const fields = answer.json().error.fields.map((one: { field: string }) => one.field);
    expect(fields.sort()).toEqual(['side', 'ttlMs', 'volume']);
  });

  test('malformed JSON is told with its position', async () => {
    expect((await server.post('{"id":"s","volume":NaN}')).json().error.message).toContain('at position 19');
    expect((await server.post('{"id":"s"')).json().error.message).toContain('too early, at position 9');
    expect((await server.post('{"id" "s"}')).json().error.message).toContain('at position 6');
  });

  test('an unknown account is named', async () => {
    const answer = await server.post(OPEN, {}, '/v1/accounts/no-such/signals');
    expect(answer.statusCode).toBe(404);
    expect(answer.json().error).toMatchObject({
      code: 'unknown_account',
      fields: [{ field: 'account', value: '"no-such"', expected: `one of ${ACCOUNT}` }],
    });
    expect(server.writer.writes).toEqual([]);
  });

  test('the id may come in the header; two that differ are refused', async () => {
    const { id: _id, ...without } = OPEN;
    const answer = await server.post(without, { 'idempotency-key': 'from-header' });
    expect(answer.statusCode).toBe(202);
    expect(answer.json().id).toBe('from-header');
    expect((await server.post(OPEN, { 'idempotency-key': 's-1' })).statusCode).toBe(202);
    const differing = await server.post(OPEN, { 'idempotency-key': 'other' });
    expect(differing.statusCode).toBe(422);
    expect(differing.json().error.fields[0].field).toBe('Idempotency-Key');
  });

  test('a body of 10 MB is refused before it is read', async () => {
    const answer = await server.post(JSON.stringify({ ...OPEN, strategy: 'x'.repeat(10_000_000) }));
    expect(answer.statusCode).toBe(413);
    expect(answer.json().error.code).toBe('body_too_large');
    expect(server.writer.writes).toEqual([]);
  });

  test('another content type is refused', async () => {
    const answer = await server.post('id=1', { 'content-type': 'application/x-www-form-urlencoded' });
    expect(answer.statusCode).toBe(415);
    expect(answer.json().error.fields[0]).toMatchObject({
      field: 'Content-Type',
      expected: 'application/json',
    });
  });
});

describe('the key', () => {
  test.each([
    ['none', {}],
    ['a wrong one', { authorization: 'Bearer wrong' }],
    ['another scheme', { authorization: 'Basic dGhlLWtleQ==' }],
  ])('%s is answered 401', async (_name, headers) => {
    const answer = await server.api.inject({ method: 'POST', url: SIGNALS, headers, payload: OPEN });
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.json().error.code).toBe('unauthorized');
    expect(server.writer.writes).toEqual([]);
  });

  test('requests beyond the bound are answered 429 with the time', async () => {
    const bounded = await fakeServer({ perSecond: 10, burst: 2 });
    expect((await bounded.post(OPEN)).statusCode).toBe(202);
    expect((await bounded.post(OPEN)).statusCode).toBe(202);
    const third = await bounded.post(OPEN);
    expect(third.statusCode).toBe(429);
    expect(third.headers['retry-after']).toBe('1');
    bounded.clock.ms += 100;
    expect((await bounded.post(OPEN)).statusCode).toBe(202);
  });
});

describe('paths', () => {
  test('an unknown one is named', async () => {
    const answer = await server.get('/v1/acounts');
    expect(answer.statusCode).toBe(404);
    expect(answer.json().error).toMatchObject({
      code: 'route_not_found',
      message: 'there is no GET /v1/acounts',
    });
  });

  test('another method is answered 405 with those allowed', async () => {
    const answer = await server.api.inject({ method: 'DELETE', url: SIGNALS });
    expect(answer.statusCode).toBe(405);
    expect(answer.headers.allow).toBe('POST');
    expect((await server.api.inject({ method: 'POST', url: '/livez' })).headers.allow).toBe('GET, HEAD');
  });

  test.each([
    ['results?after=x', 'after'],
    ['records?limit=0', 'limit'],
    ['results?limit=1001', 'limit'],
    ['records?after=5', 'after'],
  ])('…/%s is refused by name', async (path, field) => {
    const answer = await server.get(`/v1/accounts/${ACCOUNT}/${path}`);
    expect(answer.statusCode).toBe(422);
    expect(answer.json().error).toMatchObject({ code: 'invalid_query', fields: [{ field }] });
  });
});
