/**
 * Faults together after which Redis may stop trading until a person decides: nobody left can prove that it has all that
 * was acknowledged. It must not lie even then.
 */
import type { RedisFault } from '../redis/faults.ts';

/** The disk of a node is gone: what was only there, and on a node that is gone too, may have been acknowledged. */
const EMPTY: ReadonlySet<RedisFault> = new Set(['primary restarted empty', 'replica restarted empty']);

/**
 * Two faults by itself, so three with another one. A primary is cut off, the Sentinel that has promoted its successor is
 * killed before it saw that, and then the successor: the Sentinels go back to the older primary, and what was written in
 * between is on no node that they make follow it. The wardens know that there was something.
 */
const TWO: ReadonlySet<RedisFault> = new Set([
  'all wardens killed, then the primary',
  'sentinel killed, then the primary',
]);

/** Whether faults that struck together may end so. */
export function mayStopTrading(kinds: readonly RedisFault[]): boolean {
  return kinds.length > 1 && kinds.some((kind) => EMPTY.has(kind) || TWO.has(kind));
}
