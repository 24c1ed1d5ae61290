/** The checker against what it must find: each thing that would break a promise is put in by hand. */
import { describe, expect, it } from 'vitest';
import { createChecker } from './checker.ts';
import type { LedgerChange, RecordRow, Told } from './evidence.ts';

const told = (id: string, more: Partial<Told> = {}): Told => ({
  account: 'a',
  id,
  body: {},
  sentMs: 0,
  statuses: [202],
  acknowledgedMs: 1,
  magic: `m-${id}`,
  ...more,
});
const result = (number: number, id: string, more: Partial<RecordRow> = {}): RecordRow => ({
  number,
  kind: 'result',
  signalId: id,
  outcome: 'filled',
  action: 'open',
  magic: `m-${id}`,
  filledVolume: '0.01',
  epoch: 1,
  tickets: { deals: [`d-${id}`] },
  ...more,
});
const order = (id: string, ticket = `o-${id}`): LedgerChange => ({
  is: 'order',
  order: { account: 'a', order: ticket, state: 'filled', magic: `m-${id}` },
});
const deal = (id: string, ticket = `d-${id}`): LedgerChange => ({
  is: 'deal',
  deal: { account: 'a', deal: ticket, order: `o-${id}`, magic: `m-${id}`, volume: '0.01' },
});
const judge = (
  rows: readonly RecordRow[],
  ledger: readonly LedgerChange[],
  sent: readonly Told[],
  unknown: string[] = [],
) =>
  createChecker({ from: new Map([['a', 0]]), isAlone: true, prefix: 's' }).judge({
    told: sent,
    records: new Map([['a', rows]]),
    ledger,
    unknown,
  });

const whole = [order('s1'), deal('s1')];

describe('the checker', () => {
  it('has nothing to say when all agrees', () => {
    const verdict = judge([result(1, 's1')], whole, [told('s1')]);
    expect(verdict).toEqual({ acknowledged: 1, executed: 1, lost: [], doubled: [], wrong: [], unknown: [] });
  });

  it('finds what was acknowledged and has no result, unless it is named as unknown', () => {
    expect(judge([], [], [told('s1')]).lost).toEqual(['a/s1']);
    expect(judge([], [], [told('s1')], ['a/s1']).lost).toEqual([]);
  });

  it('finds two results and two orders', () => {
    expect(judge([result(1, 's1'), result(2, 's1')], whole, [told('s1')]).doubled).toHaveLength(1);
    expect(judge([result(1, 's1')], [...whole, order('s1', 'other')], [told('s1')]).doubled).toHaveLength(1);
  });

  it('finds a second order that comes after the signal was judged', () => {
    const checker = createChecker({ from: new Map([['a', 0]]), isAlone: true, prefix: 's' });
    const none = { told: [], records: new Map<string, RecordRow[]>(), unknown: [] };
    const first = {
      told: [told('s1')],
      records: new Map([['a', [result(1, 's1')]]]),
      unknown: [],
      ledger: whole,
    };
    expect(checker.judge(first).doubled).toEqual([]);
    expect(checker.judge({ ...none, ledger: [order('s1', 'later')] }).doubled).toHaveLength(1);
  });

  it.each([
    ['a hole in the numbers', [result(2, 's1')], whole, [told('s1')], 'record 1 expected'],
    [
      'an epoch that goes back',
      [result(1, 's0', { epoch: 3 }), result(2, 's1')],
      [order('s0'), deal('s0'), ...whole],
      [told('s0'), told('s1')],
      'epoch 1',
    ],
    ['a result that nobody asked for', [result(1, 's1')], whole, [], 'nobody sent it'],
    [
      'a result of a refused signal',
      [result(1, 's1')],
      whole,
      [{ ...told('s1'), statuses: [422], acknowledgedMs: undefined } as unknown as Told],
      'was refused',
    ],
    ['a fill without an order', [result(1, 's1')], [], [told('s1')], 'no order of it'],
    [
      'an order behind a refusal',
      [result(1, 's1', { outcome: 'rejected' })],
      whole,
      [told('s1')],
      'executed it',
    ],
    ['another volume', [result(1, 's1', { filledVolume: '0.02' })], whole, [told('s1')], 'deals make 0.01'],
    ['a deal of nobody', [result(1, 's1')], [...whole, order('x')], [told('s1')], 'no signal of ours'],
  ] as const)('finds %s', (_what, rows, ledger, sent, words) => {
    expect(judge(rows, ledger, sent).wrong.join('\n')).toContain(words);
  });
});
