/** The webhook over a fake writer: refusals with their reasons, the id rule (I2), the duplicate window, the token. */
import { beforeEach, describe, expect, test } from 'vitest';
import { ACCOUNT, type FakeServer, fakeServer, TOKEN } from './testing/fake-server.ts';

let server: FakeServer;

beforeEach(async () => {
  server = await fakeServer();
});

const BUY = { ticker: 'OANDA:EURUSD', action: 'buy', contracts: 0.1 };
const json = (more: object): string => JSON.stringify({ ...BUY, ...more });

const WRONG: [string, string, string, string][] = [
  [
    'a placeholder left in',
    '{"ticker":"EURUSD","action":"buy","contracts":{{x}}}',
    'placeholder_left',
    '(body)',
  ],
  ['malformed JSON', '{"ticker":', 'malformed_json', '(body)'],
  ['a list', '[]', 'not_an_object', '(body)'],
  ['nothing', ' ', 'empty', '(body)'],
  ['a nested field', json({ message: { a: 1 } }), 'field_not_plain', 'message'],
  ['an unknown field', json({ stoploss: '1.05' }), 'unknown_field', 'stoploss'],
  ['two symbols', json({ symbol: 'GBPUSD' }), 'fields_disagree', 'ticker'],
  ['no symbol', '{"action":"buy","contracts":1}', 'symbol_missing', 'symbol'],
  ['no side', '{"ticker":"EURUSD","contracts":1}', 'side_missing', 'side'],
  ['an unknown side', json({ action: 'up' }), 'side_not_understood', 'action'],
  ['an unknown position', json({ market_position: 'up' }), 'position_not_understood', 'market_position'],
  ['an unknown order type', json({ order_type: 'stop_limit' }), 'order_type_not_understood', 'order_type'],
  ['a limit order without a price', json({ order_type: 'limit' }), 'price_missing', 'price'],
  ['no volume', '{"ticker":"EURUSD","action":"buy"}', 'volume_missing', 'volume'],
  ['a volume that is no number', json({ contracts: 'NaN' }), 'volume_not_a_number', 'contracts'],
  ['a volume of zero', json({ contracts: 0 }), 'invalid_signal', 'contracts'],
  ['a stop that is no number', json({ sl: 'near' }), 'invalid_signal', 'sl'],
  ['a limit price that is no number', json({ order_type: 'limit', price: 'x' }), 'invalid_signal', 'price'],
  ['an id with a blank', json({ id: 'a b' }), 'invalid_signal', 'id'],
  [
    'a close of nothing',
    json({ market_position: 'flat', prev_market_position: 'flat' }),
    'nothing_to_close',
    'prev_market_position',
  ],
  [
    'a reversal',
    json({ prev_market_position: 'short', market_position: 'long' }),
    'reversal_on_hedging',
    'market_position',
  ],
  [
    'a contradiction',
    json({ prev_market_position: 'flat', market_position: 'short' }),
    'fields_disagree',
    'market_position',
  ],
  ['words', 'EURUSD crossed something', 'text_not_understood', '(body)'],
  ['a text with half a pair', 'buy EURUSD q=', 'text_not_understood', '(body)'],
];

test.each(WRONG)('%s is refused by name and not stored', async (_name, body, reason, field) => {
  const answer = await server.alert(body);
  expect(answer.statusCode).toBe(422);
  expect(answer.json().error).toMatchObject({ code: 'invalid_alert', reason, fields: [{ field }] });
  expect(answer.json().error.fields[0].expected).not.toBe('');
  expect(server.writer.writes.filter((call) => call.name === 'hf_accept')).toEqual([]);
});

test('a ticker that is not mapped is refused where the webhook says so', async () => {
  const mapped = await fakeServer({ webhook: { unmappedSymbols: false, symbols: { EURUSD: 'GBPUSD' } } });
  expect((await mapped.alert(json({}))).statusCode).toBe(202);
  expect(mapped.writer.writes.at(-1)?.args[2]).toContain('"symbol":"GBPUSD"');
  const answer = await mapped.alert(json({ ticker: 'XAUUSD' }));
  expect(answer.json().error).toMatchObject({ reason: 'symbol_not_mapped', fields: [{ field: 'ticker' }] });
});

test('a symbol that the account does not trade is refused as in the API', async () => {
  const answer = await server.alert(json({ ticker: 'XAUUSD' }));
  expect(answer.statusCode).toBe(422);
  expect(answer.json().error).toMatchObject({ code: 'invalid_signal', fields: [{ field: 'symbol' }] });
});

test('whole stops by configuration: points, price', async () => {
  await server.alert(json({ sl: 120, id: 'a' }));
  expect(server.writer.writes[0]?.args[2]).toContain('"stopLossPoints":120');
  const asPrice = await fakeServer({ webhook: { wholeStops: 'price' } });
  await asPrice.alert(json({ sl: 120, id: 'a' }));
  expect(asPrice.writer.writes[0]?.args[2]).toContain('"stopLoss":"120"');
});

