/**
 * Whether a machine of the cluster is short of processors. Redis answers nobody while it waits for its disk, and there each
 * write waits for threads of the kernel that wait for a processor themselves: measured, 0.5 s under three busy processes
 * for each processor. No limit that finds a frozen node within a second tells the two apart, so the kernel is asked. While it
 * says so a silent primary is waited for, by the wardens and by Sentinel's own timer. One whose process is gone is not: its
 * machine ends the connection and refuses another, however busy it is.
 */
import type { Host } from '@holdfast/ha-core';

export type Pressure = {
  /**
   * The share of the last seconds in which some process of this machine waited for a processor, 0 to 1. True when the other
   * wardens are to be told.
   */
  readonly measured: (share: number) => boolean;
  /** Another warden's machine is short of processors. */
  readonly elsewhere: () => void;
  readonly isOn: () => boolean;
};

/** A machine that runs what it has to do is below it; with two processes for each processor that never rest it is near 1. */
const FROM = 0.5;
/** The others are not told more often. */
const TOLD_EVERY_MS = 10_000;
/** Longer than until the others are told again: one word may be lost. */
const LASTS_MS = 30_000;

/** Starts without pressure. */
export function createPressure(host: Pick<Host, 'monotonicMs'>): Pressure {
  let untilMs = Number.NEGATIVE_INFINITY;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  const begin = (): void => {
    untilMs = host.monotonicMs() + LASTS_MS;
  };
  return {
    measured: (share) => {
      if (share < FROM) return false;
      begin();
      const nowMs = host.monotonicMs();
      if (nowMs - toldAtMs < TOLD_EVERY_MS) return false;
      toldAtMs = nowMs;
      return true;
    },
    elsewhere: begin,
    isOn: () => host.monotonicMs() < untilMs,
  };
}
