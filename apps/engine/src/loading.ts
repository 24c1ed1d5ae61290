/**
 * What an account starts from under a new leadership. It is asked for in the same breath as the lease, right behind it:
 * rounds keep their order, so what it shows is from after the lease was taken, when nobody else may write any more.
 */
import {
  type AcceptedSignal,
  type AccountSnapshot,
  type AcknowledgedWriter,
  createTradeJournal,
  type TradeJournal,
} from '@holdfast/redis';
import type { Arrivals } from './arrivals.ts';

export type Loading = {
  readonly epoch: string;
  readonly journal: TradeJournal;
  /** The snapshot, and what arrived since it was asked for; undefined when Redis did not answer or too much came. */
  readonly loaded: Promise<
    { readonly snapshot: AccountSnapshot; readonly arrived: readonly AcceptedSignal[] } | undefined
  >;
};

/** How long a write of the account is repeated before it is given up. */
const WRITE_WITHIN_MS = 2000;

/** Asks for the account now. `arrivals` keeps what comes from here on, until it has answered. */
export function beginLoading(
  writer: AcknowledgedWriter,
  arrivals: Arrivals,
  account: string,
  leadership: { readonly holder: string; readonly epoch: string },
): Loading {
  const kept = arrivals.keep();
  const journal = createTradeJournal(writer, account, leadership, WRITE_WITHIN_MS);
  const load = async (): Promise<Awaited<Loading['loaded']>> => {
    const snapshot = await journal.load();
    const arrived = kept();
    return snapshot === undefined || arrived === undefined ? undefined : { snapshot, arrived };
  };
  return { epoch: leadership.epoch, journal, loaded: load() };
}
