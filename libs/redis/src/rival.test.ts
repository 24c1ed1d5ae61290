/** A newer primary is one that says so and whose record is later; an old one that came back is none. */
import { type Endpoint, NodeUnavailable, type RedisNodes, type RedisReply } from '@holdfast/ha-core';
import { describe, expect, it } from 'vitest';
import { newerRank } from './rival.ts';

const other: Endpoint = { host: '127.0.0.1', port: 2 };

/** A node that answers ROLE and its record; without a role it is gone. */
function answering(role: RedisReply | undefined, term: string, speaksFor: string): RedisNodes {
  return {
    open: (endpoint) =>
      role === undefined
        ? Promise.reject(new NodeUnavailable('gone', false))
        : Promise.resolve({
            endpoint,
            run: () => Promise.resolve([role, [term, '0', speaksFor, '', '0']]),
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
      expect((await newerRank(answering(role, term, speaksFor), other, 4)) !== undefined).toBe(newer);
    },
  );
});
