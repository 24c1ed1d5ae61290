/**
 * BrokerLink: what a terminal has of its broker. Two sides stand behind it: the broker in the same process (the
 * simulation), and one over lines to the broker's process.
 */
import type { CrashPoint } from '../broker/fault-menu.ts';
import type { ListFilter, ListRows, Quote, TradeReply, TradeRequest } from '../broker/requests.ts';
import type { BrokerDeal, BrokerOrder, BrokerPosition } from '../broker/ledger.ts';

export type BrokerConnection = {
  /** The terminal is connected to the broker and logged in. */
  readonly connected: boolean;
  /** Its lists have filled since. */
  readonly synced: boolean;
  /** What the broker's clock is ahead of the terminal's, in ms. */
  readonly clockAheadMs: number;
  /** Who is logged in; empty before the first login. */
  readonly login: string;
};

export const NOT_CONNECTED: BrokerConnection = {
  connected: false,
  synced: false,
  clockAheadMs: 0,
  login: '',
};

/** What the broker tells a terminal by itself. */
export type BrokerNotice =
  | { readonly is: 'connection'; readonly connection: BrokerConnection }
  | { readonly is: 'deal'; readonly deal: BrokerDeal }
  | { readonly is: 'order'; readonly order: BrokerOrder }
  | { readonly is: 'position'; readonly position: BrokerPosition; readonly gone: boolean }
  /** A fault for the terminal itself: its links to the engines (or to the one named) go down. */
  | { readonly is: 'links_down'; readonly forMs: number; readonly engine: string | undefined }
  /** A fault for the terminal itself: it dies at that point of its next command. */
  | { readonly is: 'crash'; readonly point: CrashPoint };

export type BrokerLink = {
  readonly connection: () => BrokerConnection;
  /** OrderSend. Never rejects: 10031 when the connection is not there, or breaks before the reply. */
  readonly orderSend: (request: TradeRequest) => Promise<TradeReply>;
  /** Rows as the broker shows them now; undefined when they cannot be read. */
  readonly list: <What extends keyof ListRows>(
    what: What,
    filter: ListFilter,
  ) => Promise<readonly ListRows[What][] | undefined>;
  /** The position with that identifier: `gone` when there is none, undefined when that cannot be known. */
  readonly position: (identifier: string) => Promise<BrokerPosition | 'gone' | undefined>;
  /** The working order with a ticket, in the same way. */
  readonly order: (ticket: string) => Promise<BrokerOrder | 'gone' | undefined>;
  /** Undefined when there is none. */
  readonly quote: (symbol: string) => Promise<(Quote & { readonly digits: number }) | undefined>;
  /** Registers the one receiver. */
  readonly onNotice: (receive: (notice: BrokerNotice) => void) => void;
  readonly close: () => void;
};
