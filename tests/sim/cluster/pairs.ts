/**
 * Which faults strike together, and after which of them Redis may stop trading until a person decides: nobody left can
 * prove that it has all that was acknowledged. It must not lie even then.
 */
import type { RedisFault } from '../redis/faults.ts';

/** The disk of a node is gone: what was only there, and on a node that is gone too, may have been acknowledged. */
const EMPTY: ReadonlySet<RedisFault> = new Set(['primary restarted empty', 'replica restarted empty']);

/**
 * Two faults by itself. With a third one there is no promise: a primary is cut off, the Sentinel that has promoted its
 * successor is killed before it saw that, and then the successor, all within a second; then the Sentinels go back to the older
 * primary and make the last node with the newer writes follow it.
 */
const TWO: ReadonlySet<RedisFault> = new Set([
  'all wardens killed, then the primary',
  'sentinel killed, then the primary',
]);

/** Those of the drawn faults that strike: one that is two by itself strikes alone. */
export function struckTogether(drawn: readonly RedisFault[]): readonly RedisFault[] {
  const two = drawn.find((kind) => TWO.has(kind));
  return two === undefined ? drawn : [two];
}

/** Whether faults that struck together may end so. */
export function mayStopTrading(kinds: readonly RedisFault[]): boolean {
  return kinds.length > 1 && kinds.some((kind) => EMPTY.has(kind));
}
