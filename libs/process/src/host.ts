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
  if (delayMs <= TIMER_MS_MAX) return timed({ dueMs: performance.now() + delayMs, run });
  let cancel = after(TIMER_MS_MAX, () => {
    cancel = after(delayMs - TIMER_MS_MAX, run);
  });
  return () => cancel();
}

type Call = { readonly dueMs: number; readonly run: () => void };

/**
 * The runtime's timers come up to a millisecond early, and earlier by what the present turn has worked before it asked: whoever
 * looks at the clock then finds that its time has not come, and may never look again. These calls wait for their time, in its order.
 */
const early: Call[] = [];
let armed: NodeJS.Timeout | undefined;

function timed(call: Call): () => void {
  const timer = setTimeout(come, call.dueMs - performance.now(), call);
  return () => {
    clearTimeout(timer);
    const place = early.indexOf(call);
    if (place >= 0) early.splice(place, 1);
  };
}

function come(call: Call): void {
  const after = early.findIndex(({ dueMs }) => dueMs > call.dueMs);
  early.splice(after < 0 ? early.length : after, 0, call);
  runFirst();
}

/** One at a time: what a call leaves to be settled is settled before the next. */
function runFirst(): void {
  clearTimeout(armed);
  armed = undefined;
  const [first] = early;
  if (first === undefined) return;
  const waitMs = first.dueMs - performance.now();
  if (waitMs > 0) {
    armed = setTimeout(runFirst, waitMs);
    return;
  }
  early.shift();
  if (early.length > 0) setImmediate(runFirst);
  first.run();
}
