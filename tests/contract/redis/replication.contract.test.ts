/** What an acknowledgement is built on: WAIT, ROLE and min-replicas, on the simulated Redis and on the real one. */
import { type Command, RedisError, type RedisNode, type RedisReply } from '@holdfast/ha-core';
import { afterEach, describe, expect, test } from 'vitest';
import { openAt, type RedisSide, SIDES } from './redis-side.ts';

describe.each(SIDES)('replication, %s', (_, start) => {
  let side: RedisSide | undefined;
  afterEach(async () => {
    side?.resume(0);
    await side?.stop();
    side = undefined;
  });

  const begin = async (settings?: Readonly<Record<string, string>>): Promise<RedisSide> => {
    side = await start(settings);
    return side;
  };
  const run = (
    on: RedisSide,
    node: RedisNode,
    commands: readonly Command[],
    deadlineMs = 4000,
  ): Promise<RedisReply[]> => on.drive(node.run(commands, deadlineMs));

  /** Asks again until the reply is as wanted; the last reply. A busy machine takes its time to see a broken connection. */
  const reply = async (
    on: RedisSide,
    node: RedisNode,
    command: Command,
    wanted: (reply: RedisReply) => boolean,
  ): Promise<RedisReply> => {
    const endMs = on.nowMs() + 5000;
    for (;;) {
      const [last = null] = await run(on, node, [command]);
      if (wanted(last) || on.nowMs() > endMs) return last;
      await on.pause(20);
    }
  };

  test('WAIT counts what replicas have confirmed, and a frozen one does not count', async () => {
    const on = await begin();
    const node = await openAt(on, 0);
    expect(
      await run(on, node, [
        ['SET', 'a', '1'],
        ['WAIT', '2', '1000'],
      ]),
    ).toEqual(['OK', 2]);
    on.freeze(2);
    const before = on.nowMs();
    const [, waited, role] = await run(on, node, [['SET', 'a', '2'], ['WAIT', '2', '300'], ['ROLE']]);
    expect(waited).toBe(1);
    expect(on.nowMs() - before).toBeGreaterThanOrEqual(290);
    const offsets = ((role as RedisReply[])[2] as [string, string, string][]).map(([, , offset]) =>
      Number(offset),
    );
    expect(new Set(offsets).size).toBe(2);
    const [, again] = await run(on, node, [
      ['SET', 'a', '3'],
      ['WAIT', '1', '1000'],
    ]);
    expect(again).toBe(1);
    on.resume(2);
    expect(
      await run(on, node, [
        ['SET', 'a', '4'],
        ['WAIT', '2', '2000'],
      ]),
    ).toEqual(['OK', 2]);
  });

  test('WAIT on a connection that has executed nothing proves nothing: it counts the replicas at once', async () => {
    const on = await begin();
    const writer = await openAt(on, 0);
    const fresh = await openAt(on, 0);
    await run(on, writer, [['WAIT', '2', '1000']]);
    on.freeze(1);
    on.freeze(2);
    await run(on, writer, [['SET', 'b', '1']]);
    const before = on.nowMs();
    expect(await run(on, fresh, [['WAIT', '2', '300']])).toEqual([2]);
    expect(on.nowMs() - before).toBeLessThan(200);
    on.resume(1);
    on.resume(2);
  });

  test('WAIT after a read covers what was written until then up to Redis 7; on Redis 8 it proves nothing', async () => {
    const on = await begin();
    const writer = await openAt(on, 0);
    const reader = await openAt(on, 0);
    // Even a connection that has written before: its WAIT is for that alone.
    await run(on, reader, [
      ['SET', 'c', '0'],
      ['WAIT', '2', '1000'],
    ]);
    on.freeze(1);
    on.freeze(2);
    await run(on, writer, [['SET', 'c', '1']]);
    const before = on.nowMs();
    const replies = await run(on, reader, [['MULTI'], ['GET', 'c'], ['EXEC'], ['WAIT', '2', '500']]);
    const proves = on.major < 8;
    expect(replies.slice(2)).toEqual([['1'], proves ? 0 : 2]);
    // Measured on 8.0.2: it comes back within a millisecond.
    expect(on.nowMs() - before > 400).toBe(proves);
    on.resume(1);
    on.resume(2);
  });

  test('WAIT after a write covers what others wrote before it, on every version', async () => {
    const on = await begin();
    const writer = await openAt(on, 0);
    const other = await openAt(on, 0);
    on.freeze(1);
    on.freeze(2);
    await run(on, writer, [['SET', 'c', '1']]);
    const replies = await run(on, other, [
      ['MULTI'],
      ['GET', 'c'],
      ['HINCRBY', 'c:count', 'n', '1'],
      ['EXEC'],
      ['WAIT', '2', '200'],
    ]);
    expect(replies.slice(3)).toEqual([['1', 1], 0]);
    on.resume(1);
    on.resume(2);
  });

  test('a frozen primary answers nothing in time, and goes on with what it was sent', async () => {
    const on = await begin();
    const node = await openAt(on, 0);
    on.freeze(0);
    const outcome = await on.drive(
      node.run([['SET', 'd', '1']], 200).then(
        () => 'answered',
        (error: unknown) => (error as { sent: boolean }).sent,
      ),
    );
    expect(outcome).toBe(true);
    on.resume(0);
    await on.pause(100);
    expect(await run(on, await openAt(on, 0), [['GET', 'd']])).toEqual(['1']);
  });

  test('a killed replica leaves ROLE, a killed primary leaves its replicas disconnected', async () => {
    const on = await begin();
    const node = await openAt(on, 0);
    await on.drive(on.kill(2));
    const listed = (role: RedisReply): RedisReply[] => (role as RedisReply[])[2] as RedisReply[];
    const role = await reply(on, node, ['ROLE'], (said) => listed(said).length < 2);
    expect(listed(role)).toHaveLength(1);
    const replica = await openAt(on, 1);
    await on.drive(on.kill(0));
    const alone = await reply(on, replica, ['ROLE'], (said) => (said as RedisReply[])[3] !== 'connected');
    expect((alone as RedisReply[])[0]).toBe('slave');
    expect((alone as RedisReply[])[3]).not.toBe('connected');
    await on.drive(new Promise<void>((resolve) => node.onClosed(() => resolve())));
    await expect(on.drive(node.run([['PING']], 500))).rejects.toMatchObject({
      name: 'NodeUnavailable',
      sent: false,
    });
  });

  test('a promoted replica has the data and takes writes; the other follows it', async () => {
    const on = await begin();
    const node = await openAt(on, 0);
    await run(on, node, [
      ['SET', 'e', '1'],
      ['WAIT', '2', '1000'],
    ]);
    await on.drive(on.kill(0));
    const [second, third] = [await openAt(on, 1), await openAt(on, 2)];
    expect(await run(on, second, [['REPLICAOF', 'NO', 'ONE']])).toEqual(['OK']);
    const primary = on.endpoints[1];
    expect(await run(on, third, [['REPLICAOF', String(primary?.host), String(primary?.port)]])).toEqual([
      'OK',
    ]);
    await reply(on, third, ['ROLE'], (said) => (said as RedisReply[])[3] === 'connected');
    const replies = await run(on, second, [
      ['GET', 'e'],
      ['SET', 'f', '2'],
      ['WAIT', '1', '2000'],
    ]);
    expect(replies).toEqual(['1', 'OK', 1]);
    expect(await run(on, third, [['GET', 'f']])).toEqual(['2']);
  });

  test('demotion ends a WAIT under way with an error, and the connection', async () => {
    const on = await begin();
    const waiting = await openAt(on, 0);
    const other = await openAt(on, 0);
    on.freeze(1);
    on.freeze(2);
    const wait = waiting.run(
      [
        ['SET', 'g', '1'],
        ['WAIT', '2', '3000'],
      ],
      4000,
    );
    await on.pause(100);
    const replica = on.endpoints[1];
    await run(on, other, [['REPLICAOF', String(replica?.host), String(replica?.port)]]);
    const outcome = await on.drive(
      wait.then(
        (replies) => String(replies[1]),
        (error: unknown) => String(error),
      ),
    );
    expect(outcome).toMatch(/UNBLOCKED|closed/);
    on.resume(1);
    on.resume(2);
  });

  test('with min-replicas-to-write a primary without a live replica refuses writes', async () => {
    const on = await begin({ 'min-replicas-to-write': '1', 'min-replicas-max-lag': '1' });
    const node = await openAt(on, 0);
    expect(await run(on, node, [['SET', 'h', '1']])).toEqual(['OK']);
    await on.drive(on.kill(1));
    await on.drive(on.kill(2));
    await on.pause(1200);
    const replies = await run(on, node, [
      ['SET', 'h', '2'],
      ['FCALL', 'hf_mark', '1', 'marks', 'me', '1'],
      ['GET', 'h'],
      ['MULTI'],
      ['SET', 'h', '3'],
      ['EXEC'],
    ]);
    const codes = replies.map((reply) => (reply instanceof RedisError ? reply.code : reply));
    expect(codes).toEqual(['NOREPLICAS', 'NOREPLICAS', '1', 'OK', 'NOREPLICAS', 'EXECABORT']);
  });

  test('that can be taken back for one write', async () => {
    const on = await begin({ 'min-replicas-to-write': '1', 'min-replicas-max-lag': '1' });
    const node = await openAt(on, 0);
    await on.drive(on.kill(1));
    await on.drive(on.kill(2));
    await on.pause(1200);
    const replies = await run(on, node, [
      ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
      ['SET', 'h', '2'],
      ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
      ['GET', 'h'],
      ['SET', 'h', '3'],
    ]);
    expect(replies.slice(0, 4)).toEqual(['OK', 'OK', 'OK', '2']);
    expect(replies[4]).toMatchObject({ code: 'NOREPLICAS' });
  });
});
