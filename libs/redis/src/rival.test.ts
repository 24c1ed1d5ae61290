/** A newer primary is one that says so and whose record is later; an old one that came back is none. */
import {
  type Endpoint,
  type InSyncRecord,
  NodeUnavailable,
  type RedisNodes,
  type RedisReply,
} from '@holdfast/ha-core';
import { describe, expect, it } from 'vitest';
import { newerRecord } from './rival.ts';

const own: Endpoint = { host: '127.0.0.1', port: 1 };
const other: Endpoint = { host: '127.0.0.1', port: 2 };
const third = '127.0.0.1:3';
const record: InSyncRecord = {
  term: 4,
  change: 2,
  primary: '127.0.0.1:1',
  members: ['127.0.0.1:2', third],
  writes: 9,
};

/** A node that answers ROLE and its record; without a role it is gone. */
function answering(role: RedisReply | undefined, term: string, speaksFor: string, change = '2'): RedisNodes {
  return {
    open: (endpoint) =>
      role === undefined
        ? Promise.reject(new NodeUnavailable('gone', false))
        : Promise.resolve({
            endpoint,
            run: () => Promise.resolve([role, [term, change, speaksFor, '127.0.0.1:2', '0']]),
            onClosed: () => undefined,
            close: () => undefined,
          }),
  };
}

const primary: RedisReply = ['master', 7, []];
const replica: RedisReply = ['slave', '127.0.0.1', 1, 'connected', 7];

describe('beside a primary of term 4, another node', () => {
  it.each([
    ['that was promoted and has not claimed yet is newer', primary, '4', '127.0.0.1:1', true],
    ['that has claimed a later term is newer', primary, '5', '127.0.0.1:2', true],
    ['that came back with its own older term is not', primary, '3', '127.0.0.1:2', false],
    ['that follows somebody is not', replica, '4', '127.0.0.1:1', false],
    ['that is gone is not', undefined, '9', '127.0.0.1:2', false],
  ] as [string, RedisReply | undefined, string, string, boolean][])(
    '%s',
    async (_, role, term, speaksFor, newer) => {
      const found = await newerRecord(answering(role, term, speaksFor), other, own, record);
      expect(found !== undefined).toBe(newer);
    },
  );

  it('that had left the set before it was promoted is not', async () => {
    const promoted = answering(primary, '4', '127.0.0.1:1', '1');
    expect(await newerRecord(promoted, other, own, record)).toBeDefined();
    expect(await newerRecord(promoted, other, own, { ...record, members: [third] })).toBeUndefined();
  });
});
