/**
 * A failover by wardens and one by Sentinel alone, with real processes, while signals are written: nothing that was
 * acknowledged is missing or there twice (I1, I2). What wardens and writers read from Redis and Sentinel (ROLE, INFO,
 * flags, SENTINEL DEBUG) is not the same text in every version: the long form runs this on a newer Redis too.
 */
import type { Endpoint } from '@holdfast/ha-core';
import { realHost } from '@holdfast/process';
import { endpointName, FAILOVERS_KEY, hashOf, readFailovers } from '@holdfast/redis';
import { as, ask, until } from '@holdfast/topology/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type GuardedTrio, startGuardedTrio } from './guarded-trio.ts';
import { entriesOn, primaryOf, startWriting } from './writing.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

/** Enough to see that writing goes on, not only that one write slipped through. */
const MORE = 50;
const warden = as('warden');

describe('a failover under load', () => {
  let trio: GuardedTrio;
  beforeAll(async () => {
    trio = await startGuardedTrio();
  });
  afterAll(() => trio?.stop());

  const primary = (): Promise<number> => primaryOf(trio);
  const at = (index: number): Endpoint => trio.endpoints[index] ?? { host: '', port: 0 };

  /** Kills the primary while signals are written; the old one, the new one, and how long nothing was acknowledged. */
  const failOver = async (): Promise<{ old: number; now: number; outageMs: number }> => {
    const old = await primary();
    const writing = startWriting(trio.endpoints);
    await until('signals are written', () => Promise.resolve(writing.acknowledged.size >= MORE));
    const killedMs = realHost.monotonicMs();
    await trio.kill(old);
    const since = (): number[] => [...writing.acknowledged.values()].filter((time) => time > killedMs + 20);
    await until('signals are written again', () => Promise.resolve(since().length >= MORE), 20_000);
    await writing.stop();
    const now = await primary();
    const entries = await entriesOn(at(now));
    expect([...writing.acknowledged.keys()].filter((id) => entries.get(id) !== 1)).toEqual([]);
    return { old, now, outageMs: Math.round((since()[0] ?? 0) - killedMs) };
  };

  const infoOf = async (node: Endpoint, section: string, field: string): Promise<string | undefined> => {
    const info = String(await ask(warden, node, ['INFO', section]));
    return new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  };
  const tell = async (how: string, node: Endpoint, outageMs: number): Promise<void> => {
    const version = await infoOf(node, 'server', 'redis_version');
    console.log(`Redis ${version}, ${how}: ${outageMs} ms from kill -9 to the first acknowledged write`);
  };

  /** A node that was started through the gate holds: it follows itself, until somebody makes it follow the primary. */
  const tellFollows = async (how: string, node: number, primaryNow: number): Promise<void> => {
    const port = (): Promise<string | undefined> => infoOf(at(node), 'replication', 'master_port');
    const says = async (): Promise<boolean> => (await port().catch(() => undefined)) !== undefined;
    await until('it answers', says);
    const answersMs = realHost.monotonicMs();
    await until('it follows', async () => (await port()) === String(at(primaryNow).port), 40_000);
    const tookMs = Math.round(realHost.monotonicMs() - answersMs);
    console.log(`a node that holds follows the primary ${tookMs} ms after it answers, ${how}`);
  };

  /**
   * Every Sentinel monitors it. The one that led a failover does so when that has ended; killed before, the new primary
   * would be a second fault within the first one's recovery.
   */
  const untilMonitored = (now: number): Promise<void> =>
    until('every Sentinel monitors it', async () => {
      const rows = await Promise.all(
        trio.sentinels.map((sentinel) =>
          ask(warden, sentinel, ['SENTINEL', 'MASTER', trio.redis.primaryName]),
        ),
      );
      return rows.map(hashOf).every(({ ip, port }) => endpointName(at(now)) === `${ip}:${port}`);
    });

  it('by wardens: one of them asks for it, and the old primary comes back as a replica that can be promoted', async () => {
    const { old, now, outageMs } = await failOver();
    await tell('by wardens', at(now), outageMs);
    await until('the failover is listed', async () => {
      const listed = readFailovers(await ask(warden, at(now), ['LRANGE', FAILOVERS_KEY, '0', '9']));
      return listed.some(({ asked, to }) => asked && to === endpointName(at(now)));
    });
    // Before that they rightly name another one.
    await untilMonitored(now);
    const why = await trio.startThroughGate(old);
    expect(why).toContain(`name redis-${now + 1}`);
    await tellFollows('with its warden', old, now);
    await trio.whole();
    expect(await infoOf(at(old), 'replication', 'role')).toBe('slave');
    expect(await infoOf(at(old), 'replication', 'slave_priority')).toBe('100');
    expect(await infoOf(at(old), 'replication', 'master_port')).toBe(String(at(now).port));
  });

  it('by Sentinel alone, with every warden dead: writing goes on all the same', async () => {
    await trio.killWardens();
    const { old, now, outageMs } = await failOver();
    await tell('by Sentinel alone', at(now), outageMs);
    expect(now).not.toBe(old);
    await untilMonitored(now);
    await trio.startThroughGate(old);
    await tellFollows('with every warden dead', old, now);
    expect(await infoOf(at(old), 'replication', 'slave_priority')).toBe('0');
  });
});
