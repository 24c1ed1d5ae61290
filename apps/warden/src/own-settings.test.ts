/** What a warden sets at its own Sentinel, and when. */
import { type Command, NodeUnavailable, RedisError, type RedisReply } from '@holdfast/ha-core';
import { expect, it } from 'vitest';
import { createOwnSettings } from './own-settings.ts';

function scene({ keepsDownAfter }: { keepsDownAfter: boolean } = { keepsDownAfter: true }) {
  const state = { nowMs: 0, reply: 'OK' as RedisReply };
  const asked: Command[] = [];
  const logged: unknown[] = [];
  const settings = createOwnSettings({
    host: { monotonicMs: () => state.nowMs },
    primaryName: 'holdfast',
    downAfterMs: keepsDownAfter ? () => 400 : undefined,
    failoverTimeoutMs: 2000,
    log: (event, detail) => logged.push({ event, ...detail }),
  });
  /** Sentinel's answer at this time says so. */
  const look = (nowMs: number, downAfter: string, failoverTimeout: string): Promise<void> => {
    state.nowMs = nowMs;
    const row = { 'down-after-milliseconds': downAfter, 'failover-timeout': failoverTimeout };
    return settings.setRight(row, async (commands) => {
      asked.push(...commands);
      return Promise.resolve([state.reply]);
    });
  };
  return { state, asked, logged, look };
}

it('leaves alone what is as it should be', async () => {
  const { asked, look } = scene();
  for (const nowMs of [0, 500, 5000]) await look(nowMs, '400', '2000');
  expect(asked).toEqual([]);
});

it('sets the failover timeout that another warden left behind, and not one that stands for a moment', async () => {
  const { asked, logged, look } = scene();
  await look(0, '400', '1');
  await look(999, '400', '1');
  expect(asked).toEqual([]);
  await look(1000, '400', '1');
  expect(asked).toEqual([['SENTINEL', 'SET', 'holdfast', 'failover-timeout', '2000']]);
  expect(logged).toEqual([{ event: 'sentinel_failover_timeout', was: 1, ms: 2000 }]);
});

it('counts a moment anew once it was right again', async () => {
  const { asked, look } = scene();
  await look(0, '400', '1');
  await look(500, '400', '2000');
  await look(1200, '400', '1');
  await look(2199, '400', '1');
  expect(asked).toEqual([]);
  await look(2200, '400', '1');
  expect(asked).toHaveLength(1);
});

it('sets the down-after time at once, and not at all where that is left alone', async () => {
  const { asked, look } = scene();
  await look(0, '1500', '2000');
  expect(asked).toEqual([['SENTINEL', 'SET', 'holdfast', 'down-after-milliseconds', '400']]);
  const left = scene({ keepsDownAfter: false });
  await left.look(0, '1500', '2000');
  expect(left.asked).toEqual([]);
});

it('tells why it was refused', async () => {
  const { state, logged, look } = scene();
  state.reply = new RedisError('NOPERM');
  await look(0, '1500', '2000');
  expect(logged).toEqual([{ event: 'sentinel_waits', was: 1500, ms: 400, refused: 'NOPERM' }]);
});

it('leaves it to who looks that Sentinel does not answer', async () => {
  const settings = createOwnSettings({
    host: { monotonicMs: () => 0 },
    primaryName: 'holdfast',
    downAfterMs: () => 400,
    failoverTimeoutMs: 2000,
    log: () => undefined,
  });
  const gone = (): Promise<never> => Promise.reject(new NodeUnavailable('the other side is gone', true));
  await expect(settings.setRight({ 'down-after-milliseconds': '1' }, gone)).rejects.toThrow(NodeUnavailable);
});
