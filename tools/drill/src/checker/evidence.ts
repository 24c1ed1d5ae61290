/**
 * What the checker judges by, from the outside: what clients were told, the numbered records of the API, and the changes
 * in the broker's own ledger. This folder imports nothing of Holdfast, so that it cannot share a mistake with it.
 */

/** What a client was told of one signal. */
export type Told = {
  readonly account: string;
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** CLOCK_MONOTONIC in ms. */
  readonly sentMs: number;
  /** Status codes of every attempt, 0 where the connection broke or nothing came. */
  readonly statuses: number[];
  acknowledgedMs?: number;
  /** What the broker will know the signal by, as the acknowledgement said. */
  magic?: string;
};

/** A numbered record of an account. */
export type RecordRow = {
  readonly number: number;
  readonly kind: string;
  readonly signalId?: string;
  readonly outcome?: string;
  readonly action?: string;
  readonly magic?: string;
  readonly filledVolume?: string;
  readonly epoch?: number;
  readonly tickets?: { readonly deals?: readonly string[] };
};

export type LedgerOrder = {
  readonly account: string;
  readonly order: string;
  readonly state: string;
  readonly magic: string;
};

export type LedgerDeal = {
  readonly account: string;
  readonly deal: string;
  readonly order: string;
  readonly magic: string;
  readonly volume: string;
};

export type LedgerChange =
  | { readonly is: 'order'; readonly order: LedgerOrder }
  | { readonly is: 'deal'; readonly deal: LedgerDeal }
  | { readonly is: 'account' | 'position' | 'position_gone' };

export type Verdict = {
  readonly acknowledged: number;
  readonly executed: number;
  /** Acknowledged signals without a result. */
  readonly lost: readonly string[];
  /** Signals with two results, or with two executed orders at the broker. */
  readonly doubled: readonly string[];
  /** Everything else that does not agree, in words. */
  readonly wrong: readonly string[];
  /** Signals that the broker did not confirm and a person had to decide; each is named. */
  readonly unknown: readonly string[];
};
