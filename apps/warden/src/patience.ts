/**
 * How long a node may be silent. After a false alarm (the old primary was there all the time, on a machine too busy to
 * answer) the limit doubles for a minute: each change of primary costs work, and on a busy machine the next probe would be
 * missed because of it, again and again.
 */
import type { Host } from '@holdfast/ha-core';

export type Patience = {
  /** The limit of one probe now, in ms. */
  readonly limitMs: () => number;
  readonly falseAlarm: () => void;
};

/** An old primary that answers so soon after it was followed by another was not gone. */
export const FALSE_ALARM_WITHIN_MS = 1000;
const LASTS_MS = 60_000;
const FACTOR_MOST = 4;

/** Starts with the limit of the profile. */
export function createPatience(host: Host, limitMs: number): Patience {
  let factor = 1;
  let untilMs = 0;
  const now = (): number => {
    if (host.monotonicMs() >= untilMs) factor = 1;
    return factor;
  };
  return {
    limitMs: () => limitMs * now(),
    falseAlarm: () => {
      factor = Math.min(FACTOR_MOST, now() * 2);
      untilMs = host.monotonicMs() + LASTS_MS;
    },
  };
}
