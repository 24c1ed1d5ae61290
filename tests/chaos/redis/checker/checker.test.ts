/** The checker can fail: each kind of broken promise is planted once, and found. */
import { describe, expect, it } from 'vitest';
import { countFailovers, longestGap, outages, wrongFailover } from '../measures.ts';
import type { Outcome, Told } from '../writers/record.ts';
import { differences, type Held, isBroken, judge } from './checker.ts';

const told = (id: string, outcome: Outcome, sentMs = 0, toldMs = sentMs + 1): Told => ({
  writer: 'writer-1',
  account: 'run-1',
  id,
  sentMs,
  toldMs,
  outcome,
  detail: '',
});

const held = (ids: readonly string[], node = 'redis-1'): Held => ({
  node,
  entries: ids.map((id) => ({ id, magic: `m-${id}` })),
  signals: new Map(ids.map((id) => [`m-${id}`, { id, digest: `d-${id}` }])),
});

describe('judge', () => {
  it('is content when what was acknowledged is there once, and what is unknown is there or not', () => {
    const verdict = judge(
      [told('a', 'acknowledged'), told('b', 'unknown'), told('c', 'unknown'), told('d', 'not_stored')],
      held(['a', 'b']),
    );
    expect(verdict).toMatchObject({ acknowledged: 1, unknown: 2, notStored: 1, lost: [] });
    expect(isBroken(verdict)).toBe(false);
  });

  it('finds a lost, a doubled and a falsely refused signal', () => {
    expect(judge([told('a', 'acknowledged')], held([])).lost).toEqual(['a']);
    expect(judge([told('a', 'acknowledged')], held(['a', 'a'])).doubled).toEqual(['a']);
    expect(judge([told('a', 'not_stored')], held(['a'])).againstWord).toEqual(['a']);
  });

  it('finds an entry without its key, a key of another, and what nobody wrote', () => {
    const entryAlone = { ...held(['a']), signals: new Map() };
    expect(judge([told('a', 'unknown')], entryAlone).other).toEqual(['a is in the stream alone']);
    const foreign = { ...held(['a']), signals: new Map([['m-a', { id: 'b', digest: '' }]]) };
    expect(judge([told('a', 'unknown'), told('b', 'unknown')], foreign).other).toContain(
      'the entry of a names m-a, where b is',
    );
    expect(judge([], held(['a'])).other).toEqual(['a is there and nobody wrote it']);
    expect(judge([told('a', 'wrong')], held([])).other).toHaveLength(1);
  });

  it('finds nodes that hold different data', () => {
    expect(differences([held(['a', 'b']), held(['a', 'b'], 'redis-2')])).toEqual([]);
    expect(differences([held(['a', 'b']), held(['a'], 'redis-2')])).toEqual([
      'redis-2 lacks 1 (b) that redis-1 has',
    ]);
    const other = { ...held(['a'], 'redis-2'), signals: new Map([['m-a', { id: 'a', digest: 'x' }]]) };
    expect(differences([held(['a']), other])).toEqual(['redis-2 and redis-1 differ in 1 (a)']);
  });
});

describe('measures', () => {
  it('counts an outage to the first acknowledgement of a write that began after the fault', () => {
    const rows = [
      told('before', 'acknowledged', 5, 20),
      told('unknown', 'unknown', 11, 12),
      told('first', 'acknowledged', 12, 40),
      { ...told('other', 'acknowledged', 15, 90), writer: 'writer-2' },
    ];
    expect(outages(rows, { beganMs: 10, doneMs: 11 }, ['writer-1', 'writer-2'])).toEqual({
      first: 30,
      slowest: 80,
    });
    expect(outages(rows, { beganMs: 50, doneMs: 50 }, ['writer-1'])).toEqual({
      first: undefined,
      slowest: undefined,
    });
    expect(longestGap(rows, 10, 100)).toBe(50);
  });

  it('counts changes of primary by the Sentinel that saw most', () => {
    const line = (from: string) => ({ from, text: '# +switch-master mymaster a 1 b 2' });
    expect(countFailovers([line('sentinel-1'), line('sentinel-2'), line('sentinel-2')])).toBe(2);
    expect(wrongFailover('must', 0, 1)).toBeDefined();
    expect(wrongFailover('must', 2, 1)).toBeDefined();
    expect(wrongFailover('must not', 1, 1)).toBeDefined();
    expect(wrongFailover('may', 2, 1)).toBeUndefined();
    expect(wrongFailover('must', 1, 1)).toBeUndefined();
  });
});
