/** As what a Redis node starts, while the others may be running. */
import type { Endpoint, Host } from '@holdfast/ha-core';
import { describe, expect, it } from 'vitest';
import type { SentinelView } from './questions.ts';
import { liveStart, type LiveStartOptions, type OtherNode, mostNamed, workingPrimary } from './start-rule.ts';

const at = (port: number): Endpoint => ({ host: '127.0.0.1', port });
const names = (port: number): SentinelView => ({
  primary: at(port),
  flags: ['master'],
  replicas: 2,
  otherSentinels: 2,
});

const follower: OtherNode = {
  endpoint: at(3),
  role: { is: 'replica', of: '127.0.0.1:1', link: 'connect', offset: 1 },
};

/** Each wait lets its time pass at once. */
function start(given: Partial<LiveStartOptions>) {
  let nowMs = 0;
  const host: Host = {
    monotonicMs: () => nowMs,
    wallMs: () => nowMs,
    random: () => 0,
    after: (delayMs, run) => {
      nowMs += delayMs;
      queueMicrotask(run);
      return () => undefined;
    },
  };
  const options: LiveStartOptions = {
    self: at(1),
    host,
    sentinels: () => Promise.resolve([]),
    others: () => Promise.resolve([follower]),
    lastPrimary: () => at(1),
    limitMs: 10_000,
    stopping: () => false,
    ...given,
  };
  return liveStart(options);
}

describe('liveStart', () => {
  it('follows the one that most Sentinels name', async () => {
    const views = [names(1), names(2), names(2)];
    expect(await start({ sentinels: () => Promise.resolve(views) })).toEqual(at(2));
  });

  it('waits for a failover that is under way', async () => {
    let asked = 0;
    const sentinels = () => Promise.resolve([names((asked += 1) < 20 ? 1 : 3)]);
    expect(await start({ sentinels })).toEqual(at(3));
    expect(asked).toBe(20);
  });

  it('is primary again when nobody was promoted within the limit', async () => {
    let asked = 0;
    const sentinels = () => {
      asked += 1;
      return Promise.resolve([names(1), names(1)]);
    };
    expect(await start({ sentinels })).toBeUndefined();
    expect(asked).toBe(50);
  });

  it('is primary at once when no other node answers: none can be promoted', async () => {
    let asked = 0;
    const sentinels = () => {
      asked += 1;
      return Promise.resolve([names(1)]);
    };
    expect(await start({ sentinels, others: () => Promise.resolve([]) })).toBeUndefined();
    expect(asked).toBe(1);
  });

  it('without Sentinels follows a node that says it is primary', async () => {
    const primary = { endpoint: at(2), role: { is: 'primary' as const, offset: 1, replicas: [] } };
    expect(await start({ others: () => Promise.resolve([follower, primary]) })).toEqual(at(2));
  });

  it('without anybody goes by the record', async () => {
    expect(await start({ lastPrimary: () => at(3) })).toEqual(at(3));
    expect(await start({ lastPrimary: () => at(1) })).toBeUndefined();
  });

  it('gives up waiting when nobody wants the start any more', async () => {
    let asked = 0;
    const sentinels = () => {
      asked += 1;
      return Promise.resolve([names(1)]);
    };
    await start({ sentinels, stopping: () => true });
    expect(asked).toBe(1);
  });
});

describe('who is primary', () => {
  it('needs a name to have votes', () => {
    expect(mostNamed([])).toBeUndefined();
    expect(mostNamed([at(1), at(2), at(2)])).toEqual(at(2));
  });

  it('does not take a resumed old primary for the working one', () => {
    const alone = { is: 'primary' as const, offset: 9, replicas: [] };
    const followed = {
      is: 'primary' as const,
      offset: 7,
      replicas: [{ endpoint: '127.0.0.1:3', offset: 7 }],
    };
    expect(
      workingPrimary(
        new Map([
          ['a', alone],
          ['b', followed],
          ['c', undefined],
        ]),
      ),
    ).toBe('b');
    expect(workingPrimary(new Map([['a', alone]]))).toBeUndefined();
    expect(
      workingPrimary(
        new Map([
          ['a', followed],
          ['b', followed],
        ]),
      ),
    ).toBeUndefined();
  });
});
