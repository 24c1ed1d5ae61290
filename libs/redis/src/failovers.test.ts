/** Reading the list of failovers: what stands there twice is shown once, what cannot be read is left out. */
import { expect, it } from 'vitest';
import { readFailovers, type StoredFailover } from './failovers.ts';

const row = (more: Partial<StoredFailover> = {}): StoredFailover => ({
  from: 'a:1',
  to: 'b:2',
  term: 5,
  cause: 'does not answer',
  by: 'warden-1',
  asked: true,
  tookMs: 200,
  at: 100_000,
  ...more,
});
const read = (...rows: readonly (Partial<StoredFailover> | string)[]): readonly StoredFailover[] =>
  readFailovers(rows.map((one) => (typeof one === 'string' ? one : JSON.stringify(row(one)))));

it('shows a failover once, as whoever asked for it has it', () => {
  expect(read({ asked: false, by: 'warden-2', at: 101_500 }, {})).toEqual([row()]);
  expect(read({}, {})).toEqual([row()]);
  expect(read({ term: null, asked: false, at: 104_000 }, {})).toEqual([row()]);
});

it('shows others, newest first', () => {
  const back = { from: 'b:2', to: 'a:1', term: 6, at: 200_000 };
  expect(read({}, back).map(({ term }) => term)).toEqual([6, 5]);
  expect(read({ term: null, at: 100_000 }, { term: null, at: 900_000 })).toHaveLength(2);
});

it('leaves out what cannot be read', () => {
  expect(read('no JSON', '3', 'null', '{"from":"a:1"}', {})).toEqual([row()]);
  expect(readFailovers(null)).toEqual([]);
  expect(read('{"from":"a:1","to":"b:2","at":1}')).toEqual([
    { from: 'a:1', to: 'b:2', term: null, cause: '', by: '', asked: false, tookMs: null, at: 1 },
  ]);
});
