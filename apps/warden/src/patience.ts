/**
 * How long a node may be silent. A machine that is too busy to answer looks like a lost one: after an answer that was late, and
 * after a false alarm (the old primary was there all the time), the limit is a longer one for a minute. Each change of
 * primary costs work, and on a busy machine the next probe would be missed because of it, again and again. Not longer than
 * Sentinel's own timer: it would come first.
 */
import type { Host } from '@holdfast/ha-core';

export type Patience = {
  /** The limit of one probe now, in ms. */
  readonly limitMs: () => number;
  readonly falseAlarm: () => void;
  /** A node has answered after it was silent for so long, and had missed a probe. */
  readonly answeredLate: (silentMs: number) => void;
};

export type PatienceOptions = {
  readonly limitMs: number;
  /** While it is patient. */
  readonly patientMs: number;
  /** So many probes in a row are missed before a node is suspected. */
  readonly misses: number;
};

/** An old primary that answers so soon after it was followed by another was not gone. */
export const FALSE_ALARM_WITHIN_MS = 300;
const LASTS_MS = 60_000;

/** Starts with the limit of the profile. */
export function createPatience(host: Host, { limitMs, patientMs, misses }: PatienceOptions): Patience {
  let untilMs = Number.NEGATIVE_INFINITY;
  const bePatient = (): void => {
    untilMs = host.monotonicMs() + LASTS_MS;
  };
  return {
    limitMs: () => (host.monotonicMs() < untilMs ? patientMs : limitMs),
    falseAlarm: bePatient,
    answeredLate: (silentMs) => {
      // Longer than patience would have waited, it was frozen or cut off.
      if (silentMs < patientMs * misses) bePatient();
    },
  };
}
