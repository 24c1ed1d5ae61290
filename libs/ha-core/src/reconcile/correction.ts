/**
 * A fill that shows up after its signal has ended without one (I6): the result stays as it is, and what contradicts it becomes a
 * `correction`, a record of its own. The position is adopted: it stands in RTS like any other, and nothing is closed for it.
 */
import type { Deal } from '../order/position.ts';
import type { CorrectionRecord, ResultRecord } from '../order/record.ts';

/** The result that stands, as far as it matters here. */
export type Ended = Pick<ResultRecord, 'signalId' | 'outcome' | 'resolution'>;

/** Ends that say that the broker executed nothing. */
const NOTHING_EXECUTED: ReadonlySet<string> = new Set(['rejected', 'expired', 'cancelled']);

/** The correction that a deal with the signal's magic makes necessary; undefined when the result agrees with it. Pure. */
export function lateFill(ended: Ended, deal: Deal): Omit<CorrectionRecord, 'at' | 'epoch'> | undefined {
  // A stop loss or a person at the terminal closes with the magic of the position: that is no command of ours.
  if (deal.cause !== 'expert') return undefined;
  const said = ended.resolution?.said ?? ended.outcome;
  if (!NOTHING_EXECUTED.has(said)) return undefined;
  const fill = `${deal.side} ${deal.volume} at ${deal.price}, deal ${deal.deal}`;
  const end = ended.resolution === undefined ? said : `${said} by ${ended.resolution.by}`;
  return {
    kind: 'correction',
    signalId: ended.signalId,
    magic: deal.magic,
    symbol: deal.symbol,
    reason: 'late_fill',
    detail: `the result says ${end}; the broker executed ${fill}; adopted`,
  };
}
