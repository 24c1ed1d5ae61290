/** Supervision on a clock of its own: order of starts, restarts with growing delays, order of stops, limits. */
import type { Host } from '@holdfast/ha-core';
import { describe, expect, it } from 'vitest';
import { createSupervisor, restartDelayMs, type Supervisor, type Unit, type UnitView } from './supervisor.ts';

type FakeChild = {
  readonly name: string;
  readonly end: (reason: string) => void;
  readonly signals: string[];
};

/** Time that moves only when told to. */
function virtualHost() {
  let nowMs = 0;
  let timers: { readonly atMs: number; readonly run: () => void }[] = [];
  const host: Host = {
    monotonicMs: () => nowMs,
    wallMs: () => nowMs,
    after: (delayMs, run) => {
      const timer = { atMs: nowMs + delayMs, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    random: () => 0,
  };
  /** Runs everything that is due within `spanMs`, with the promises in between. */
  const advance = async (spanMs: number): Promise<void> => {
    const untilMs = nowMs + spanMs;
    for (;;) {
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
      const next = timers.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > untilMs) break;
      timers = timers.filter((other) => other !== next);
      nowMs = Math.max(nowMs, next.atMs);
      next.run();
    }
    nowMs = untilMs;
  };
  return { host, advance };
}

function scene(units: readonly Partial<Unit>[], stubborn: readonly string[] = []) {
  const { host, advance } = virtualHost();
  const children: FakeChild[] = [];
  const changes: UnitView[] = [];
  const notReady = new Set<string>();
  let pid = 100;
  const supervisor: Supervisor = createSupervisor({
    host,
    units: units.map((unit, index): Unit => {
      const name = unit.name ?? `unit-${index + 1}`;
      return {
        name,
        after: [],
        stopWave: () => 1,
        stopWithinMs: 1000,
        restartDelayMs: 200,
        launch: () => Promise.resolve(['program']),
        ready: () => Promise.resolve(notReady.has(name) ? 'not yet' : undefined),
        ...unit,
      };
    }),
    spawn: (name) => {
      let end: (reason: string) => void = () => undefined;
      const ended = new Promise<string>((resolve) => {
        end = resolve;
      });
      const child = { name, end, signals: [] as string[] };
      children.push(child);
      pid += 1;
      return {
        pid,
        ended,
        signal: (signal) => {
          child.signals.push(signal);
          if (signal === 'SIGKILL' || !stubborn.includes(name)) end(`ended by ${signal}`);
        },
      };
    },
    onChange: (view) => changes.push(view),
  });
  const view = (name: string) => supervisor.views().find((one) => one.name === name);
  const last = (name: string) => children.findLast((child) => child.name === name);
  const starts = (name: string) => children.filter((child) => child.name === name).length;
  return { supervisor, advance, children, changes, notReady, view, last, starts };
}

describe('starting', () => {
  it('waits for those that a unit comes after', async () => {
    const { advance, notReady, starts, view } = scene([
      { name: 'redis' },
      { name: 'engine', after: ['redis'] },
    ]);
    notReady.add('redis');
    await advance(1000);
    expect([starts('redis'), starts('engine')]).toEqual([1, 0]);
    expect(view('engine')).toMatchObject({ state: 'waiting', detail: 'waits for redis' });
    notReady.delete('redis');
    await advance(500);
    expect(view('engine')).toMatchObject({ state: 'running', pid: 102 });
  });

  it('does not wait for ever', async () => {
    const { advance, notReady, view } = scene([{ name: 'redis' }, { name: 'engine', after: ['redis'] }]);
    notReady.add('redis');
    await advance(10_500);
    expect(view('redis')).toMatchObject({ state: 'starting', detail: 'not yet' });
    expect(view('engine')).toMatchObject({ state: 'running' });
  });

  it('records the pid before anything else happens', async () => {
    const { advance, changes } = scene([{ name: 'redis' }]);
    await advance(0);
    expect(changes.map(({ state, pid }) => [state, pid])).toEqual([
      ['starting', undefined],
      ['starting', 101],
      ['running', 101],
    ]);
  });
});

describe('restarting', () => {
  it('starts again after the delay, and says why', async () => {
    const { advance, last, starts, view } = scene([{ name: 'engine' }]);
    await advance(5000);
    last('engine')?.end('ended by SIGKILL');
    await advance(199);
    expect(view('engine')).toMatchObject({
      state: 'restarting',
      restarts: 1,
      pid: undefined,
      detail: 'ended by SIGKILL; starts again in 0.2 s',
    });
    await advance(1);
    expect(starts('engine')).toBe(2);
    expect(view('engine')).toMatchObject({ state: 'running', restarts: 1 });
  });

  it('waits longer each time while it dies young, and forgets once it held', async () => {
    const { advance, last, starts, view } = scene([{ name: 'engine' }]);
    await advance(0);
    for (const delayMs of [200, 400, 800, 1600]) {
      const before = starts('engine');
      last('engine')?.end('ended with exit code 1');
      await advance(delayMs - 1);
      expect(starts('engine')).toBe(before);
      await advance(1);
      expect(starts('engine')).toBe(before + 1);
    }
    last('engine')?.end('ended with exit code 1');
    await advance(0);
    expect(view('engine')?.detail).toBe('ended with exit code 1, 5 times in a row; starts again in 3.2 s');
    await advance(3200 + 3000);
    last('engine')?.end('ended with exit code 1');
    await advance(0);
    expect(view('engine')?.detail).toBe('ended with exit code 1; starts again in 0.2 s');
  });

  it('has a longest delay, which never undercuts the first', () => {
    expect(restartDelayMs(200, 60)).toBe(15_000);
    expect(restartDelayMs(20_000, 3)).toBe(20_000);
  });

  it('tries again when a start could not be prepared', async () => {
    let broken = true;
    const launch = () => (broken ? Promise.reject(new Error('no folder')) : Promise.resolve(['x'] as const));
    const { advance, view, starts } = scene([{ name: 'redis', launch }]);
    await advance(0);
    expect(view('redis')?.detail).toBe('could not be started: no folder; starts again in 0.2 s');
    broken = false;
    await advance(200);
    expect([starts('redis'), view('redis')?.state]).toEqual([1, 'running']);
  });
});

describe('stopping', () => {
  const order = [
    { name: 'redis', stopWave: () => 3 },
    { name: 'backend', stopWave: () => 1 },
    { name: 'engine', stopWave: () => 2 },
  ];

  it('goes wave by wave, and a wave waits for the one before', async () => {
    const { advance, supervisor, changes, last } = scene(order, ['engine']);
    await advance(0);
    const stopped = supervisor.stop();
    await advance(500);
    expect(last('redis')?.signals).toEqual([]);
    last('engine')?.end('ended with exit code 0');
    await advance(500);
    await stopped;
    const ends = changes.filter(({ state }) => state === 'stopped').map(({ name }) => name);
    expect(ends).toEqual(['backend', 'engine', 'redis']);
    expect(last('engine')?.signals).toEqual(['SIGTERM']);
  });

  it('kills what does not stop within its limit', async () => {
    const { advance, supervisor, last, view } = scene([{ name: 'engine' }], ['engine']);
    await advance(0);
    const stopped = supervisor.stop();
    await advance(999);
    expect(last('engine')?.signals).toEqual(['SIGTERM']);
    await advance(600);
    await stopped;
    expect(last('engine')?.signals).toEqual(['SIGTERM', 'SIGKILL']);
    expect(view('engine')?.detail).toBe('killed: did not stop within 1000 ms');
  });

  it('cuts the limits short when it is asked to hurry', async () => {
    const { advance, supervisor, last } = scene([{ name: 'engine', stopWithinMs: 60_000 }], ['engine']);
    await advance(0);
    const stopped = supervisor.stop();
    void supervisor.stop(true);
    await advance(600);
    await stopped;
    expect(last('engine')?.signals).toEqual(['SIGTERM', 'SIGKILL']);
  });

  it('starts nothing any more, whether it waits for a restart or for others', async () => {
    const { advance, supervisor, last, starts, notReady } = scene([
      { name: 'engine' },
      { name: 'redis' },
      { name: 'sync', after: ['redis'] },
    ]);
    notReady.add('redis');
    await advance(5000);
    last('engine')?.end('ended with exit code 1');
    await advance(0);
    const stopped = supervisor.stop();
    await advance(60_000);
    await stopped;
    expect([starts('engine'), starts('sync')]).toEqual([1, 0]);
  });
});
