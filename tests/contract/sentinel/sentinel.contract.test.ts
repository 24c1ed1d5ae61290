/**
 * Whom a Sentinel promotes, and by what view: what the in-sync set and the start gate rely on. One suite on the simulated
 * Sentinel and on the real one; its tests follow one another.
 */
import type { Endpoint, RedisReply } from '@holdfast/ha-core';
import { hashOf } from '@holdfast/redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isPrimary, seenBy, type SentinelSide, SIDES, until } from './sentinel-side.ts';

/** It asks nobody anew while a test lasts. */
const NEVER = '600000';
const OFTEN = '200';

describe.each(SIDES)('a Sentinel, %s', (_, start) => {
  let side: SentinelSide;
  beforeAll(async () => {
    side = await start();
  });
  afterAll(() => side?.stop());

  const node = (index: number): Endpoint => side.nodes[index] ?? { host: '', port: 0 };
  const sentinel = (index: number): Endpoint => side.sentinels[index] ?? { host: '', port: 0 };
  const infoEvery = (index: number, ms: string): Promise<RedisReply> =>
    side.ask(sentinel(index), ['SENTINEL', 'DEBUG', 'INFO-PERIOD', ms]);
  const prioritise = (index: number, priority: string): Promise<RedisReply> =>
    side.ask(node(index), ['CONFIG', 'SET', 'replica-priority', priority]);
  const failOver = (index: number): Promise<RedisReply> =>
    side.ask(sentinel(index), ['SENTINEL', 'FAILOVER', side.primaryName]);
  const sees = (index: number, of: number, field: string, value: string): Promise<void> =>
    until(side, `Sentinel ${index} sees ${field} ${value} of node ${of}`, async () => {
      const row = await seenBy(side, sentinel(index), node(of));
      return row[field] === value;
    });

  test('promotes nobody whose priority is 0', async () => {
    for (const index of [0, 1]) {
      await infoEvery(index, OFTEN);
      for (const of of [1, 2]) await sees(index, of, 'slave-priority', '0');
      expect(String(await failOver(index))).toContain('NOGOODSLAVE');
    }
  });

  test('goes by its own last INFO, whatever another one has heard since', async () => {
    await infoEvery(1, NEVER);
    expect(await prioritise(2, '100')).toBe('OK');
    await sees(0, 2, 'slave-priority', '100');
    expect((await seenBy(side, sentinel(1), node(2)))['slave-priority']).toBe('0');
    expect(String(await failOver(1))).toContain('NOGOODSLAVE');
  });

  test('knows an offset only from there, too', async () => {
    const before = (await seenBy(side, sentinel(1), node(2)))['slave-repl-offset'];
    // A replica's offset grows by the pings of its primary.
    await side.pause(2500);
    const row = await seenBy(side, sentinel(1), node(2));
    expect(row['slave-repl-offset']).toBe(before);
    const [, , , , offset] = (await side.ask(node(2), ['ROLE'])) as readonly RedisReply[];
    expect(Number(offset)).toBeGreaterThan(Number(before));
  });

  test('takes another down-after time, and sees nobody as down before it', async () => {
    const set = (ms: string): Promise<RedisReply> =>
      side.ask(sentinel(0), ['SENTINEL', 'SET', side.primaryName, 'down-after-milliseconds', ms]);
    const told = async (): Promise<string | undefined> =>
      hashOf(await side.ask(sentinel(0), ['SENTINEL', 'MASTER', side.primaryName]))[
        'down-after-milliseconds'
      ];
    expect(String(await set('0'))).toContain('Invalid argument');
    const before = await told();
    expect(await set('600000')).toBe('OK');
    expect(await told()).toBe('600000');
    await side.kill(1);
    await side.pause(2 * Number(before));
    expect((await seenBy(side, sentinel(0), node(1)))['flags']).not.toContain('s_down');
    expect(await set(String(before))).toBe('OK');
    await until(side, 'it is seen as down', async () =>
      /s_down/.test((await seenBy(side, sentinel(0), node(1)))['flags'] ?? ''),
    );
    side.restart(1);
    await until(
      side,
      'it is seen as up',
      async () => (await seenBy(side, sentinel(0), node(1)))['flags'] === 'slave',
    );
  });

  test('shows who is down, and passes it over', async () => {
    await infoEvery(0, NEVER);
    await side.kill(2);
    await until(side, 'it is seen as down', async () =>
      /s_down/.test((await seenBy(side, sentinel(0), node(2)))['flags'] ?? ''),
    );
    expect((await seenBy(side, sentinel(0), node(2)))['flags']).toContain('disconnected');
    expect(String(await failOver(0))).toContain('NOGOODSLAVE');
  });

  test('remembers the priority of its former life when a node is back', async () => {
    side.restart(2);
    await until(
      side,
      'it is seen as up',
      async () => (await seenBy(side, sentinel(0), node(2)))['flags'] === 'slave',
    );
    expect((await seenBy(side, sentinel(0), node(2)))['slave-priority']).toBe('100');
    expect(await side.ask(node(2), ['CONFIG', 'GET', 'replica-priority'])).toEqual(['replica-priority', '0']);
  });

  test('prefers the lower priority, ends the connections of the one that it promotes, and all name it', async () => {
    await infoEvery(0, OFTEN);
    await prioritise(1, '100');
    await prioritise(2, '50');
    await sees(0, 1, 'slave-priority', '100');
    await sees(0, 2, 'slave-priority', '50');
    await until(
      side,
      'the replica is in sync again',
      async () => (await seenBy(side, sentinel(0), node(2)))['master-link-status'] === 'ok',
    );
    const endOfClient = await side.hold(node(2));
    expect(await failOver(0)).toBe('OK');
    expect(String(await failOver(0))).toContain('INPROG');
    await until(side, 'the one with the lower priority is primary', () => isPrimary(side, node(2)));
    await until(side, 'its client has lost the connection', () =>
      Promise.resolve(endOfClient() !== undefined),
    );
    const named = (index: number): Promise<RedisReply> =>
      side.ask(sentinel(index), ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', side.primaryName]);
    const { host, port } = node(2);
    for (const index of [0, 1, 2])
      await until(
        side,
        `Sentinel ${index} names it`,
        async () => String(await named(index)) === `${host},${port}`,
      );
  });

  test('waits for the one that it promotes as long as its failover timeout says, which may be set meanwhile', async () => {
    const set = (option: string, value: string): Promise<RedisReply> =>
      side.ask(sentinel(0), ['SENTINEL', 'SET', side.primaryName, option, value]);
    const told = async (field: string): Promise<string> =>
      hashOf(await side.ask(sentinel(0), ['SENTINEL', 'MASTER', side.primaryName]))[field] ?? '';
    const state = (): Promise<string> => told('failover-state');
    const before = Number(await told('failover-timeout'));
    expect(String(await set('failover-timeout', '0'))).toContain('Invalid argument');
    for (const option of ['failover-timeout', 'down-after-milliseconds'])
      expect(await set(option, '600000')).toBe('OK');
    await sees(0, 1, 'slave-priority', '100');
    await sees(0, 1, 'flags', 'slave');
    side.freeze(1);
    expect(await failOver(0)).toBe('OK');
    await until(side, 'it waits for the promotion', async () => (await state()) === 'wait_promotion');
    await side.pause(before + 500);
    expect(await state()).toBe('wait_promotion');
    expect(await set('failover-timeout', '1')).toBe('OK');
    await until(side, 'it has given the failover up', async () => (await state()) === '');
  });
});
