/**
 * The account's numbered records as a reader sees them (I6, I8), and at the end whether they say what the broker has: a
 * result that tells a fill has its deals there, one that tells of none has nothing there.
 */
import type { Broker } from '@holdfast/mt5-sim';
import type { ReadRecord } from '../system/client.ts';
import { Broken } from './broken.ts';

export type StoredChecker = {
  /** Whenever a reader has read all records. */
  readonly records: (rows: readonly ReadRecord[]) => void;
  readonly hasResult: (signalId: string) => boolean;
  readonly reasonOf: (signalId: string) => string | undefined;
  /** What the broker did for signals that have their results, and no record tells yet. */
  readonly unrecorded: (ledger: Pick<ReturnType<Broker['ledger']>, 'deals'>) => Broken | undefined;
  /** When nothing is under way any more. */
  readonly compare: (ledger: ReturnType<Broker['ledger']>) => void;
};

type Result = {
  readonly number: string;
  readonly signalId: string;
  readonly magic: string;
  readonly outcome: string;
  readonly reason: string;
  readonly filledVolume?: string;
};

type Stored = Omit<Result, 'number'> & {
  readonly kind: string;
  readonly deal?: string;
  readonly order?: string;
  readonly state?: string;
};

/** Volumes are multiples of 0.01. */
const SAME_VOLUME = 0.001;

/** Nothing was read yet. */
export function createStoredChecker(): StoredChecker {
  const seen = new Map<string, string>();
  const results = new Map<string, Result>();
  /** Names of deals and of states of orders → number. */
  const events = new Map<string, string>();

  const take = (number: string, record: Stored): void => {
    if (record.kind === 'result') {
      const other = results.get(record.signalId);
      if (other !== undefined) {
        throw new Broken('I6', `${record.signalId} has two results, ${other.number} and ${number}`);
      }
      results.set(record.signalId, { ...record, number });
      return;
    }
    const name = nameOf(record);
    const before = events.get(name);
    if (before !== undefined) throw new Broken('I8', `${name} is recorded twice, as ${before} and ${number}`);
    events.set(name, number);
  };

  const unrecorded: StoredChecker['unrecorded'] = ({ deals }) => {
    const byMagic = new Map([...results.values()].map((result) => [result.magic, result.signalId]));
    for (const { deal, magic, cancelled } of deals) {
      const signal = byMagic.get(magic);
      if (signal === undefined) continue;
      if (!events.has(`deal ${deal}`)) return new Broken('I8', `deal ${deal} of ${signal} is not recorded`);
      if (cancelled === true && !events.has(`correction deal_cancelled ${signal}`))
        return new Broken('I6', `the broker took back deal ${deal} of ${signal}, and nobody is told`);
    }
    return undefined;
  };

  return {
    unrecorded,
    records: (rows) => {
      for (const [index, { number, text }] of rows.entries()) {
        if (number !== `${index + 1}-0`)
          throw new Broken('I8', `record ${index + 1} has the number ${number}`);
        const before = seen.get(number);
        if (before !== undefined && before !== text) {
          throw new Broken('I8', `record ${number} was ${before} and is now ${text}`);
        }
        if (before !== undefined) continue;
        seen.set(number, text);
        take(number, JSON.parse(text) as Stored);
      }
      if (rows.length < seen.size)
        throw new Broken('I8', `${seen.size - rows.length} records that were read are gone`);
    },
    hasResult: (signalId) => results.has(signalId),
    reasonOf: (signalId) => results.get(signalId)?.reason,
    compare: ({ deals, orders }) => {
      const untold = unrecorded({ deals });
      if (untold !== undefined) throw untold;
      for (const { signalId, magic, outcome, filledVolume } of results.values()) {
        // What a stop loss or a person did later carries the same magic.
        const own = deals.filter((deal) => deal.magic === magic && deal.cause === 'expert');
        const volume = own.reduce((sum, deal) => sum + Number(deal.volume), 0);
        const kept = orders.some(
          (order) => order.magic === magic && ['placed', 'filled', 'partial'].includes(order.state),
        );
        const says = `${signalId} is told to be ${outcome} (${filledVolume ?? 'no volume'})`;
        if (outcome === 'filled' || outcome === 'partly_filled') {
          if (Math.abs(volume - Number(filledVolume)) > SAME_VOLUME)
            throw new Broken('I6', `${says}, and the broker has deals of ${volume}`);
        } else if (outcome === 'placed') {
          if (!orders.some((order) => order.magic === magic))
            throw new Broken('I6', `${says}, and the broker has no order`);
        } else if (own.length > 0 || kept) {
          throw new Broken('I6', `${says}, and the broker has an order of it`);
        }
      }
    },
  };
}

function nameOf(record: Stored): string {
  if (record.kind === 'deal') return `deal ${record.deal}`;
  if (record.kind === 'order') return `order ${record.order} ${record.state}`;
  return `${record.kind} ${record.reason} ${record.signalId}`;
}
