/** The port RedisNode: one suite of its semantics, on the simulated Redis and on the real one. */
import {
  type Command,
  NodeUnavailable,
  RedisError,
  type RedisNode,
  type RedisReply,
} from '@holdfast/ha-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openAt, type RedisSide, SIDES } from './redis-side.ts';

describe.each(SIDES)('RedisNode, %s', (_, start) => {
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
  /** What a promise is rejected with. */
  const failure = (promise: Promise<unknown>): Promise<unknown> =>
    side.drive(
      promise.then(
        (value) => ({ settled: value }),
        (error: unknown) => error,
      ),
    );
  const code = (reply: RedisReply | undefined): string =>
    reply instanceof RedisError ? reply.code : `no error: ${String(reply)}`;

  describe('a pipeline', () => {
    test('runs in order and has one reply per command', async () => {
      const node = await open();
      const replies = await run(node, [
        ['SET', 'p:order', 'a'],
        ['GET', 'p:order'],
        ['SET', 'p:order', 'b'],
        ['GET', 'p:order'],
        ['GET', 'p:missing'],
      ]);
      expect(replies).toEqual(['OK', 'a', 'OK', 'b', null]);
    });

    test('has error replies as values, and what follows runs all the same', async () => {
      const node = await open();
      const replies = await run(node, [
        ['SET', 'p:kind', 'text'],
        ['HGET', 'p:kind', 'field'],
        ['NOSUCHCOMMAND', 'x'],
        ['GET'],
        ['GET', 'p:kind'],
      ]);
      expect(replies[0]).toBe('OK');
      expect(code(replies[1])).toBe('WRONGTYPE');
      expect(code(replies[2])).toBe('ERR');
      expect(String(replies[2])).toContain("unknown command 'NOSUCHCOMMAND'");
      expect(String(replies[3])).toContain("wrong number of arguments for 'get' command");
      expect(replies[4]).toBe('text');
    });

    test('keeps the order of runs that are under way together', async () => {
      const node = await open();
      const runs = [
        node.run([['HINCRBY', 'p:count', 'n', '1']], 2000),
        node.run([['HINCRBY', 'p:count', 'n', '1']], 2000),
        node.run([['HINCRBY', 'p:count', 'n', '1']], 2000),
      ];
      expect(await side.drive(Promise.all(runs))).toEqual([[1], [2], [3]]);
    });
  });

  describe('a transaction', () => {
    test('answers QUEUED and then all replies at once, errors among them', async () => {
      const node = await open();
      const replies = await run(node, [
        ['MULTI'],
        ['SET', 't:a', '1'],
        ['HGET', 't:a', 'x'],
        ['GET', 't:a'],
        ['EXEC'],
      ]);
      expect(replies.slice(0, 4)).toEqual(['OK', 'QUEUED', 'QUEUED', 'QUEUED']);
      const executed = replies[4] as RedisReply[];
      expect(executed[0]).toBe('OK');
      expect(code(executed[1])).toBe('WRONGTYPE');
      expect(executed[2]).toBe('1');
    });

    test('is refused as a whole when a command cannot be queued', async () => {
      const node = await open();
      const replies = await run(node, [
        ['MULTI'],
        ['SET', 't:b', '1'],
        ['NOSUCHCOMMAND'],
        ['EXEC'],
        ['GET', 't:b'],
      ]);
      expect(code(replies[2])).toBe('ERR');
      expect(code(replies[3])).toBe('EXECABORT');
      expect(replies[4]).toBeNull();
    });

    test('wakes a blocked reader once, with all its entries', async () => {
      const reader = await open();
      const writer = await open();
      const reading = reader.run([['XREAD', 'BLOCK', '1500', 'STREAMS', 't:stream', '0-0']], 2000);
      await side.pause(50);
      await run(writer, [
        ['MULTI'],
        ['XADD', 't:stream', '1-0', 'n', '1'],
        ['XADD', 't:stream', '2-0', 'n', '2'],
        ['EXEC'],
      ]);
      expect(await side.drive(reading)).toEqual([
        [
          [
            't:stream',
            [
              ['1-0', ['n', '1']],
              ['2-0', ['n', '2']],
            ],
          ],
        ],
      ]);
    });

    test('does not let WAIT block', async () => {
      const node = await open();
      const before = side.nowMs();
      const replies = await run(node, [['MULTI'], ['WAIT', '9', '1000'], ['EXEC']]);
      expect((replies[2] as RedisReply[]).map((part) => typeof part)).toEqual(['number']);
      expect(side.nowMs() - before).toBeLessThan(900);
    });
  });

  describe('deadlines and closing', () => {
    test('a run past its deadline is rejected as sent, and closes the connection', async () => {
      const node = await open();
      const reasons: string[] = [];
      node.onClosed((reason) => reasons.push(reason));
      const error = await failure(node.run([['XREAD', 'BLOCK', '5000', 'STREAMS', 'd:none', '$']], 100));
      expect(error).toBeInstanceOf(NodeUnavailable);
      expect((error as NodeUnavailable).sent).toBe(true);
      await side.pause(20);
      expect(reasons).toHaveLength(1);
      const after = await failure(node.run([['PING']], 1000));
      expect(after).toBeInstanceOf(NodeUnavailable);
      expect((after as NodeUnavailable).sent).toBe(false);
    });

    test('one that does not answer in time is closed at that moment, with the reason', async () => {
      const node = await open();
      const reasons: string[] = [];
      node.onClosed((reason) => reasons.push(reason));
      const block: Command = ['XREAD', 'BLOCK', '5000', 'STREAMS', 'd:none', '$'];
      const [first, second] = [failure(node.run([block], 150)), failure(node.run([['PING']], 5000))];
      expect(await first).toBeInstanceOf(NodeUnavailable);
      expect(reasons).toEqual(['no answer within 150 ms']);
      // What waits behind it does not wait for its own deadline.
      expect(String(await second)).toContain('no answer within 150 ms');
      expect(String(await failure(node.run([['PING']], 1000)))).toContain('connection closed');
    });

    test('closed stays closed; listeners are told once, late ones too', async () => {
      const node = await open();
      let early = 0;
      let late = 0;
      node.onClosed(() => (early += 1));
      node.close();
      node.close();
      await side.pause(20);
      node.onClosed(() => (late += 1));
      await side.pause(20);
      expect([early, late]).toEqual([1, 1]);
      const error = await failure(node.run([['SET', 'd:closed', '1']], 1000));
      expect((error as NodeUnavailable).sent).toBe(false);
      expect(await run(await open(), [['GET', 'd:closed']])).toEqual([null]);
    });

    test('closing rejects what is under way as sent', async () => {
      const node = await open();
      const reading = node.run([['XREAD', 'BLOCK', '5000', 'STREAMS', 'd:none', '$']], 4000);
      const failed = failure(reading);
      node.close();
      expect(await side.drive(failed)).toMatchObject({ name: 'NodeUnavailable', sent: true });
    });

    test('what was under way when the connection was lost is not sent again', async () => {
      const node = await open();
      const other = await open();
      const lost = failure(
        node.run(
          [
            ['XREAD', 'BLOCK', '100', 'STREAMS', 'd:none', '$'],
            ['HINCRBY', 'd:again', 'n', '1'],
          ],
          3000,
        ),
      );
      await side.pause(30);
      await run(other, [['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']]);
      expect(await side.drive(lost)).toMatchObject({ name: 'NodeUnavailable', sent: true });
      // Longer than a library would need to connect, block and write once more.
      await side.pause(400);
      expect(await run(await open(), [['HGET', 'd:again', 'n']])).toEqual([null]);
    });

    test('opening where nothing listens is rejected, not sent', async () => {
      const error = await failure(side.nodes.open({ host: '127.0.0.1', port: 1 }, 1000));
      expect(error).toMatchObject({ name: 'NodeUnavailable', sent: false });
    });
  });

  describe('what a node says of itself', () => {
    test('ROLE of the primary names its replicas and their offsets', async () => {
      const node = await open();
      const [written, role, waited, after] = await run(node, [
        ['SET', 'r:a', '1'],
        ['ROLE'],
        ['WAIT', '2', '1000'],
        ['ROLE'],
      ]);
      expect([written, waited]).toEqual(['OK', 2]);
      const [kind, offset, replicas] = role as [string, number, RedisReply[]];
      expect(kind).toBe('master');
      expect(replicas).toHaveLength(2);
      const seen = (after as RedisReply[])[2] as [string, string, string][];
      expect(seen.map(([host, port]) => `${host}:${port}`).sort()).toEqual(
        side.endpoints
          .slice(1)
          .map(({ host, port }) => `${host}:${port}`)
          .sort(),
      );
      for (const [, , reached] of seen) expect(Number(reached)).toBeGreaterThanOrEqual(offset);
    });

    test('ROLE of a replica names its primary', async () => {
      const node = await open(1);
      const [role] = await run(node, [['ROLE']]);
      expect((role as RedisReply[]).slice(0, 4)).toEqual([
        'slave',
        side.endpoints[0]?.host,
        side.endpoints[0]?.port,
        'connected',
      ]);
    });

    test('a replica reads, refuses writes and WAIT', async () => {
      await run(await open(), [
        ['SET', 'r:read', 'x'],
        ['WAIT', '2', '1000'],
      ]);
      const node = await open(2);
      const replies = await run(node, [
        ['GET', 'r:read'],
        ['SET', 'r:b', '1'],
        ['FCALL', 'hf_mark', '1', 'hf:{r}:marks', 'me', '1'],
        ['WAIT', '1', '10'],
      ]);
      expect(replies[0]).toBe('x');
      expect(replies.slice(1).map(code)).toEqual(['READONLY', 'READONLY', 'ERR']);
    });

    test('INFO has memory and replication', async () => {
      const [memory, replication] = await run(await open(), [
        ['INFO', 'memory'],
        ['INFO', 'replication'],
      ]);
      expect(String(memory)).toMatch(/^used_memory:\d+\r?$/m);
      expect(String(memory)).toMatch(/^maxmemory:0\r?$/m);
      expect(String(replication)).toMatch(/^role:master\r?$/m);
      expect(String(replication)).toMatch(/^connected_slaves:2\r?$/m);
      const [own] = await run(await open(1), [['INFO', 'replication']]);
      for (const line of [
        'role:slave',
        'master_link_status:up',
        `master_port:${side.endpoints[0]?.port}`,
        'slave_priority:100',
      ]) {
        expect(String(own).split('\r\n')).toContain(line);
      }
      expect(String(own)).toMatch(/^slave_repl_offset:[1-9]\d*\r?$/m);
    });

    test('PING, TIME, CONFIG GET', async () => {
      const [ping, time, config, none] = await run(await open(), [
        ['PING'],
        ['TIME'],
        ['CONFIG', 'GET', 'appendfsync'],
        ['CONFIG', 'GET', 'no-such-setting'],
      ]);
      expect(ping).toBe('PONG');
      expect((time as string[]).map((part) => /^\d+$/.test(part))).toEqual([true, true]);
      expect(config).toEqual(['appendfsync', 'always']);
      expect(none).toEqual([]);
    });
  });
});
