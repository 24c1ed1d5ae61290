/** The port Host: one suite, on virtual time and on this machine's. Order and cancelling are promised, not punctuality. */
import { type Host, sleep } from '@holdfast/ha-core';
import { realHost } from '@holdfast/process';
import { createWorld } from '@holdfast/simulation';
import { describe, expect, test } from 'vitest';

type HostSide = {
  readonly host: Host;
  /** Lets time pass until the promise settles. */
  readonly drive: <Value>(promise: Promise<Value>) => Promise<Value>;
};

const virtual = (): HostSide => {
  const world = createWorld(5);
  return {
    host: world.start('a').host,
    drive: async (promise) => {
      let settled = false;
      void promise.finally(() => {
        settled = true;
      });
      await world.run(() => settled);
      return promise;
    },
  };
};
const SIDES: readonly (readonly [string, () => HostSide])[] = [
  ['virtual', virtual],
  ['real', () => ({ host: realHost, drive: (promise) => promise })],
];

describe.each(SIDES)('Host, %s', (_, create) => {
  test('after calls once, not before its time', async () => {
    const { host, drive } = create();
    const begun = host.monotonicMs();
    let calls = 0;
    host.after(15, () => (calls += 1));
    await drive(sleep(host, 40));
    expect(calls).toBe(1);
    expect(host.monotonicMs() - begun).toBeGreaterThanOrEqual(40);
  });

  test('no call comes before its time, also where the present turn has worked before it asked', async () => {
    const { host, drive } = create();
    const before: number[] = [];
    const one = async (delayMs: number): Promise<void> => {
      const worked = host.monotonicMs();
      for (let turns = 0; host.monotonicMs() - worked < 2 && turns < 200_000; turns += 1);
      const asked = host.monotonicMs();
      await sleep(host, delayMs);
      before.push(host.monotonicMs() - asked - delayMs);
    };
    await drive(Promise.all(Array.from({ length: 40 }, (_none, i) => one(3 + (i % 7) / 3))));
    expect(before).toHaveLength(40);
    expect(before.filter((early) => early < -1e-6)).toEqual([]);
  });

  test('never from inside the call that asks, also with 0 and below', async () => {
    const { host, drive } = create();
    const order: string[] = [];
    host.after(0, () => order.push('zero'));
    host.after(-5, () => order.push('below'));
    order.push('present work');
    await drive(sleep(host, 5));
    expect(order).toEqual(['present work', 'zero', 'below']);
  });

  test('promises settle before the next timer', async () => {
    const { host, drive } = create();
    const order: string[] = [];
    const chain = async (): Promise<void> => {
      for (let i = 0; i < 50; i += 1) await Promise.resolve();
      order.push('chain');
    };
    host.after(1, () => void chain());
    host.after(8, () => order.push('timer'));
    await drive(sleep(host, 20));
    expect(order).toEqual(['chain', 'timer']);
  });

  test('a cancelled call never happens; cancelling again, or too late, does nothing', async () => {
    const { host, drive } = create();
    let cancelled = 0;
    let called = 0;
    const cancel = host.after(5, () => (cancelled += 1));
    cancel();
    cancel();
    const late = host.after(1, () => (called += 1));
    await drive(sleep(host, 20));
    late();
    expect([cancelled, called]).toEqual([0, 1]);
  });

  test('calls of the same delay come in the order in which they were asked for', async () => {
    const { host, drive } = create();
    const order: number[] = [];
    for (let i = 0; i < 20; i += 1) host.after(5, () => order.push(i));
    await drive(sleep(host, 30));
    expect(order).toEqual(Array.from({ length: 20 }, (_none, i) => i));
  });

  test('a call in a month does not come at once', async () => {
    const { host, drive } = create();
    let calls = 0;
    const cancel = host.after(31 * 24 * 3600 * 1000, () => (calls += 1));
    await drive(sleep(host, 30));
    cancel();
    expect(calls).toBe(0);
  });

  test('what a call asks for comes after it, and what it throws away does not come', async () => {
    const { host, drive } = create();
    const order: string[] = [];
    let cancelLater = (): void => {};
    host.after(2, () => {
      order.push('first');
      host.after(0, () => order.push('asked for by the first'));
      cancelLater();
    });
    cancelLater = host.after(15, () => order.push('thrown away'));
    await drive(sleep(host, 40));
    expect(order).toEqual(['first', 'asked for by the first']);
  });

  test('monotonic time never goes back; wall time is a date in whole milliseconds', async () => {
    const { host, drive } = create();
    let last = host.monotonicMs();
    for (let i = 0; i < 10; i += 1) {
      await drive(sleep(host, 1));
      const now = host.monotonicMs();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
    expect(Number.isInteger(host.wallMs())).toBe(true);
    expect(host.wallMs()).toBeGreaterThan(Date.UTC(2020, 0, 1));
  });

  test('random is in [0, 1) and varies', () => {
    const { host } = create();
    const drawn = Array.from({ length: 200 }, () => host.random());
    expect(drawn.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(new Set(drawn).size).toBeGreaterThan(150);
  });
});
