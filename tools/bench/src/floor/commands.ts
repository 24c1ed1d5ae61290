/** The product's function calls with arguments of the same shape and size, written out by hand. */
import { encode } from './resp.ts';

export const HOLDER = 'engine-1';
const DIGEST = '0123456789abcdef0123456789abcdef';

export const key = (account: string, name: string): string => `hf:{${account}}:${name}`;

/** A magic of 16 digits that no other signal of this run has. */
export const magicOf = (number: number): string => String(1_000_000_000_000_000 + number);

/** hf_accept of a market order. */
export function acceptCommand(account: string, id: string, magic: string, by: string): string {
  const body = `{"action":"open","id":"${id}","side":"buy","symbol":"EURUSD","type":"market","volume":"0.01"}`;
  const keys = [key(account, `signal:${magic}`), key(account, 'rtss'), key(account, 'account')];
  return call('hf_accept', keys, [id, DIGEST, body, magic, '60000', by]);
}

/** hf_take: leads the account in epoch 1; without effect when it does already. */
export function takeCommand(account: string): string {
  return call('hf_take', [key(account, 'lease')], [HOLDER, '', '0', '0', '1']);
}

/** hf_intend with an intent of the product's size. */
export function intendCommand(account: string, id: string, magic: string, at: number): string {
  const intent = {
    commandId: `${id}#1`,
    signalId: id,
    attempt: 1,
    magic,
    comment: 'hf-abcdefghijk',
    command: { do: 'deal', symbol: 'EURUSD', side: 'buy', volume: '0.01', deviationPoints: 10 },
    terminal: 'terminal-1',
    journal: '0123456789abcdef0123456789abcdef',
    boot: '01234567-89ab-cdef-0123-456789abcdef',
    epoch: 1,
    at,
  };
  const step = { state: 'sent', at, epoch: 1, by: HOLDER };
  return call(
    'hf_intend',
    [
      key(account, 'lease'),
      key(account, `signal:${magic}`),
      key(account, 'intents'),
      key(account, 'account'),
      key(account, 'rtss'),
    ],
    [HOLDER, '1', `${id}#1`, JSON.stringify(intent), JSON.stringify(step), '', '0-0'],
  );
}

/** hf_finish with a result of the product's size and one changed position. */
export function finishCommand(account: string, id: string, magic: string, entry: string, at: number): string {
  const step = { state: 'filled', at, epoch: 1, by: HOLDER, reason: 'done' };
  const keys = ['lease', `signal:${magic}`, 'rtss', 'rtrs', 'account', 'intents', 'recorded'];
  return call(
    'hf_finish',
    keys.map((name) => key(account, name)),
    [
      HOLDER,
      '1',
      'filled',
      JSON.stringify(resultOf(id, magic, at, step)),
      entry,
      '1',
      `${id}#1`,
      '0',
      '1',
      key(account, 'positions'),
      '1000001',
      JSON.stringify(positionOf(magic, at)),
    ],
  );
}

function call(name: string, keys: readonly string[], args: readonly string[]): string {
  return encode('FCALL', name, String(keys.length), ...keys, ...args);
}

function resultOf(id: string, magic: string, at: number, step: object): object {
  return {
    kind: 'result',
    signalId: id,
    magic,
    action: 'open',
    symbol: 'EURUSD',
    outcome: 'filled',
    reason: 'done',
    side: 'buy',
    volume: '0.01',
    filledVolume: '0.01',
    price: '1.08123',
    retcode: 10009,
    tickets: { order: '1000001', position: '1000001', deals: ['1000002'] },
    terminal: 'terminal-1',
    acceptedAt: at,
    at,
    epoch: 1,
    steps: [
      { state: 'accepted', at, epoch: 0, by: 'backend' },
      { state: 'sent', at, epoch: 1, by: HOLDER },
      step,
    ],
  };
}

function positionOf(magic: string, at: number): object {
  return {
    position: '1000001',
    symbol: 'EURUSD',
    side: 'buy',
    volume: '0.01',
    openPrice: '1.08123',
    magic,
    comment: 'hf-abcdefghijk',
    openedAt: at,
  };
}
