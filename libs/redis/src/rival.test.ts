/** A missing node that calls itself primary is found; one that is a replica, or gone, is not. */
import { type Endpoint, NodeUnavailable, type RedisNodes, type RedisReply } from '@holdfast/ha-core';
import { describe, expect, it } from 'vitest';
import { endpointName } from './role.ts';
import { findRival } from './rival.ts';

const at = (port: number): Endpoint => ({ host: '127.0.0.1', port });
const nodes = [at(1), at(2), at(3)];

/** Nodes that answer ROLE by port; a port without a reply is gone. */
function answering(roles: Readonly<Record<number, RedisReply>>): RedisNodes & { readonly asked: number[] } {
  const asked: number[] = [];
  return {
    asked,
    open: (endpoint) => {
      asked.push(endpoint.port);
      const reply = roles[endpoint.port];
      if (reply === undefined) return Promise.reject(new NodeUnavailable('gone', false));
      return Promise.resolve({
        endpoint,
        run: () => Promise.resolve([reply]),
        onClosed: () => undefined,
        close: () => undefined,
      });
    },
  };
}

const primary: RedisReply = ['master', 7, []];
const replica: RedisReply = ['slave', '127.0.0.1', 1, 'connected', 7];

describe('another primary', () => {
  it.each([
    ['is found among the missing', { 2: primary, 3: replica }, [at(3)], '127.0.0.1:2'],
    ['is none where the missing node follows somebody', { 2: replica }, [at(3)], undefined],
    ['is none where the missing node is gone', {}, [at(3)], undefined],
    ['is found where both are missing', { 3: primary }, [], '127.0.0.1:3'],
  ] as [string, Record<number, RedisReply>, Endpoint[], string | undefined][])(
    '%s',
    async (_, roles, members, expected) => {
      const redis = answering(roles);
      const found = await findRival({ redis, nodes, own: at(1), members: members.map(endpointName) });
      expect(found).toBe(expected);
    },
  );

  it('costs nothing while every node is a replica of ours', async () => {
    const redis = answering({ 2: primary, 3: primary });
    const members = [at(2), at(3)].map(endpointName);
    expect(await findRival({ redis, nodes, own: at(1), members })).toBeUndefined();
    expect(redis.asked).toEqual([]);
  });
});
