/**
 * Pairs of faults after which Redis may stop trading until a person decides: nobody left can prove that it has all that
 * was acknowledged. It must not lie even then.
 */
import type { RedisFault } from '../redis/faults.ts';

/** The disk of a node is gone: what was only there, and on a node that is gone too, may have been acknowledged. */
const EMPTY: ReadonlySet<RedisFault> = new Set(['primary restarted empty', 'replica restarted empty']);

/** Whether faults that struck together may end so. */
export function mayStopTrading(kinds: readonly RedisFault[]): boolean {
  return kinds.length > 1 && kinds.some((kind) => EMPTY.has(kind));
}
