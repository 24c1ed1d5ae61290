/** Reconciliation, proof from the broker records (I5), and RTS right after a result. */
import { describe, expect, it } from 'vitest';
import { applyExecution } from './apply.ts';
import { cancelledDeal, lateFill } from './correction.ts';
import { type BrokerRecords, findProof } from './evidence.ts';
import { reconcile } from './reconcile.ts';
import type { Intent } from '../order/intent.ts';
import type { Deal, Position } from '../order/position.ts';

const position = (ticket: string, volume = '0.3', symbol = 'EURUSD'): Position => ({
  position: ticket,
  ticket,
  symbol,
  side: 'buy',
  volume,
  price: '1.1',
  stopLoss: '0',
  takeProfit: '0',
  magic: '1',
  comment: '',
  openedAt: 0,
});
const deal = (magic: string, volume: string): Deal => ({
  deal: '7',
  order: '6',
  position: '6',
  symbol: 'EURUSD',
  side: 'buy',
  entry: 'in',
  cause: 'expert',
  volume,
  price: '1.1',
  profit: '0',
  magic,
  comment: '',
  at: 0,
});
const intent = (command: Intent['command']): Intent => ({
  commandId: 's/1',
  signalId: 's',
  attempt: 1,
  refusals: 0,
  magic: '77',
  comment: '',
  command,
  terminal: 't',
  journal: 'j',
  boot: 'b',
  epoch: 1,
  at: 0,
});
const buy = intent({ do: 'deal', symbol: 'EURUSD', side: 'buy', volume: '0.3' });
const none: BrokerRecords = { deals: [], done: [], orders: [], positions: [] };
const executed = {
  retcode: 10009,
  order: '5',
  deal: '6',
  position: '5',
  volume: '0.3',
  price: '1.2',
  text: '',
  at: 1,
};

describe('reconcile', () => {
  it('tells matched, missing, extra and differing rows apart and gives the changes', () => {
    const ours = new Map(['1', '2', '3'].map((key) => [key, position(key)]));
    const found = reconcile(
      { positions: ours, orders: new Map() },
      { positions: [position('1'), position('2', '0.1'), position('4')], orders: [] },
    );
    expect(found.matched).toBe(1);
    expect(found.differences.map((row) => `${row.key} ${row.finding}`)).toEqual([
      '2 differing',
      '3 ours_missing',
      '4 broker_extra',
    ]);
    expect(found.changes.map((row) => [row.key, row.value !== undefined])).toEqual([
      ['2', true],
      ['3', false],
      ['4', true],
    ]);
  });
});

it('takes the average price of a position over, and tells it as no difference', () => {
  const ours = new Map([['1', position('1')]]);
  const broker = { positions: [{ ...position('1'), price: '1.23456' }], orders: [] };
  const found = reconcile({ positions: ours, orders: new Map() }, broker);
  expect([found.matched, found.differences]).toEqual([1, []]);
  expect(found.changes).toMatchObject([{ in: 'positions', key: '1', value: { price: '1.23456' } }]);
});

describe('proof from the broker records', () => {
  it('takes deals of the own magic only, and adds their volumes', () => {
    expect(findProof(buy, { ...none, deals: [deal('78', '0.3')] })).toEqual({ is: 'none' });
    expect(findProof(buy, { ...none, deals: [deal('77', '0.1'), deal('77', '0.2')] })).toMatchObject({
      is: 'executed',
      execution: { volume: '0.3', order: '6', deal: '7' },
    });
  });

  it('does not take the deal of a stop loss for the command, though it has its magic', () => {
    const stopped = { ...deal('77', '0.3'), entry: 'out' as const, cause: 'sl' };
    expect(findProof(buy, { ...none, deals: [stopped] })).toEqual({ is: 'none' });
    expect(findProof(buy, { ...none, deals: [deal('77', '0.3'), stopped] })).toMatchObject({
      execution: { volume: '0.3' },
    });
  });

  it('does not take a position for proof: two signals merge into one', () => {
    expect(findProof(buy, { ...none, positions: [{ ...position('5'), magic: '77' }] })).toEqual({
      is: 'none',
    });
  });

  it('takes a rejected order of the own magic as proof of none', () => {
    const done = [{ order: '6', state: 'rejected' as const, filled: '0', magic: '77' }];
    expect(findProof(buy, { ...none, done })).toMatchObject({ is: 'not_executed' });
  });

  it('proves a cancel by the order, and that it came too late by its fill', () => {
    const cancel = intent({ do: 'cancel', symbol: 'EURUSD', order: '6' });
    const done = (state: 'cancelled' | 'filled') => [{ order: '6', state, filled: '0', magic: '1' }];
    expect(findProof(cancel, { ...none, done: done('cancelled') })).toMatchObject({ is: 'executed' });
    expect(findProof(cancel, { ...none, done: done('filled') })).toMatchObject({ is: 'not_executed' });
  });

  it('proves a modify by the wanted state', () => {
    const modify = intent({ do: 'modify_position', symbol: 'EURUSD', position: '5', stopLoss: '1.10' });
    expect(findProof(modify, { ...none, positions: [{ ...position('5'), stopLoss: '1.1' }] })).toMatchObject({
      is: 'executed',
    });
    expect(findProof(modify, { ...none, positions: [position('5')] })).toEqual({ is: 'none' });
  });
});

