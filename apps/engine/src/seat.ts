/** What one account has at one engine, active or not: its sessions, its leadership, and the active account while it leads. */
import type { BridgeSession } from '@holdfast/bridge';
import type { ActiveAccount } from './active-account.ts';
import type { Arrivals } from './arrivals.ts';
import type { EngineAccount } from './engine-options.ts';
import type { HandOverSeat } from './hand-over.ts';
import type { Leadership } from './leadership.ts';
import type { Loading } from './loading.ts';
import type { WishDesk } from './wish-desk.ts';

export type Seat = {
  readonly account: EngineAccount;
  readonly sessions: Map<string, BridgeSession>;
  readonly arrivals: Arrivals;
  leadership: Leadership;
  active: ActiveAccount | undefined;
  /** What was asked for together with the lease. */
  loading: Loading | undefined;
  epoch: string;
  activeSinceMs: number;
  /** Whom the next release names; '' for anyone who is there. */
  successor: string;
  handingOver: boolean;
  readonly desk: WishDesk;
  readonly outside: HandOverSeat;
};

/** The highest epoch that any terminal with an open session knows (I3: the next one is above it). */
export function highestEpoch(seat: Seat | undefined): string {
  let highest = 0n;
  for (const session of seat?.sessions.values() ?? []) {
    const epoch = BigInt(session.state().epoch || '0');
    if (epoch > highest) highest = epoch;
  }
  return highest.toString();
}
