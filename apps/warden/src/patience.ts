/**
 * How long a node may be silent. After a false alarm (the old primary was there all the time, on a machine too busy to
 * answer) the limit is a longer one for a minute: each change of primary costs work, and on a busy machine the next
 * probe would be missed because of it, again and again. Not longer than Sentinel's own timer: it would come first.
 */
import type { Host } from '@holdfast/ha-core';

export type Patience = {
  /** The limit of one probe now, in ms. */
  readonly limitMs: () => number;
  readonly falseAlarm: () => void;
};

export type PatienceOptions = {
  readonly limitMs: number;
  /** After a false alarm. */
  readonly patientMs: number;
};

/** An old primary that answers so soon after it was followed by another was not gone. */
export const FALSE_ALARM_WITHIN_MS = 300;
const LASTS_MS = 60_000;

/** Starts with the limit of the profile. */
export function createPatience(host: Host, { limitMs, patientMs }: PatienceOptions): Patience {
  let untilMs = Number.NEGATIVE_INFINITY;
  return {
    limitMs: () => (host.monotonicMs() < untilMs ? patientMs : limitMs),
    falseAlarm: () => {
      untilMs = host.monotonicMs() + LASTS_MS;
    },
  };
}
