/** Which Sentinel is asked for a failover: none that could choose a node that may lack acknowledged writes (I1). */
import {
  type Command,
  type Host,
  NodeUnavailable,
  type RedisNode,
  type RedisNodes,
  type RedisReply,
} from '@holdfast/ha-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSentinels, type FailoverAsked } from './sentinels.ts';

const [A, B, C] = ['10.0.0.1:1', '10.0.0.2:1', '10.0.0.3:1'] as const;
const HOSTS = ['s1', 's2', 's3'];

const replica = (name: string, flags: string, priority: number): string[] => {
  const [ip = '', port = ''] = name.split(':');
  return ['ip', ip, 'port', port, 'flags', flags, 'slave-priority', String(priority)];
};

/** Three Sentinels that name `A`; each knows its own replicas. What each was asked is kept. */
function scene(replicas: readonly (readonly string[][])[]) {
  const begun: number[] = [];
  const set: (readonly string[])[] = [];
  const state = { downAfterMs: '400', wantedMs: 400, waiting: -1, afterwards: '' };
  /** The failover is at its wait until the timeout is set. */
  const timesOf = (index: number): string[] => {
    const times = ['down-after-milliseconds', state.downAfterMs];
    if (state.waiting !== index) return times;
    const at = set.length === 0 ? 'wait_promotion' : state.afterwards;
    return times.concat('flags', 'failover_in_progress', 'failover-state', at);
  };
  const answer = (index: number, command: Command): RedisReply => {
    switch (command[1]) {
      case 'GET-MASTER-ADDR-BY-NAME':
        return ['10.0.0.1', '1'];
      case 'MYID':
        return HOSTS[index] ?? '';
      case 'REPLICAS':
        return (replicas[index] ?? []).map((row) => [...row]);
      case 'IS-MASTER-DOWN-BY-ADDR':
        return ['0', String(command[5]), '1'];
      case 'MASTER':
        return ['ip', '10.0.0.1', 'port', '1', ...timesOf(index)];
      case 'SET':
        set.push([String(index), ...command.slice(2).map(String)]);
        if (command[3] === 'down-after-milliseconds') state.downAfterMs = String(command[4]);
        if (command[3] === 'failover-timeout') state.waiting = state.afterwards === '' ? -1 : index;
        return 'OK';
      case 'FAILOVER':
        begun.push(index);
        return 'OK';
      default:
        return '';
    }
  };
  const redis: RedisNodes = {
    open: (endpoint) =>
      Promise.resolve({
        endpoint,
        run: (commands: readonly Command[]) =>
          Promise.resolve(commands.map((command) => answer(HOSTS.indexOf(endpoint.host), command))),
        onClosed: () => undefined,
        close: () => undefined,
      } as unknown as RedisNode),
  };
  const sentinels = createSentinels({
    host: {
      monotonicMs: () => 0,
      after: (_: number, run: () => void) => queueMicrotask(run),
    } as unknown as Host,
    redis,
    sentinels: HOSTS.map((host) => ({ host, port: 1 })),
    primaryName: 'holdfast',
    hurried: true,
    own: 0,
    downAfterMs: () => state.wantedMs,
    failoverTimeoutMs: 2000,
    log: () => undefined,
  });
  const ask = (heirs?: readonly string[]): Promise<FailoverAsked> => sentinels.failOver(A, 0, heirs);
  return { ask, begun, set, state, look: sentinels.look };
}

const sound = [replica(B, 'slave', 100), replica(C, 'slave', 0)];
/** It was cut off while `C` left the set. */
const stale = [replica(B, 'slave', 100), replica(C, 'slave', 100)];

it('passes over a Sentinel that still takes a node for promotable that has left the set', async () => {
  const { ask, begun } = scene([stale, sound, sound]);
  expect(await ask([A, B])).toEqual({ is: 'begun', sentinel: 1 });
  expect(begun).toEqual([1]);
});

it('asks none where all of them do, and says which node it is', async () => {
  const { ask, begun } = scene([stale, stale, stale]);
  const asked = await ask([A, B]);
  expect(begun).toEqual([]);
  expect(asked).toMatchObject({ is: 'refused', why: [expect.stringContaining(`could choose ${C}`), {}, {}] });
});

it.each([
  ['is down', replica(C, 'slave,s_down', 100)],
  ['is disconnected', replica(C, 'slave,disconnected', 100)],
])('asks one for which that node %s', async (_, row) => {
  const { ask } = scene([[replica(B, 'slave', 100), row], sound, sound]);
  expect(await ask([A, B])).toEqual({ is: 'begun', sentinel: 0 });
});

it('asks any where nothing is known of a set', async () => {
  const { ask } = scene([stale, sound, sound]);
  expect(await ask()).toEqual({ is: 'begun', sentinel: 0 });
});

