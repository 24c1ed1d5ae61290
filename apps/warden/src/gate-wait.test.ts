/** A node that ran a moment ago does not start before the Sentinels would ask it anew whether it may be promoted. */
import { type Host, type RedisNodes, type RedisReply } from '@holdfast/ha-core';
import { describe, expect, it } from 'vitest';
import { passGate } from './gate.ts';

const at = (name: string, port: number) => ({ name, host: '127.0.0.1', port });
const nodes = [at('redis-1', 7001), at('redis-2', 7002), at('redis-3', 7003)];
const sentinels = [at('sentinel-1', 7011), at('sentinel-2', 7012), at('sentinel-3', 7013)];

/**
 * How long `redis-2` waits when every Sentinel shows it so; `infoMs`: the age of their INFO when it begins, `chosenMs`: how
 * long one of them goes on to promote it.
 */
async function waitedMs(priority: string, infoMs: number, chosenMs = 0): Promise<number> {
  let nowMs = 0;
  const host: Host = {
    monotonicMs: () => nowMs,
    wallMs: () => nowMs,
    random: () => 0,
    after: (delayMs, run) => {
      queueMicrotask(() => {
        nowMs += delayMs;
        run();
      });
      return () => undefined;
    },
  };
  const row = (): RedisReply => {
    const age = infoMs === 0 ? 0 : infoMs + nowMs;
    const flags = nowMs < chosenMs ? 'slave,disconnected,promoted' : 'slave,disconnected';
    return `ip 127.0.0.1 port 7002 flags ${flags} slave-priority ${priority} info-refresh ${age}`.split(' ');
  };
  const open: RedisNodes['open'] = (endpoint) => {
    const run = (): Promise<RedisReply[]> => Promise.resolve([['127.0.0.1', '7001'], [], [row()]]);
    return Promise.resolve({ endpoint, run, onClosed: () => undefined, close: () => undefined });
  };
  const passed = await passGate(
    { host, redis: { open }, nodes, sentinels, primaryName: 'mymaster' },
    'redis-2',
  );
  expect(passed.why).toContain('redis-1');
  return nowMs;
}

describe('a node that starts again', () => {
  it('waits until the INFO of its former life is older than a second', async () => {
    expect(await waitedMs('100', 200)).toBe(900);
  });

  it('waits until a Sentinel that has chosen it gives that up', async () => {
    expect(await waitedMs('0', 200, 2050)).toBe(2100);
    expect(await waitedMs('0', 200, 60_000)).toBe(6000);
  });

  it.each([
    ['its priority was 0', '0', 200],
    ['its INFO is old enough', '100', 1500],
    ['no INFO of it ever came', '100', 0],
  ])('does not wait where %s', async (_, priority, infoMs) => {
    expect(await waitedMs(priority, infoMs)).toBe(0);
  });
});
