/** A Host on virtual time, for tests: nothing moves until the test says so, and then in an order that repeats. */
import type { Host } from '@holdfast/ha-core';

export type VirtualHost = Host & {
  /** Moves time on, running what falls due in order, promises included. Resolves when `forMs` have passed. */
  readonly advance: (forMs: number) => Promise<void>;
  /** Moves time on in small steps until the condition holds. Throws after `mostMs`. */
  readonly until: (holds: () => boolean, what: string, mostMs?: number) => Promise<void>;
};

type Timer = { readonly at: number; readonly number: number; readonly run: () => void };

/** Lets every promise that can go on do so. */
export async function settle(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

/** A virtual host; `seed` decides its `random`. Its monotonic clock starts at 1,000. */
export function createVirtualHost(seed = 1): VirtualHost {
  let now = 1000;
  let number = 0;
  let state = seed >>> 0;
  const timers = new Set<Timer>();
  const next = (limit: number): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (timer.at > limit) continue;
      if (
        first === undefined ||
        timer.at < first.at ||
        (timer.at === first.at && timer.number < first.number)
      ) {
        first = timer;
      }
    }
    return first;
  };
  const advance = async (forMs: number): Promise<void> => {
    const end = now + forMs;
    await settle();
    for (let timer = next(end); timer !== undefined; timer = next(end)) {
      timers.delete(timer);
      now = Math.max(now, timer.at);
      timer.run();
      await settle();
    }
    now = end;
  };
  return {
    monotonicMs: () => now,
    wallMs: () => 1_700_000_000_000 + Math.floor(now),
    after: (delayMs, run) => {
      number += 1;
      const timer = { at: now + Math.max(0, delayMs), number, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    random: () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 4_294_967_296;
    },
    advance,
    until: async (holds, what, mostMs = 10_000) => {
      const end = now + mostMs;
      await settle();
      while (!holds()) {
        if (now >= end) throw new Error(`not within ${mostMs} ms of virtual time: ${what}`);
        await advance(1);
      }
    },
  };
}
