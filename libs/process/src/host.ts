/** The real Host: this machine's clocks, timers and chance. Only main.ts of an app hands it to a loop. */
import { performance } from 'node:perf_hooks';
import type { Host } from '@holdfast/ha-core';

/** Time and chance of this machine, by the port of `@holdfast/ha-core`. Its timers keep the process alive. */
export const realHost: Host = {
  monotonicMs: () => performance.now(),
  wallMs: () => Math.round(Date.now()),
  after: (delayMs, run) => {
    if (delayMs <= 0) {
      const immediate = setImmediate(run);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};
