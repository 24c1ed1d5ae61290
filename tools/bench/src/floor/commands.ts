/** The product's function calls with arguments of the same shape and size, written out by hand. */
import { encode } from './resp.ts';

export const HOLDER = 'engine-1';
const DIGEST = '0123456789abcdef0123456789abcdef';

export const key = (account: string, name: string): string => `hf:{${account}}:${name}`;

/** A magic of 16 digits that no other signal of this run has. */
export const magicOf = (number: number): string => String(1_000_000_000_000_000 + number);

/** hf_accept of a market order. */
export function acceptCommand(account: string, id: string, magic: string, at: string): string {
  const body = `{"action":"open","id":"${id}","side":"buy","symbol":"EURUSD","type":"market","volume":"0.01"}`;
  return encode(
    ...[
      'FCALL',
      'hf_accept',
      '3',
      key(account, `signal:${magic}`),
      key(account, 'rtss'),
      key(account, 'account'),
    ],
    ...[id, DIGEST, body, magic, '60000', at],
  );
}

/** hf_take: leads the account in epoch 1; without effect when it does already. */
export function takeCommand(account: string): string {
  return encode('FCALL', 'hf_take', '1', key(account, 'lease'), HOLDER, '', '0', '0', '1');
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
  return encode(
    ...['FCALL', 'hf_intend', '4', key(account, 'lease'), key(account, `signal:${magic}`)],
    ...[key(account, 'intents'), key(account, 'account')],
    ...[HOLDER, '1', `${id}#1`, JSON.stringify(intent), JSON.stringify(step)],
  );
}

/** hf_finish with a result of the product's size and one changed position. */
export function finishCommand(account: string, id: string, magic: string, entry: string, at: number): string {
  const step = { state: 'filled', at, epoch: 1, by: HOLDER, reason: 'done' };
  const result = {
    ...{
      kind: 'result',
      signalId: id,
      magic,
      action: 'open',
      symbol: 'EURUSD',
      outcome: 'filled',
      reason: 'done',
    },
    ...{ side: 'buy', volume: '0.01', filledVolume: '0.01', price: '1.08123', retcode: 10009 },
    tickets: { order: '1000001', position: '1000001', deals: ['1000002'] },
    ...{ terminal: 'terminal-1', acceptedAt: at, at, epoch: 1 },
    steps: [
      { state: 'accepted', at, epoch: 0, by: 'backend' },
      { state: 'sent', at, epoch: 1, by: HOLDER },
      step,
    ],
  };
  const position = {
    ...{ position: '1000001', symbol: 'EURUSD', side: 'buy', volume: '0.01', openPrice: '1.08123' },
    ...{ magic, comment: 'hf-abcdefghijk', openedAt: at },
  };
  return encode(
    ...[
      'FCALL',
      'hf_finish',
      '7',
      key(account, 'lease'),
      key(account, `signal:${magic}`),
      key(account, 'rtss'),
    ],
    ...[key(account, 'rtrs'), key(account, 'account'), key(account, 'intents'), key(account, 'recorded')],
    ...[HOLDER, '1', 'filled', JSON.stringify(result), entry, JSON.stringify(step), '1', `${id}#1`, '0', '1'],
    ...[key(account, 'positions'), '1000001', JSON.stringify(position)],
  );
}
