/**
 * RTRS: the account's numbered records. One `result` per signal (I6); besides it what happens at the broker:
 * `deal`, `order` (a pending order changed), `correction` (something that contradicts a recorded result).
 * The number is given by the Redis function in the same call that writes the record, contiguous from 1 (I8).
 * Money, prices and volumes are decimal strings; tickets and magics are strings; times are wall milliseconds.
 */
import type { Signal } from '../signal/signal.ts';
import type { Outcome, ReasonCode } from './outcome.ts';
import type { Resolution } from './resolution.ts';

/** One step of a signal's life, as `GET …/signals/{id}` shows it. */
export type Step = {
  readonly state: string;
  readonly at: number;
  readonly epoch: number;
  readonly by: string;
  readonly reason?: string;
};

export type Tickets = {
  readonly order?: string;
  readonly position?: string;
  readonly deals?: readonly string[];
};

export type ResultRecord = {
  readonly kind: 'result';
  readonly signalId: string;
  readonly magic: string;
  readonly action: Signal['action'];
  readonly symbol: string;
  readonly outcome: Outcome;
  readonly reason: ReasonCode;
  /** What the reason alone does not say: the broker's text, the limit that was hit. At most 200 characters. */
  readonly detail?: string;
  /** Where a person ended it: what they said became of it, who and why. */
  readonly resolution?: Resolution;
  readonly side?: 'buy' | 'sell';
  /** Volume asked for, and executed, in lots. */
  readonly volume?: string;
  readonly filledVolume?: string;
  readonly price?: string;
  readonly retcode?: number;
  readonly tickets: Tickets;
  readonly terminal?: string;
  readonly strategy?: string;
  readonly acceptedAt: number;
  readonly at: number;
  readonly epoch: number;
  readonly steps: readonly Step[];
};

export type DealRecord = {
  readonly kind: 'deal';
  readonly deal: string;
  readonly order: string;
  readonly position: string;
  readonly magic: string;
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly entry: 'in' | 'out' | 'inout' | 'out_by';
  /** MT5's reason: expert, client, sl, tp, so, … */
  readonly cause: string;
  readonly volume: string;
  readonly price: string;
  readonly profit: string;
  readonly comment: string;
  readonly brokerAt: number;
  readonly signalId?: string;
  readonly at: number;
  readonly epoch: number;
};

export type OrderRecord = {
  readonly kind: 'order';
  readonly order: string;
  readonly magic: string;
  readonly symbol: string;
  readonly state: 'placed' | 'filled' | 'cancelled' | 'expired' | 'rejected' | 'changed';
  readonly volume: string;
  readonly price: string;
  readonly signalId?: string;
  readonly at: number;
  readonly epoch: number;
};

export type CorrectionRecord = {
  readonly kind: 'correction';
  readonly signalId: string;
  readonly magic: string;
  readonly symbol: string;
  readonly reason: string;
  readonly detail: string;
  readonly at: number;
  readonly epoch: number;
};

export type TradeRecord = ResultRecord | DealRecord | OrderRecord | CorrectionRecord;

/** A record with its place, as readers see it. */
export type NumberedRecord = TradeRecord & { readonly account: string; readonly number: number };
