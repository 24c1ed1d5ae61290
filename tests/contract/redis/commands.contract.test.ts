/** The commands that Holdfast uses, on the simulated Redis and on the real one. */
import { type Command, RedisError, type RedisNode, type RedisReply } from '@holdfast/ha-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openAt, type RedisSide, SIDES } from './redis-side.ts';

describe.each(SIDES)('commands, %s', (_, start) => {
  let side: RedisSide;
  const opened: RedisNode[] = [];
  beforeAll(async () => {
    side = await start();
  });
  afterAll(() => side.stop());
  afterEach(() => {
    for (const node of opened.splice(0)) node.close();
  });

  const open = async (index = 0): Promise<RedisNode> => {
    const node = await openAt(side, index);
    opened.push(node);
    return node;
  };
  const run = (node: RedisNode, commands: readonly Command[], deadlineMs = 2000): Promise<RedisReply[]> =>
    side.drive(node.run(commands, deadlineMs));
  const code = (reply: RedisReply | undefined): string =>
    reply instanceof RedisError ? reply.code : `no error: ${String(reply)}`;

  describe('streams', () => {
    test('take explicit ids only above the last one, also after its entry was removed', async () => {
      const node = await open();
      const replies = await run(node, [
        ['XADD', 's:ids', '5-0', 'a', '1'],
        ['XADD', 's:ids', '5-0', 'a', '2'],
        ['XADD', 's:ids', '4-7', 'a', '2'],
        ['XDEL', 's:ids', '5-0'],
        ['XADD', 's:ids', '5-0', 'a', '3'],
        ['XADD', 's:ids', '5-1', 'a', '4'],
        ['XLEN', 's:ids'],
        ['XADD', 's:ids', '0-0', 'a', '5'],
      ]);
      expect([replies[0], replies[3], replies[5], replies[6]]).toEqual(['5-0', 1, '5-1', 1]);
      for (const index of [1, 2, 4, 7]) expect(code(replies[index])).toBe('ERR');
    });

    test('are read by range, backwards, by count and after an id', async () => {
      const node = await open();
      const id = (n: number): RedisReply => [`${n}-0`, ['n', String(n)]];
      const replies = await run(node, [
        ...[1, 2, 3, 4].map((n): Command => ['XADD', 's:range', `${n}-0`, 'n', String(n)]),
        ['XRANGE', 's:range', '-', '+'],
        ['XRANGE', 's:range', '2-0', '3'],
        ['XRANGE', 's:range', '(2-0', '+', 'COUNT', '1'],
        ['XREVRANGE', 's:range', '+', '-', 'COUNT', '2'],
        ['XREAD', 'COUNT', '2', 'STREAMS', 's:range', '1-0'],
        ['XREAD', 'STREAMS', 's:range', '4-0'],
        ['XRANGE', 's:nothing', '-', '+'],
        ['XREAD', 'STREAMS', 's:nothing', '0-0'],
      ]);
      expect(replies.slice(4)).toEqual([
        [id(1), id(2), id(3), id(4)],
        [id(2), id(3)],
        [id(3)],
        [id(4), id(3)],
        [['s:range', [id(2), id(3)]]],
        null,
        [],
        null,
      ]);
    });

    test('a blocked read comes back empty after its time, and delays what follows it', async () => {
      const node = await open();
      const before = side.nowMs();
      const replies = await run(node, [['XREAD', 'BLOCK', '120', 'STREAMS', 's:empty', '$'], ['PING']]);
      expect(replies).toEqual([null, 'PONG']);
      expect(side.nowMs() - before).toBeGreaterThanOrEqual(100);
    });
  });

  describe('hashes and sorted sets', () => {
    test('answer as Redis does', async () => {
      const node = await open();
      const replies = await run(node, [
        ['HSET', 'h:a', 'x', '1', 'y', '2'],
        ['HSET', 'h:a', 'x', '3'],
        ['HSETNX', 'h:a', 'x', '4'],
        ['HSETNX', 'h:a', 'z', '5'],
        ['HMGET', 'h:a', 'x', 'none', 'z'],
        ['HGETALL', 'h:a'],
        ['HVALS', 'h:a'],
        ['HLEN', 'h:a'],
        ['HDEL', 'h:a', 'x', 'none'],
        ['HINCRBY', 'h:a', 'y', '40'],
        ['HINCRBY', 'h:a', 'fresh', '-1'],
        ['HGETALL', 'h:none'],
        ['HMGET', 'h:none', 'a'],
        ['HEXISTS', 'h:a', 'z'],
      ]);
      expect(replies).toEqual([
        2,
        0,
        0,
        1,
        ['3', null, '5'],
        ['x', '3', 'y', '2', 'z', '5'],
        ['3', '2', '5'],
        3,
        1,
        42,
        -1,
        [],
        [null],
        1,
      ]);
      const zset = await run(node, [
        ['ZADD', 'z:a', 'NX', '2', 'two', '1', 'one'],
        ['ZADD', 'z:a', 'NX', '9', 'two'],
        ['ZRANGE', 'z:a', '0', '-1', 'WITHSCORES'],
        ['ZSCORE', 'z:a', 'two'],
        ['ZCARD', 'z:a'],
      ]);
      expect(zset).toEqual([2, 0, ['one', '1', 'two', '2'], '2', 2]);
    });

    test('HINCRBY refuses what is no number', async () => {
      const node = await open();
      const replies = await run(node, [
        ['HSET', 'h:text', 'a', 'text'],
        ['HINCRBY', 'h:text', 'a', '1'],
        ['HINCRBY', 'h:text', 'b', 'x'],
      ]);
      expect(String(replies[1])).toContain('hash value is not an integer');
      expect(String(replies[2])).toContain('value is not an integer or out of range');
    });
  });
});
