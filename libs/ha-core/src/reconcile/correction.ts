/**
 * What the broker's deals say against a result that stands (I6): a fill that shows up after its signal has ended without one, and
 * a deal that the broker took back. The result stays as it is, and what contradicts it becomes a `correction`, a record of its
 * own. A late position is adopted: it stands in RTS like any other, and nothing is closed for it.
 */
import type { Deal } from '../order/position.ts';
import type { CorrectionRecord, ResultRecord } from '../order/record.ts';

/** A correction without its time. */
export type Correction = Omit<CorrectionRecord, 'at' | 'epoch'>;

/** The result that stands, as far as it matters here. */
export type Ended = Pick<ResultRecord, 'signalId' | 'outcome' | 'resolution'>;

/** Ends that say that the broker executed nothing. */
const NOTHING_EXECUTED: ReadonlySet<string> = new Set(['rejected', 'expired', 'cancelled']);

/** The correction that a deal with the signal's magic makes necessary; undefined when the result agrees with it. Pure. */
export function lateFill(ended: Ended, deal: Deal): Correction | undefined {
  // A stop loss or a person at the terminal closes with the magic of the position: that is no command of ours.
  if (deal.cause !== 'expert' || deal.cancelled === true) return undefined;
  const said = ended.resolution?.said ?? ended.outcome;
  if (!NOTHING_EXECUTED.has(said)) return undefined;
  const end = ended.resolution === undefined ? said : `${said} by ${ended.resolution.by}`;
  return {
    kind: 'correction',
    signalId: ended.signalId,
    magic: deal.magic,
    symbol: deal.symbol,
    reason: 'late_fill',
    detail: `the result says ${end}; the broker executed ${fillText(deal)}; adopted`,
  };
}

/** The correction of a deal of the signal that the broker took back, whoever made the deal. Pure. */
export function cancelledDeal(signalId: string, deal: Deal): Correction {
  return {
    kind: 'correction',
    signalId,
    magic: deal.magic,
    symbol: deal.symbol,
    reason: 'deal_cancelled',
    detail: `the broker took back ${fillText(deal)}`,
  };
}

const fillText = (deal: Deal): string => `${deal.side} ${deal.volume} at ${deal.price}, deal ${deal.deal}`;
