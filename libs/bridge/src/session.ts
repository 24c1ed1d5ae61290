/**
 * The engine's side of a bridge session: what the account loop sees of a terminal. The protocol is
 * docs/bridge-protocol.md; sockets, proofs, sequence numbers and silence are handled here, order life is not.
 */
import type {
  BrokerCommand,
  Deal,
  Endpoint,
  Host,
  MarginMode,
  Network,
  Position,
  SymbolRules,
  WorkingOrder,
} from '@holdfast/ha-core';

/** Who called, as proven by the account's secret. */
export type TerminalIdentity = {
  readonly account: string;
  readonly terminal: string;
  readonly role: 'primary' | 'backup';
  readonly margin: MarginMode;
  readonly login: string;
  readonly server: string;
  /** Journal incarnation and host boot: only these can prove that a command never arrived. */
  readonly journal: string;
  readonly boot: string;
};

/** The last that the terminal said of itself. */
export type TerminalState = {
  readonly broker: boolean;
  readonly busy: boolean;
  readonly epoch: string;
  readonly holder: string;
  readonly trade: boolean;
  /** Host monotonic time of the last line from it. */
  readonly heardAtMs: number;
};

export type TradeCommand = {
  readonly commandId: string;
  readonly epoch: string;
  readonly holder: string;
  readonly lifeMs: number;
  readonly magic: string;
  readonly comment: string;
  readonly command: BrokerCommand;
};

/** What OrderSend returned. Tickets are '0' where the broker named none. */
export type TradeResult = {
  readonly commandId: string;
  readonly retcode: number;
  readonly order: string;
  readonly deal: string;
  readonly position: string;
  readonly volume: string;
  readonly price: string;
  readonly text: string;
  readonly at: number;
};

export type Refusal = {
  readonly commandId: string;
  readonly reason:
    | 'stale_epoch'
    | 'no_role'
    | 'no_lease'
    | 'expired'
    | 'fenced'
    | 'queue_full'
    | 'bad_command'
    /** The terminal is not connected to the broker, or its lists are not synced. */
    | 'no_broker';
  readonly epoch: string;
  readonly holder: string;
};

/** What the journal says of a command. */
export type JournalAnswer =
  | { readonly state: 'never'; readonly journal: string; readonly boot: string }
  | { readonly state: 'refused'; readonly reason: string; readonly journal: string; readonly boot: string }
  | { readonly state: 'intent'; readonly journal: string; readonly boot: string }
  | {
      readonly state: 'result';
      readonly result: TradeResult;
      readonly journal: string;
      readonly boot: string;
    };

export type DoneOrder = {
  readonly order: string;
  readonly symbol: string;
  readonly state: 'filled' | 'partial' | 'cancelled' | 'expired' | 'rejected';
  readonly volume: string;
  readonly filled: string;
  readonly magic: string;
  readonly comment: string;
  readonly at: number;
};

/** The rows of one LIST. `synced` false: the terminal's lists are still filling and prove nothing. */
export type Listing<Row> = {
  readonly rows: readonly Row[];
  readonly synced: boolean;
  readonly broker: boolean;
  /** The broker's clock after the reading, in its wall ms; undefined when the terminal did not tell it. */
  readonly time?: number;
};

/** What narrows `deals` and `done`; `cancelled` asks for the deals that the broker took back, and no others. */
export type ListOptions = {
  readonly since?: number;
  readonly magic?: string;
  readonly cancelled?: true;
  readonly deadlineMs: number;
};

export type Rows = {
  positions: Position;
  orders: WorkingOrder;
  deals: Deal;
  done: DoneOrder;
  symbols: SymbolRules;
};

export type FenceOutcome =
  | { readonly is: 'fenced'; readonly journal: string; readonly boot: string }
  | { readonly is: 'refused'; readonly epoch: string; readonly holder: string };

export type SessionEvent =
  | { readonly is: 'state'; readonly state: TerminalState }
  | { readonly is: 'result'; readonly result: TradeResult; readonly replay: boolean }
  | { readonly is: 'refused'; readonly refusal: Refusal }
  /** `cancelled`: the deal that the broker took back just now. */
  | { readonly is: 'changed'; readonly what: 'deal' | 'order' | 'position'; readonly cancelled?: Deal }
  | { readonly is: 'closed'; readonly reason: string };

/** A request that got no answer: the session closed or the deadline passed. Nothing is known of its effect. */
export class SessionLost extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SessionLost';
  }
}

export type BridgeSession = {
  readonly identity: TerminalIdentity;
  readonly state: () => TerminalState;
  /** Registers the one receiver of events; events that came before are kept for it. `closed` is the last one. */
  readonly onEvent: (receive: (event: SessionEvent) => void) => void;
  /** Sends SEND; the outcome comes as an event `result` or `refused`, or never (then: unknown). False: not sent. */
  readonly send: (command: TradeCommand) => boolean;
  readonly lease: (epoch: string, holder: string, forMs: number) => void;
  /** Rejects with SessionLost. */
  readonly fence: (
    epoch: string,
    holder: string,
    trade: boolean,
    deadlineMs: number,
  ) => Promise<FenceOutcome>;
  /** Rejects with SessionLost. */
  readonly ask: (commandId: string, deadlineMs: number) => Promise<JournalAnswer>;
  /** Rejects with SessionLost. */
  readonly list: <What extends keyof Rows>(what: What, options: ListOptions) => Promise<Listing<Rows[What]>>;
  readonly close: (reason: string) => void;
};

export type BridgeListenerOptions = {
  readonly host: Host;
  readonly network: Network;
  readonly endpoint: Endpoint;
  readonly engine: string;
  /** The account's bridge secret, or undefined for an account that this system does not have. */
  readonly secretOf: (account: string) => string | undefined;
  /** Called for each session that proved itself. A newer session of the same terminal closes the older (`replaced`). */
  readonly onSession: (session: BridgeSession) => void;
  /** 16 random bytes as hex, for nonces. */
  readonly nonce: () => string;
  /** A silent session is closed after this time while idle, after `blockedMs` while a command is under way. */
  readonly silenceMs: number;
  readonly blockedMs: number;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};