test('less of a position is a close of that volume; a reversal on netting is an order', async () => {
  const body = json({
    action: 'sell',
    contracts: 0.05,
    market_position: 'long',
    prev_market_position: 'long',
    id: 'r',
  });
  expect((await server.alert(body)).statusCode).toBe(202);
  expect(JSON.parse(server.writer.writes[0]?.args[2] ?? '')).toEqual({
    id: 'r',
    action: 'close',
    symbol: 'EURUSD',
    side: 'buy',
    volume: '0.05',
  });
});

test('notes say what is not passed on', async () => {
  const answer = await server.alert(json({ comment: 'entrée', strategy: 'é' }));
  expect(answer.statusCode).toBe(202);
  expect(answer.json().notes).toHaveLength(2);
});

describe('the id', () => {
  const acceptedIds = (): (string | undefined)[] =>
    server.writer.writes.filter((call) => call.name === 'hf_accept').map((call) => call.args[0]);

  test('is the alert’s own where it has one', async () => {
    expect((await server.alert(json({ id: 'mine', time: 't' }))).json()).toMatchObject({
      id: 'mine',
      account: ACCOUNT,
    });
    expect(server.writer.writes.map((call) => call.name)).toEqual(['hf_accept']);
  });

  test('is made from named fields and the time: the same again has it again, another time another', async () => {
    await server.alert(json({ time: '2017-04-19T11:00:00Z', order_id: 'Long' }));
    await server.alert(
      JSON.stringify({ order_id: 'Long', time: '2017-04-19T11:00:00Z', ...BUY, contracts: '0.10' }),
    );
    await server.alert(json({ time: '2017-04-19T12:00:00Z', order_id: 'Long' }));
    await server.alert(json({ time: '2017-04-19T11:00:00Z', order_id: 'Other' }));
    const [first, again, later, other] = acceptedIds();
    expect(first).toMatch(/^tv-[0-9a-f]{32}$/);
    expect(again).toBe(first);
    expect(new Set([first, later, other]).size).toBe(3);
  });

  test('without either: a repeat within the window gets the first’s id, 200, and is shown', async () => {
    let first = '';
    server.writer.answer = (call) => {
      if (call.name === 'hf_alert') {
        const held = first !== '';
        first ||= call.args[1] ?? '';
        return { is: 'acknowledged', reply: held ? ['held_back', first, '5', '2'] : ['first', first, '5'] };
      }
      return {
        is: 'acknowledged',
        reply: server.writer.writes.length > 2 ? ['repeat', 'filled', '5', '1'] : ['accepted', '5', 'x'],
      };
    };
    const one = await server.alert(json({}));
    const two = await server.alert(json({}));
    expect(one.statusCode).toBe(202);
    expect(one.json().heldBack).toBeUndefined();
    expect(two.statusCode).toBe(200);
    expect(two.json()).toMatchObject({ id: one.json().id, repeat: true, heldBack: { firstAt: 5, times: 1 } });
    expect(new Set(acceptedIds()).size).toBe(1);
    const fingerprints = server.writer.writes
      .filter((call) => call.name === 'hf_alert')
      .map((call) => call.args[0]);
    expect(fingerprints[0]).toBe(fingerprints[1]);
    const line = server.log.lines.find((one) => one.message.includes('held back'));
    expect(line?.fields).toMatchObject({ signalId: one.json().id, times: 1 });
  });

  test('the window not written: 503, nothing accepted', async () => {
    server.writer.answer = () => ({ is: 'unknown', detail: 'lost' });
    const answer = await server.alert(json({}));
    expect(answer.statusCode).toBe(503);
    expect(acceptedIds()).toEqual([]);
  });
});

describe('the token', () => {
  test('a wrong one is answered 404, and no log line holds one', async () => {
    const url = '/v1/webhooks/tradingview/wrong-token';
    const answer = await server.api.inject({
      method: 'POST',
      url,
      payload: json({}),
      headers: { 'content-type': 'text/plain' },
    });
    expect(answer.statusCode).toBe(404);
    expect(answer.json().error.code).toBe('unknown_webhook');
    await server.alert('{');
    const lines = JSON.stringify(server.log.lines);
    expect(lines).not.toContain('wrong-token');
    expect(lines).not.toContain(TOKEN);
    expect(server.writer.writes).toEqual([]);
  });

  test('text of any content type but text and JSON is refused', async () => {
    expect((await server.alert('buy EURUSD q=1', 'application/xml')).statusCode).toBe(415);
    expect((await server.alert(`buy EURUSD q=1 ${'x'.repeat(70_000)}`, 'text/plain')).statusCode).toBe(413);
  });
});
