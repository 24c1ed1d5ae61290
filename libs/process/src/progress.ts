/**
 * Does the loop of this process still turn? A tick that measures its own delay: what `alive` of the health server asks.
 * Nothing outside the process (Redis, broker) may have a say in it, or a restart of all would follow their outage.
 */
import type { Host } from '@holdfast/ha-core';

export type Progress = {
  /** Undefined while the loop turns; else what is wrong, in words. */
  readonly alive: () => string | undefined;
  /** How late the latest tick was, in ms; more when the next one is overdue already. */
  readonly lagMs: () => number;
  readonly stop: () => void;
};

/** Ticks every `everyMs`; stalled when no tick came for `stalledMs`. */
export function watchProgress(
  host: Host,
  options: { readonly everyMs: number; readonly stalledMs: number },
): Progress {
  const { everyMs, stalledMs } = options;
  if (!(everyMs > 0 && stalledMs > everyMs)) throw new Error('expected 0 < everyMs < stalledMs');
  let tickedAtMs = host.monotonicMs();
  let tickLagMs = 0;
  const sinceTickMs = (): number => host.monotonicMs() - tickedAtMs;
  const tick = (): void => {
    tickLagMs = Math.max(0, sinceTickMs() - everyMs);
    tickedAtMs = host.monotonicMs();
    cancel = host.after(everyMs, tick);
  };
  let cancel = host.after(everyMs, tick);
  return {
    alive: () => {
      const silentMs = Math.round(sinceTickMs());
      return silentMs <= stalledMs
        ? undefined
        : `the loop has not turned for ${silentMs} ms (limit ${stalledMs} ms)`;
    },
    lagMs: () => Math.max(tickLagMs, sinceTickMs() - everyMs, 0),
    stop: () => cancel(),
  };
}
