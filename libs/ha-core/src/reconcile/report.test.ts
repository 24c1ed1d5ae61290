/** What a report of a reconciliation counts and lists. */
import { expect, it } from 'vitest';
import type { Position } from '../order/position.ts';
import {
  gatherBoth,
  gatheredOf,
  NOTHING_GATHERED,
  REPORTED_ROWS_MAX,
  reconciliationReport,
} from './report.ts';

const position = (ticket: string, magic: string): Position => ({
  position: ticket,
  ticket,
  symbol: 'EURUSD',
  side: 'buy',
  volume: '0.10',
  price: '1.1',
  stopLoss: '0',
  takeProfit: '0',
  magic,
  comment: '',
  openedAt: 1,
});

const BASE = {
  cause: 'request',
  terminal: 't-1',
  at: 20,
  since: 10,
  matched: 3,
  gathered: NOTHING_GATHERED,
  positions: [],
  orders: [],
  isOurs: (magic: string) => magic === '42',
  unknown: [],
} as const;

it('tells what is at the broker and belongs to nobody here, each time', () => {
  const positions = [position('1', '42'), position('2', '0'), position('3', '77')];
  const report = reconciliationReport({ ...BASE, positions });
  expect(report).toMatchObject({
    matched: 3,
    brokerExtra: 2,
    oursMissing: 0,
    differing: 0,
    at: 20,
    since: 10,
  });
  expect(report.rows).toEqual([
    { what: 'position', ticket: '2', finding: 'broker_extra', detail: 'buy 0.10 EURUSD, by hand' },
    { what: 'position', ticket: '3', finding: 'broker_extra', detail: 'buy 0.10 EURUSD, magic 77' },
  ]);
});

it('gathers what went missing or differs, and not what is new: that is told from the lists', () => {
  const gathered = gatheredOf([
    { what: 'position', key: '1', finding: 'ours_missing', detail: 'gone' },
    { what: 'order', key: '2', finding: 'differing', detail: 'price' },
    { what: 'position', key: '3', finding: 'broker_extra', detail: 'new' },
  ]);
  const report = reconciliationReport({ ...BASE, gathered });
  expect([report.oursMissing, report.differing, report.brokerExtra]).toEqual([1, 1, 0]);
  expect(report.rows.map(({ ticket }) => ticket)).toEqual(['1', '2']);
});

it('counts all, and lists so many', () => {
  const many = REPORTED_ROWS_MAX + 5;
  const positions = Array.from({ length: many }, (_, index) => position(String(index), '0'));
  const report = reconciliationReport({ ...BASE, positions });
  expect([report.brokerExtra, report.rows.length]).toEqual([many, REPORTED_ROWS_MAX]);
  const gone = gatheredOf(
    positions.map(({ ticket }) => ({ what: 'position', key: ticket, finding: 'ours_missing', detail: '' })),
  );
  const twice = reconciliationReport({ ...BASE, gathered: gatherBoth(gone, gone) });
  expect([twice.oursMissing, twice.rows.length]).toEqual([2 * many, REPORTED_ROWS_MAX]);
});
