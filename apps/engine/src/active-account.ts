/** What an active account is given, and what it offers: see account.ts. */
import type { BridgeSession, SessionEvent } from '@holdfast/bridge';
import type { BrokerLogin, Host, MarginMode, Profile, ReconciliationReport } from '@holdfast/ha-core';
import type { AcceptedSignal, AccountSnapshot, StoredWish, TradeJournal } from '@holdfast/redis';
import type { AccountView } from './account-view.ts';
import type { Performed } from './wish-desk.ts';

export type ActiveAccountOptions = {
  readonly host: Host;
  readonly account: string;
  readonly margin: MarginMode;
  /** As the configuration has it. */
  readonly login?: BrokerLogin | undefined;
  readonly engine: string;
  readonly epoch: string;
  readonly numbers: Profile;
  readonly journal: TradeJournal;
  readonly snapshot: AccountSnapshot;
  /** When this engine first saw an entry of RTSS, on its monotonic clock; undefined when it never did. */
  readonly firstSeenMs: (accepted: AcceptedSignal) => number | undefined;
  /** A person holds the account still: nothing is begun or sent. After it ends, `goOn`. */
  readonly held: () => boolean;
  /** Redis or a terminal refused this leadership: nothing more may be done under it (I3). */
  readonly onDeposed: (by: string) => void;
  readonly notify: (what: string, detail: Record<string, unknown>) => void;
  readonly onReconciled: (report: ReconciliationReport) => void;
  readonly onResult: (outcome: string, tookMs: number) => void;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type ActiveAccount = {
  readonly take: (signals: readonly AcceptedSignal[]) => void;
  /** Those that are open at the start come together: else the first one would get the trading role. */
  readonly addSessions: (sessions: readonly BridgeSession[]) => void;
  readonly sessionEvent: (session: BridgeSession, event: SessionEvent) => void;
  /** Looks for what can be sent: what held the account still is over. */
  readonly goOn: () => void;
  /** The lease could not be renewed: nothing is sent until `resume`. */
  readonly pause: () => void;
  readonly resume: () => void;
  readonly renewed: () => void;
  /** Begins nothing more and waits, within the limit, until what is under way has its result. */
  readonly drain: (limitMs: number) => Promise<void>;
  /** Ends at once. */
  readonly stop: () => void;
  /** A person says what became of an unknown outcome; undefined: the next leader has to answer. */
  readonly resolve: (wish: StoredWish) => Promise<Performed | undefined>;
  /** Compares the terminal's lists with RTS now; the report stands in RIS. */
  readonly reconcile: () => Promise<Performed>;
  readonly view: () => AccountView;
};
