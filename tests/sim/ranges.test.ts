/** How ranges of seeds are kept: parts of one become one, a range that is run again takes the place of the old one. */
import { expect, it } from 'vitest';
import { type Measured, type Range, rangeOf, withMore } from './ranges.ts';

const measured = (from: number, more: Partial<Measured> = {}): Measured => ({
  simulation: 'engine',
  from,
  ran: 100,
  broken: [],
  counts: { orders: 10 },
  worth: 10,
  jobs: 2,
  seconds: 30,
  date: '2026-01-02',
  machine: { cores: 2, model: 'one', node: '24' },
  ...more,
});
const range = (from: number, more: Partial<Measured> = {}): Range => rangeOf(measured(from, more));

it('has a rate instead of a time', () => {
  expect(range(1)).toMatchObject({ parts: 1, perMinute: 200, ran: 100 });
  expect(range(1)).not.toHaveProperty('seconds');
});

it('makes one of those that follow one another, in whatever order they are given', () => {
  const kept = withMore(
    [],
    [range(201, { seconds: 20 }), range(1), range(101, { broken: [{ seed: 150, why: 'I1' }] })],
  );
  expect(kept).toMatchObject([
    { from: 1, ran: 300, parts: 3, perMinute: 300, counts: { orders: 30 }, broken: [{ seed: 150 }] },
  ]);
});

it('goes on with one that was kept', () => {
  expect(withMore([range(1)], [range(101)])).toMatchObject([{ from: 1, ran: 200, parts: 2 }]);
});

it('tells from which day to which, and makes no one of two machines', () => {
  const days = ['2026-01-01', '2026-01-02', '2026-01-03'].map((date, i) => range(1 + i * 100, { date }));
  expect(withMore(days.slice(0, 1), days.slice(1))).toMatchObject([{ date: '2026-01-01 to 2026-01-03' }]);
  const elsewhere = range(101, { machine: { cores: 2, model: 'other', node: '24' } });
  expect(withMore([range(1)], [elsewhere])).toHaveLength(2);
});

it('puts what was run again in the place of what it covers, and leaves the other simulation alone', () => {
  const set = range(1, { simulation: 'in-sync-set' });
  const kept = withMore([range(1), set], [range(1, { ran: 50 }), range(51, { ran: 150 })]);
  expect(kept.map(({ simulation, ran }) => [simulation, ran])).toEqual([
    ['engine', 200],
    ['in-sync-set', 100],
  ]);
});

it('counts no seed twice: refuses a part of what is kept', () => {
  const whole = withMore([], [range(1), range(101)]);
  expect(() => withMore(whole, [range(101)])).toThrow(
    'engine 101 to 200 has seeds of engine 1 to 200, and not all: give all files of that',
  );
});

it('tells the newest first', () => {
  const kept = withMore([range(5001, { date: '2026-01-01' })], [range(1), range(1001)]);
  expect(kept.map(({ from }) => from)).toEqual([1001, 1, 5001]);
});
