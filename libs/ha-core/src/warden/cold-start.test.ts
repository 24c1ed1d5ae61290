/** Who becomes primary when no node is: by the data, and only when nobody who is missing can hold more. */
import { expect, it } from 'vitest';
import { type InSyncRecord, NO_RECORD } from '../in-sync-set/in-sync-set.ts';
import { decideColdStart } from './cold-start.ts';

const NODES = ['a', 'b', 'c'];
const record = (primary: string, members: string[], term: number, writes: number): InSyncRecord => ({
  term,
  change: 0,
  primary,
  members,
  writes,
});
const at = (endpoint: string, its: InSyncRecord) => ({ endpoint, record: its });

it('starts the node whose data is the newest, not the one that Sentinels name', () => {
  const there = [
    at('a', record('a', ['b', 'c'], 1, 50)),
    at('b', record('b', ['c'], 2, 40)),
    at('c', record('b', ['c'], 2, 39)),
  ];
  expect(decideColdStart(NODES, there, 'a')).toMatchObject({ is: 'start', endpoint: 'b' });
});

it('takes the named one among equals', () => {
  const same = record('a', ['b', 'c'], 1, 50);
  expect(
    decideColdStart(
      NODES,
      NODES.map((node) => at(node, same)),
      'c',
    ),
  ).toMatchObject({ endpoint: 'c' });
});

it('starts without one node: what was acknowledged is on two at least', () => {
  const there = [at('a', record('a', ['b', 'c'], 1, 50)), at('b', record('a', ['b', 'c'], 1, 51))];
  expect(decideColdStart(NODES, there, 'a')).toMatchObject({ is: 'start', endpoint: 'b' });
});

it('waits for two that are missing, or came back empty, when one of them may hold more', () => {
  const alone = at('a', record('a', ['b'], 1, 50));
  expect(decideColdStart(NODES, [alone], 'a')).toMatchObject({ is: 'wait', missing: ['b'] });
  expect(decideColdStart(NODES, [alone, at('b', NO_RECORD)], 'a')).toMatchObject({
    is: 'wait',
    missing: ['b'],
  });
});

it('makes a first start only with all nodes there', () => {
  expect(decideColdStart(NODES, [at('a', NO_RECORD), at('b', NO_RECORD)], 'a')).toMatchObject({
    is: 'wait',
    missing: ['c'],
  });
  expect(
    decideColdStart(
      NODES,
      NODES.map((node) => at(node, NO_RECORD)),
      'b',
    ),
  ).toMatchObject({ is: 'start', endpoint: 'b' });
});
