/** Which node a client takes for older than what it has seen, and when it goes back. */
import {
  type Endpoint,
  type InSyncRecord,
  NodeUnavailable,
  type RedisNodes,
  type RedisReply,
} from '@holdfast/ha-core';
import { describe, expect, it } from 'vitest';
import { createNewestSeen, type NewestSeen } from './newest-seen.ts';

const at = (port: number): Endpoint => ({ host: '127.0.0.1', port });
const name = (port: number): string => `127.0.0.1:${port}`;
const record = (term: number, change: number, primary: number, members: readonly number[]): InSyncRecord => ({
  term,
  change,
  primary: name(primary),
  members: members.map(name),
  writes: 0,
});

type Node = { readonly role: RedisReply; readonly record: InSyncRecord };

/** Of three nodes, those that answer ROLE and their record. */
function seen(there: Readonly<Record<number, Node>> = {}): NewestSeen {
  const open: RedisNodes['open'] = (endpoint) => {
    const node = there[endpoint.port];
    if (node === undefined) return Promise.reject(new NodeUnavailable('silent', false));
    const { term, change, primary, members } = node.record;
    const fields = [String(term), String(change), primary, members.join(' '), '0'];
    const run = (): Promise<RedisReply[]> => Promise.resolve([node.role, fields]);
    return Promise.resolve({ endpoint, run, onClosed: () => undefined, close: () => undefined });
  };
  return createNewestSeen({ redis: { open }, nodes: [1, 2, 3].map(at), log: () => undefined });
}

const AS_PRIMARY: RedisReply = ['master', 7, []];
const AS_REPLICA: RedisReply = ['slave', '127.0.0.1', 1, 'connected', 7];

describe('after a primary of term 2', () => {
  it('one of term 1 is older, and one that was promoted from it is not', async () => {
    const newest = seen();
    newest.saw(record(2, 0, 2, [3]), at(2));
    expect(await newest.older(record(1, 5, 1, [2, 3]), at(1))).toBe(
      'it is no member of the set of 127.0.0.1:2 (term 2, change 0)',
    );
    expect(await newest.older(record(1, 5, 1, [2, 3]), at(3))).toContain('it is older (1.5)');
    expect(await newest.older(record(2, 0, 2, [3]), at(3))).toBeUndefined();
    expect(await newest.older(record(2, 0, 2, [3]), at(2))).toBeUndefined();
  });

  it('one that left its set is none, whatever promoted it afterwards', async () => {
    const newest = seen();
    newest.saw(record(2, 1, 2, [1, 3]), at(2));
    expect(await newest.older(record(2, 1, 2, [1, 3]), at(1))).toBeUndefined();
    newest.saw(record(2, 2, 2, [3]), at(2));
    expect(await newest.older(record(2, 1, 2, [1, 3]), at(1))).toContain('it is no member of the set');
  });
});

describe('after a node that was promoted, and that nobody has claimed', () => {
  it.each([
    ['the old primary is older while that node is one', AS_PRIMARY, 'it is older (2) than'],
    ['the old primary is older while nobody knows', undefined, 'it is older (2) than'],
    ['the old primary is the present one when that node follows again', AS_REPLICA, 'the present one'],
  ] as [string, RedisReply | undefined, string][])('%s', async (_, role, said) => {
    const newest = seen(role === undefined ? {} : { 3: { role, record: record(2, 0, 2, [3]) } });
    newest.saw(record(2, 0, 2, [3]), at(2));
    newest.saw(record(2, 0, 2, [3]), at(3));
    expect((await newest.older(record(2, 0, 2, [3]), at(2))) ?? 'the present one').toContain(said);
  });
});

describe('a term that was seen', () => {
  const old = (port: number): Node => ({
    role: port === 1 ? AS_PRIMARY : AS_REPLICA,
    record: record(1, 3, 1, [2, 3]),
  });

  it('is waited for while a node that may have it does not answer', async () => {
    const newest = seen({ 1: old(1), 3: old(3) });
    newest.saw(record(2, 0, 2, [3]), at(2));
    expect(await newest.older(record(1, 3, 1, [2, 3]), at(1))).toContain('term 2');
  });

  it('is not waited for when every node answers and none has it', async () => {
    const newest = seen({ 1: old(1), 2: old(2), 3: old(3) });
    newest.saw(record(2, 0, 2, [3]), at(2));
    expect(await newest.older(record(1, 3, 1, [2, 3]), at(1))).toBeUndefined();
  });

  it('is waited for when a replica has it still', async () => {
    const newest = seen({ 1: old(1), 2: old(2), 3: { role: AS_REPLICA, record: record(2, 0, 2, [3]) } });
    newest.saw(record(2, 0, 2, [3]), at(2));
    expect(await newest.older(record(1, 3, 1, [2, 3]), at(1))).toContain('term 2');
  });
});