describe('a fill after the end (I6)', () => {
  const by = { by: 'ann', reason: 'not in the terminal' };
  it.each([
    ['rejected', undefined, true],
    ['expired', undefined, true],
    ['cancelled', undefined, true],
    ['resolved', 'rejected', true],
    ['resolved', 'filled', false],
    ['filled', undefined, false],
    ['partly_filled', undefined, false],
    ['placed', undefined, false],
    ['done', undefined, false],
  ] as const)('%s %s: a correction %s', (outcome, said, wanted) => {
    const resolution = said === undefined ? {} : { resolution: { said, ...by } };
    const found = lateFill({ signalId: 's', outcome, ...resolution }, deal('77', '0.3'));
    expect(found !== undefined).toBe(wanted);
  });

  it('says what stood, what came and that it is adopted; a stop loss is no fill of ours', () => {
    const ended = { signalId: 's', outcome: 'resolved', resolution: { said: 'rejected', ...by } } as const;
    expect(lateFill(ended, deal('77', '0.3'))).toMatchObject({
      signalId: 's',
      reason: 'late_fill',
      detail: 'the result says rejected by ann; the broker executed buy 0.3 at 1.1, deal 7; adopted',
    });
    expect(lateFill(ended, { ...deal('77', '0.3'), cause: 'sl' })).toBeUndefined();
  });
});

describe('a deal that the broker took back (I6)', () => {
  const busted = { ...deal('77', '0.3'), cancelled: true };

  it('is a correction of its signal, whoever made the deal, and no late fill', () => {
    expect(cancelledDeal('s', busted)).toMatchObject({
      signalId: 's',
      magic: '77',
      reason: 'deal_cancelled',
      detail: 'the broker took back buy 0.3 at 1.1, deal 7',
    });
    expect(lateFill({ signalId: 's', outcome: 'rejected' }, busted)).toBeUndefined();
  });

  it('still proves that its command was executed', () => {
    expect(findProof(buy, { ...none, deals: [busted] })).toMatchObject({ is: 'executed' });
  });
});

describe('RTS right after a result', () => {
  const held = new Map([['1', position('1')]]);
  const close = intent({ do: 'close', symbol: 'EURUSD', position: '1', side: 'buy', volume: '0.3' });

  it('adds a position, named after the order that opened it; asks where that is another one', () => {
    expect(applyExecution(held, buy, executed, 'hedging').changes).toHaveLength(1);
    expect(applyExecution(new Map(), buy, executed, 'netting').changes[0]?.key).toBe('5');
    const merged = { ...executed, position: '4' };
    expect(applyExecution(new Map(), buy, merged, 'netting')).toEqual({ changes: [], mustAsk: true });
  });

  it.each([
    ['buy', '0.2', { side: 'buy', volume: '0.5', price: '1.1', ticket: '1' }],
    ['sell', '0.1', { side: 'buy', volume: '0.2', ticket: '1' }],
    ['sell', '0.3', undefined],
    ['sell', '0.4', { side: 'sell', volume: '0.1' }],
  ] as const)(
    'nets %s %s with the 0.3 that are held, and asks for the average price',
    (side, volume, left) => {
      const command = { do: 'deal', symbol: 'EURUSD', side, volume } as const;
      const { changes, mustAsk } = applyExecution(
        held,
        intent(command),
        { ...executed, position: '1', volume },
        'netting',
      );
      const wanted =
        left === undefined
          ? { in: 'positions', key: '1' }
          : { in: 'positions', key: '1', value: { ...left, position: '1' } };
      expect([changes.length, mustAsk]).toEqual([1, true]);
      expect(changes[0]).toMatchObject(wanted);
      expect(changes[0]?.value === undefined).toBe(left === undefined);
    },
  );

  it('takes a netted position for closed where the result names another one, and adds that only where it is new', () => {
    const sell = intent({ do: 'deal', symbol: 'EURUSD', side: 'sell', volume: '0.1' });
    const opened = applyExecution(held, sell, { ...executed, volume: '0.1' }, 'netting');
    expect(opened.mustAsk).toBe(true);
    expect(opened.changes).toEqual([
      { in: 'positions', key: '1' },
      {
        in: 'positions',
        key: '5',
        value: expect.objectContaining({ position: '5', side: 'sell', volume: '0.1' }),
      },
    ]);
    const another = { ...executed, position: '4' };
    expect(applyExecution(held, sell, another, 'netting')).toEqual({
      changes: [{ in: 'positions', key: '1' }],
      mustAsk: true,
    });
  });

  it('removes a closed position and lowers a partly closed one', () => {
    expect(applyExecution(held, close, executed, 'hedging').changes).toEqual([{ in: 'positions', key: '1' }]);
    const [row] = applyExecution(held, close, { ...executed, volume: '0.1' }, 'hedging').changes;
    expect(row?.value).toMatchObject({ volume: '0.2' });
  });
});
