/**
 * How long a node may be silent. A machine that is too busy to answer looks like a lost one. Three things tell: an answer that
 * was late, a false alarm (the old primary was there all the time), and a warden that runs late itself, because its node stands
 * beside it. After each the limit is a longer one for ten minutes: a change of primary costs work, and on a busy machine the
 * next probe would be missed because of it, again and again. Not longer than Sentinel's own timer: it would come first.
 */
import type { Host } from '@holdfast/ha-core';

export type Patience = {
  /** The limit of one probe now, in ms. */
  readonly limitMs: () => number;
  readonly falseAlarm: () => void;
  /** A node has answered after it was silent for so long, and had missed a probe. */
  readonly answeredLate: (silentMs: number) => void;
  /** This process ran so much later than it wanted; whether its machine is busy, and the others are to be told. */
  readonly ranLate: (lateMs: number) => boolean;
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
const LASTS_MS = 600_000;
/** A collection of garbage, or a neighbour that starts, is shorter. */
const BUSY_FROM_MS = 75;
/** The others are not told more often. */
const TOLD_EVERY_MS = 10_000;

/** Starts with the limit of the profile. */
export function createPatience(host: Host, { limitMs, patientMs, misses }: PatienceOptions): Patience {
  let untilMs = Number.NEGATIVE_INFINITY;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  /** What lasts longer than patience would wait was frozen or cut off. */
  const isOfBusyMachine = (ms: number): boolean => ms < patientMs * misses;
  const bePatient = (): void => {
    untilMs = host.monotonicMs() + LASTS_MS;
  };
  return {
    limitMs: () => (host.monotonicMs() < untilMs ? patientMs : limitMs),
    falseAlarm: bePatient,
    answeredLate: (silentMs) => {
      if (isOfBusyMachine(silentMs)) bePatient();
    },
    ranLate: (lateMs) => {
      if (lateMs < BUSY_FROM_MS || !isOfBusyMachine(lateMs)) return false;
      bePatient();
      const nowMs = host.monotonicMs();
      if (nowMs - toldAtMs < TOLD_EVERY_MS) return false;
      toldAtMs = nowMs;
      return true;
    },
  };
}
