/** What an engine shows of itself: status, console and tests read it. */
import type { WriterView } from '@holdfast/redis';
import type { AccountView } from './account-view.ts';
import type { Seat } from './seat.ts';

export type EngineView = {
  readonly redis: WriterView;
  readonly peers: readonly string[];
  readonly accounts: readonly EngineAccountView[];
};

export type EngineAccountView = {
  readonly account: string;
  readonly role: 'active' | 'standby';
  readonly holder: string;
  readonly epoch: string;
  /** The wish that holds the account still, as its leader knows it; '' for none. */
  readonly pause: string;
  readonly sessions: readonly string[];
  readonly active: AccountView | undefined;
};

/** As it is at this moment. */
export function viewOfEngine(redis: WriterView, peers: readonly string[], seats: Iterable<Seat>): EngineView {
  return { redis, peers, accounts: [...seats].map(viewOfSeat) };
}

function viewOfSeat({ account, active, leadership, desk, sessions }: Seat): EngineAccountView {
  const row = leadership.row();
  return {
    account: account.account,
    role: active === undefined ? 'standby' : 'active',
    holder: row?.holder ?? '',
    epoch: row?.epoch ?? '0',
    pause: desk.pause(),
    sessions: [...sessions.keys()],
    active: active?.view(),
  };
}
