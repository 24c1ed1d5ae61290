/** The line of an account: order of acceptance, quarantine by symbol (I5), and the life of a tracked order (I7). */
import { describe, expect, it } from 'vitest';
import type { Intent, OrderState } from '@holdfast/ha-core';
import { createLine } from './line.ts';
import { lifeMs, trackOrder, type TrackedOrder } from './tracked-order.ts';

const order = (entry: string, symbol = 'EURUSD', body?: string): TrackedOrder =>
  trackOrder(
    {
      entry,
      id: `s${entry}`,
      magic: '1',
      body: body ?? JSON.stringify({ id: `s${entry}`, action: 'open', symbol }),
      acceptedAt: 1000,
      ttlMs: 500,
    },
    0,
  );
const unknown = (symbol: string): OrderState => ({
  is: 'unknown',
  intent: { commandId: 's2-0/1', command: { do: 'cancel', symbol, order: '1' } } as Intent,
  sinceMs: 0,
  lookUps: 0,
});
const next = (line: ReturnType<typeof createLine>) => [...line.next()].map((row) => row.accepted.entry);

describe('the line of an account', () => {
  it('keeps the order of acceptance, also for one that comes back', () => {
    const line = createLine();
    const orders = ['9-1', '10-0', '10-2', '10-10'].map((entry) => order(entry));
    for (const row of orders) line.add(row);
    const [first, second] = orders;
    if (first === undefined || second === undefined) throw new Error('two orders');
    line.begin(first);
    line.begin(second);
    expect(next(line)).toEqual(['10-2', '10-10']);
    line.back(second);
    line.back(first);
    expect(next(line)).toEqual(['9-1', '10-0', '10-2', '10-10']);
  });

  it('does not take a signal for another one that an older primary gave the same entry', () => {
    const line = createLine();
    const row = order('1-0');
    line.add(row);
    expect(line.knows({ ...row.accepted, id: 's2' })).toBe(false);
  });

  it('neither sends nor ends one that was read under a second entry before the first of them has ended', () => {
    const line = createLine();
    const [first, other] = [order('1-0'), order('3-0', 'GBPUSD')];
    const second = order('2-0', 'USDJPY');
    const again = { ...second, accepted: { ...second.accepted, id: first.accepted.id } };
    for (const row of [first, again, other]) line.add(row);
    expect(next(line)).toEqual(['1-0', '3-0']);
    line.begin(first);
    expect(next(line)).toEqual(['3-0']);
    expect(line.waiting()).toEqual([other]);
    line.remove(first);
    expect(next(line)).toEqual(['2-0', '3-0']);
    line.remove(again);
    expect(next(line)).toEqual(['3-0']);
    expect([first, again].map(({ accepted }) => line.knows(accepted))).toEqual([false, false]);
  });

  it('knows an entry until it is removed, wherever it is', () => {
    const line = createLine();
    const row = order('1-0');
    line.add(row);
    line.begin(row);
    expect(line.knows(row.accepted)).toBe(true);
    line.remove(row);
    expect(line.knows(row.accepted)).toBe(false);
    expect(line.begun()).toEqual([]);
  });

  it('holds back the symbol of an unknown outcome, and no other (I5)', () => {
    const line = createLine();
    const lost = order('1-0');
    line.add(lost);
    line.add(order('2-0'));
    line.add(order('3-0', 'GBPUSD'));
    lost.state = unknown('EURUSD');
    line.begin(lost);
    expect(next(line)).toEqual(['3-0']);
    lost.state = { is: 'finished' };
    expect(next(line)).toEqual(['2-0', '3-0']);
  });

  it('finds an order by the command of its present attempt only', () => {
    const line = createLine();
    const row = order('2-0');
    line.add(row);
    row.state = unknown('EURUSD');
    line.begin(row);
    expect(line.byCommand('s2-0/1')).toBe(row);
    expect(line.byCommand('s2-0/2')).toBeUndefined();
  });
});

describe('a tracked order', () => {
  const host = (wallMs: number, monotonicMs: number) => ({
    wallMs: () => wallMs,
    monotonicMs: () => monotonicMs,
    after: () => () => {},
    random: () => 0,
  });

  it('lives as long as the stricter of two clocks says (I7)', () => {
    const row = order('1-0');
    expect(lifeMs(row, host(1100, 100))).toBe(400);
    expect(lifeMs(row, host(1100, 450))).toBe(50);
    expect(lifeMs(row, host(500, 600))).toBe(-100);
    expect(lifeMs(row, host(9999, 0))).toBeLessThan(0);
  });

  it('has no signal when the body is none, or another one', () => {
    expect(order('1-0', 'EURUSD', '{').signal).toBeUndefined();
    expect(order('1-0', 'EURUSD', '{"id":"other"}').signal).toBeUndefined();
  });
});
