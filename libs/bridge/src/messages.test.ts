/** The messages: each is read as it was written, and a wrong field is named. */
import type { BrokerCommand } from '@holdfast/ha-core';
import { expect, test } from 'vitest';
import {
  type BridgeMessage,
  type EngineMessage,
  parseBridgeLine,
  parseEngineLine,
  printBridgeMessage,
  printEngineMessage,
} from './messages.ts';

const nonce = '0123456789abcdef'.repeat(2);
const proof = nonce.repeat(2);
const base = {
  verb: 'SEND',
  seq: 7,
  commandId: 'a:b.c-1/2',
  epoch: '12',
  holder: 'engine-1',
  until: 9_000_000_000,
  magic: '9007199254740991',
  comment: 'hf-x = 100%',
} as const;
const commands: BrokerCommand[] = [
  {
    do: 'deal',
    symbol: 'EURUSD',
    side: 'buy',
    volume: '0.1',
    stopLossPoints: 100,
    takeProfitPoints: 5,
    deviationPoints: 3,
  },
  { do: 'deal', symbol: 'EURUSD', side: 'sell', volume: '0.1', stopLoss: '1.2', takeProfit: '0' },
  {
    do: 'pending',
    symbol: 'XAUUSD#',
    side: 'buy',
    type: 'limit',
    volume: '1',
    price: '1200',
    stopLoss: '1100',
  },
  { do: 'close', symbol: 'EURUSD', position: '123', side: 'buy', volume: '0.1', deviationPoints: 5 },
  { do: 'modify_position', symbol: 'EURUSD', position: '123', stopLoss: '1' },
  { do: 'modify_order', symbol: 'EURUSD', order: '123', price: '1.1', takeProfit: '2' },
  { do: 'cancel', symbol: 'EURUSD', order: '123' },
];
const engineMessages: EngineMessage[] = [
  { verb: 'CHALLENGE', version: 1, engine: 'engine-1', nonce },
  { verb: 'WELCOME', proof },
  { verb: 'LEASE', epoch: '3', holder: 'engine-1', forMs: 5000 },
  { verb: 'FENCE', seq: 1, epoch: '3', holder: 'engine-1', trade: true },
  ...commands.map((command) => ({ ...base, command })),
  { verb: 'ASK', seq: 2, commandId: 'a/1' },
  { verb: 'LIST', seq: 3, what: 'deals', since: 5, magic: '77' },
  { verb: 'LIST', seq: 3, what: 'symbols' },
  { verb: 'PING', t: 5 },
  { verb: 'BYE', reason: 'shutdown' },
];
const result = {
  retcode: 10009,
  order: '1',
  deal: '2',
  position: '1',
  volume: '0.1',
  price: '1.07',
  text: 'filled, at 1.07 (é)',
  at: 5,
} as const;
const bridgeMessages: BridgeMessage[] = [
  {
    verb: 'HELLO',
    version: 1,
    account: 'demo',
    terminal: 'terminal-1',
    login: '5001',
    server: 'Some Server',
    role: 'backup',
    margin: 'netting',
    journal: 'j',
    boot: 'b',
    epoch: '0',
    holder: '',
    trade: false,
    broker: true,
    tick: 5,
    nonce,
    proof,
  },
  { verb: 'STATE', tick: 1, broker: true, busy: false, epoch: '1', holder: 'e', trade: true },
  { verb: 'FENCED', seq: 1, epoch: '1', holder: 'e', trade: true, journal: 'j', boot: 'b' },
  { verb: 'RESULT', commandId: 'a/1', ...result, replay: false },
  { verb: 'REFUSED', seq: 1, commandId: 'a/1', reason: 'no_broker', epoch: '1', holder: 'e' },
  { verb: 'REFUSED', seq: 1, reason: 'stale_epoch', epoch: '1', holder: 'e' },
  { verb: 'ANSWER', seq: 1, commandId: 'a/1', state: 'result', journal: 'j', boot: 'b', ...result },
  { verb: 'ANSWER', seq: 1, commandId: 'a/1', state: 'refused', journal: 'j', boot: 'b', reason: 'fenced' },
  { verb: 'ANSWER', seq: 1, commandId: 'a/1', state: 'never', journal: 'j', boot: 'b' },
  { verb: 'ROW', seq: 1, row: { symbol: 'EURUSD', at: '5' } },
  { verb: 'END', seq: 1, count: 1, synced: true, broker: true },
  { verb: 'EVENT', what: 'deal', row: { deal: '1' } },
  { verb: 'PONG', t: 1, tick: 2 },
  { verb: 'BYE', reason: 'replaced' },
];

test.each(engineMessages)('$verb of an engine comes back as it was', (message) => {
  expect(parseEngineLine(printEngineMessage(message))).toEqual({ is: 'message', message });
});

test.each(bridgeMessages)('$verb of a bridge comes back as it was', (message) => {
  expect(parseBridgeLine(printBridgeMessage(message))).toEqual({ is: 'message', message });
});

test.each([
  ['LEASE epoch=1 holder=e', 'for is missing'],
  ['LEASE epoch=-1 holder=e for=5', 'epoch is "-1", expected a string of digits'],
  ['LEASE epoch=1 holder=e for=5 odd=1', 'no such field: odd'],
  ['LEASE epoch=1 holder=e for=1e3', 'for is "1e3"'],
  ['FENCE seq=1 epoch=1 holder=e trade=yes', 'expected 0 or 1'],
  ['LIST seq=1 what=secrets', 'expected one of positions'],
  ['RESULT cmd=a/1', 'no such verb here'],
  ['toString', 'not a verb'],
  [
    'SEND seq=1 cmd=a epoch=1 holder=e until=5 magic=1 comment= do=cancel symbol=E order=1',
    'expected a command id',
  ],
])('%j is refused', (line, why) => {
  const parsed = parseEngineLine(line);
  expect(parsed.is === 'bad' ? parsed.why : 'taken').toContain(why);
});

test.each([
  ['do=deal symbol=EURUSD side=buy', 'volume is missing'],
  ['do=deal symbol=EURUSD side=long volume=1', 'expected one of buy, sell'],
  ['do=deal symbol=EURUSD side=buy volume=NaN', 'expected a decimal string'],
  ['do=explode', 'expected deal'],
  ['do=toString', 'expected deal'],
  ['symbol=EURUSD', '(missing)'],
])('a SEND with the command %j is a SEND still, so that it can be refused by its id', (rest, why) => {
  const parsed = parseEngineLine(`SEND seq=1 cmd=a/1 epoch=1 holder=e until=5 magic=1 comment= ${rest}`);
  expect(parsed).toMatchObject({ is: 'message', message: { commandId: 'a/1', command: { do: 'bad' } } });
  expect(JSON.stringify(parsed)).toContain(why.replaceAll('"', '\\"'));
});
