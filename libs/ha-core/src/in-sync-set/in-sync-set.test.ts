/** Acknowledged by name, not by count (I1); which record is the newer one. */
import { describe, expect, it } from 'vitest';
import {
  inSyncLevel,
  type InSyncRecord,
  isNewer,
  isPassedOver,
  levelNow,
  mayHaveJoined,
  neededBy,
  primaryRank,
  reachedBy,
} from './in-sync-set.ts';

const seen = [
  { endpoint: 'b', offset: 10 },
  { endpoint: 'c', offset: 12 },
];
const record = (term: number, change: number, writes = 0): InSyncRecord => ({
  term,
  change,
  primary: 'a',
  members: ['b', 'c'],
  writes,
});

it('acknowledges by name, not by count (I1)', () => {
  expect(reachedBy(['b', 'c'], 10, seen)).toBe(true);
  expect(reachedBy(['b', 'c'], 11, seen)).toBe(false);
  expect(reachedBy(['b', 'd'], 10, seen)).toBe(false);
});

it('acknowledges nothing with an empty set', () => {
  expect(reachedBy([], 0, seen)).toBe(false);
});

it('needs every member but the primary itself, and nobody may acknowledge by the record of another', () => {
  expect(neededBy(record(1, 0), 'a')).toEqual(['b', 'c']);
  expect(neededBy({ ...record(1, 0), primary: 'b' }, 'b')).toEqual(['c']);
  expect(neededBy(record(1, 0), 'b')).toEqual([]);
});

describe('of two records', () => {
  it.each([
    ['the later term is newer, whatever else', record(2, 0, 1), record(1, 9, 99), true],
    ['then the later change', record(2, 1, 1), record(2, 0, 99), true],
    ['then the one with more rounds', record(2, 1, 2), record(2, 1, 1), true],
    ['and equal ones are not newer', record(2, 1, 2), record(2, 1, 2), false],
  ])('%s', (_, one, other, newer) => {
    expect(isNewer(one, other)).toBe(newer);
  });
});

it('ranks a promoted node above the old primary and below whoever has claimed since', () => {
  expect(primaryRank(record(4, 0), 'b')).toBeGreaterThan(primaryRank(record(4, 7), 'a'));
  expect(primaryRank({ ...record(5, 0), primary: 'b' }, 'b')).toBeGreaterThan(primaryRank(record(4, 0), 'c'));
});

describe('a node that calls itself primary', () => {
  it.each([
    [
      'that has claimed, and of whom nothing later is known, is not passed over',
      record(2, 1),
      'a',
      record(2, 1),
      false,
    ],
    ['that was promoted as a member is not', record(2, 1), 'b', record(2, 1), false],
    ['that was promoted as no member is', record(2, 1), 'd', undefined, true],
    [
      'that had left the set before the command came is',
      record(2, 1),
      'b',
      { ...record(2, 2), members: ['c'] },
      true,
    ],
    [
      'whose term is over is, though it was its primary',
      record(2, 1),
      'a',
      { ...record(3, 0), primary: 'b', members: ['c'] },
      true,
    ],
    [
      'that has no record yet is not: the first start',
      { ...record(0, 0), primary: '' },
      'd',
      undefined,
      false,
    ],
  ] as [string, InSyncRecord, string, InSyncRecord | undefined, boolean][])(
    '%s',
    (_, its, name, known, over) => {
      expect(isPassedOver(its, name, known)).toBe(over);
    },
  );
});

it('tells how safe writes are', () => {
  expect([2, 1, 0].map((needed) => inSyncLevel(needed, 3))).toEqual(['full', 'degraded', 'none']);
});

it('tells that nothing is acknowledged while a member is not connected', () => {
  expect(levelNow(['b', 'c'], ['b', 'c'], 3)).toBe('full');
  expect(levelNow(['b'], ['b', 'c'], 3)).toBe('degraded');
  expect(levelNow(['b', 'c'], ['c'], 3)).toBe('none');
  expect(levelNow([], ['b', 'c'], 3)).toBe('none');
});

describe('a member may have joined', () => {
  const before = record(2, 3);
  const after = (change: number, members: readonly string[], term = 2): InSyncRecord => ({
    ...record(term, change),
    members,
  });
  it.each([
    ['not while the record stands', after(3, ['b', 'c']), false],
    ['not by the one step that took another out', after(4, ['b']), false],
    ['by a step that leaves the set as it was: it joined again', after(4, ['b', 'c']), true],
    ['by a step that adds one', after(4, ['b', 'c', 'd']), true],
    ['by two steps, one of which took one out', after(5, ['b']), true],
    ['by a claim, with which one may join', after(0, ['b', 'c'], 3), true],
    ['by a claim that happens to bear the next number', after(4, ['b'], 3), true],
  ])('%s', (_, now, joined) => {
    expect(mayHaveJoined(before, now)).toBe(joined);
  });
});
