/** What an engine shows of itself: status, console and tests read it. */
import type { WriterView } from '@holdfast/redis';
import type { AccountView } from './account-view.ts';

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
