/** The real Host: this machine's clocks, timers and chance. Only main.ts of an app hands it to a loop. */
import { performance } from 'node:perf_hooks';
import type { Host } from '@holdfast/ha-core';

/** Longest delay of a timer, 24 days; the runtime takes a longer one for 1 ms. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Time and chance of this machine, by the port of `@holdfast/ha-core`. Its timers keep the process alive. */
export const realHost: Host = {
  monotonicMs: () => performance.now(),
  wallMs: () => Math.round(Date.now()),
  after,
  random: () => Math.random(),
};

function after(delayMs: number, run: () => void): () => void {
  if (Number.isNaN(delayMs)) throw new Error('expected a delay in ms, got NaN');
  if (delayMs <= 0) {
    const immediate = setImmediate(run);
    return () => clearImmediate(immediate);
  }
  if (delayMs <= TIMER_MS_MAX) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  }
  let cancel = after(TIMER_MS_MAX, () => {
    cancel = after(delayMs - TIMER_MS_MAX, run);
  });
  return () => cancel();
}
