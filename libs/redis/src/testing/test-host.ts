/** For tests about real processes: this machine's clocks and timers, and waiting for a condition. */
import { type Host, sleep } from '@holdfast/ha-core';

export const testHost: Host = {
  monotonicMs: () => performance.now(),
  wallMs: () => Math.round(performance.timeOrigin + performance.now()),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  random: () => 0.5,
};

/** Waits until it holds. Throws at the limit with what was waited for. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = 8000,
): Promise<void> {
  const startedMs = testHost.monotonicMs();
  while (!(await holds())) {
    if (testHost.monotonicMs() - startedMs > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(testHost, 10);
  }
}
