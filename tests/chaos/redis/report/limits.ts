/**
 * When an outage fails the suite. The aims (0.6 s for a death, 1 s for silence and for a replica, 0.1 s planned) are
 * for a quiet machine and are reported as they come out. The suite also runs where other things run, on two cores, so
 * it fails only at five times the aim's worst case and never below 3 s: a system that needs that long has fallen back
 * to Sentinel's own timer or hangs, and no load of a test machine explains it.
 */
import type { RunResult } from '../one-run.ts';

const FACTOR = 5;
const LEAST_MS = 3000;

/** Whether the outage passes the aim's worst case by far. */
export function passedByFar({ outageMs, worstMs }: RunResult): boolean {
  if (worstMs === undefined) return false;
  return outageMs === undefined || outageMs > Math.max(LEAST_MS, worstMs * FACTOR);
}