it('knows of no failover at a Sentinel that does not answer', async () => {
  const sentinels = createSentinels({
    host: {} as never,
    redis: { open: () => Promise.reject(new NodeUnavailable('connect ECONNREFUSED', false)) },
    sentinels: HOSTS.map((host) => ({ host, port: 1 })),
    primaryName: 'holdfast',
    hurried: true,
    own: 0,
    downAfterMs: () => 400,
    failoverTimeoutMs: 2000,
    log: () => undefined,
  });
  expect(await sentinels.failoverState(0)).toBe('');
});

it('sets the down-after time of its own Sentinel alone, and only where it is another one', async () => {
  const { look, set, state } = scene([sound, sound, sound]);
  await look();
  expect(set).toEqual([]);
  state.wantedMs = 1500;
  await look();
  await look();
  expect(set).toEqual([['0', 'holdfast', 'down-after-milliseconds', '1500']]);
  state.wantedMs = 400;
  await look();
  expect(set.at(-1)).toEqual(['0', 'holdfast', 'down-after-milliseconds', '400']);
});

describe('a Sentinel that waits for a promotion', () => {
  it('gives it up, and is the first that is asked', async () => {
    const { ask, begun, set, state, look } = scene([sound, sound, sound]);
    state.waiting = 2;
    await look();
    expect(await ask()).toEqual({ is: 'begun', sentinel: 2 });
    expect(begun).toEqual([2]);
    expect(set.map(([sentinel, , , ms]) => [sentinel, ms])).toEqual([
      ['2', '1'],
      ['2', '2000'],
    ]);
  });

  it('keeps all others from being asked where it has seen it meanwhile', async () => {
    const { ask, begun, state, look } = scene([sound, sound, sound]);
    Object.assign(state, { waiting: 2, afterwards: 'reconf_slaves' });
    await look();
    expect(await ask()).toEqual({ is: 'refused', why: ['s3:1 has seen by now whom it promoted'] });
    expect(begun).toEqual([]);
  });
});

describe('a Sentinel that does not answer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Three Sentinels, the last of which answers after so long; how long a look takes, and whom it hears. */
  function slowThird() {
    const state = { afterMs: 5, dials: 0 };
    const answers = ['ip', '10.0.0.1', 'port', '1'];
    const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    const open = async (endpoint: { readonly host: string }, deadlineMs: number): Promise<RedisNode> => {
      const isThird = endpoint.host === 's3';
      const within = async (): Promise<void> => {
        await later(isThird ? Math.min(state.afterMs, deadlineMs) : 1);
        if (isThird && state.afterMs > deadlineMs) throw new NodeUnavailable('timeout', false);
      };
      state.dials += isThird ? 1 : 0;
      const run = async (commands: readonly Command[]): Promise<RedisReply[]> => {
        await within();
        return commands.map(() => answers);
      };
      await within();
      return { endpoint, run, onClosed: () => undefined, close: () => undefined } as unknown as RedisNode;
    };
    const sentinels = createSentinels({
      host: {
        monotonicMs: () => Date.now(),
        after: (ms: number, run: () => void) => {
          const timer = setTimeout(run, ms);
          return () => clearTimeout(timer);
        },
      } as unknown as Host,
      redis: { open },
      sentinels: HOSTS.map((host) => ({ host, port: 1 })),
      primaryName: 'holdfast',
      hurried: false,
      own: 0,
      downAfterMs: () => 400,
      failoverTimeoutMs: 2000,
      log: () => undefined,
    });
    const look = async (): Promise<{ readonly ms: number; readonly heard: number }> => {
      const atMs = Date.now();
      let tookMs = Number.NaN;
      const looking = sentinels.look().then((sights) => {
        tookMs = Date.now() - atMs;
        return sights.filter(({ view }) => view.is === 'seen').length;
      });
      await vi.advanceTimersByTimeAsync(40);
      while (Number.isNaN(tookMs)) await vi.advanceTimersByTimeAsync(1);
      return { ms: tookMs, heard: await looking };
    };
    return { state, look };
  }

  it('holds up one look by its whole limit, and those after it for a moment', async () => {
    const { state, look } = slowThird();
    state.afterMs = 10_000;
    expect(await look()).toEqual({ ms: 250, heard: 2 });
    expect(await look()).toEqual({ ms: 60, heard: 2 });
    // It is still being dialled: not twice.
    expect((await look()).heard).toBe(2);
    expect(state.dials).toBe(2);
  });

  it('is heard at once when it is back', async () => {
    const { state, look } = slowThird();
    state.afterMs = 10_000;
    await look();
    state.afterMs = 5;
    expect(await look()).toEqual({ ms: 10, heard: 3 });
  });

  it('is waited for again when it was only slow', async () => {
    const { state, look } = slowThird();
    state.afterMs = 10_000;
    await look();
    state.afterMs = 50;
    expect(await look()).toEqual({ ms: 60, heard: 2 });
    await vi.advanceTimersByTimeAsync(100);
    expect(await look()).toEqual({ ms: 50, heard: 3 });
    expect(await look()).toEqual({ ms: 50, heard: 3 });
  });
});
