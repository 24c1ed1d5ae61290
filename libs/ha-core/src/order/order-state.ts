/** How an order stands at the engine, what can happen to it, and what is to be done then: the words of order.ts. */
import type { Intent } from './intent.ts';
import type { Outcome, ReasonCode } from './outcome.ts';
import type { Resolution } from './resolution.ts';

/** What the broker is known to have done: from OrderSend, from the journal, or found in the broker's own records. */
export type Execution = {
  readonly retcode: number;
  readonly order: string;
  readonly deal: string;
  readonly position: string;
  readonly volume: string;
  readonly price: string;
  readonly text: string;
  /** The broker's own time of it, in wall ms; 0 when it is not known. */
  readonly at: number;
};

export type Ending = {
  readonly outcome: Outcome;
  readonly reason: ReasonCode;
  readonly detail?: string;
  readonly execution?: Execution;
  readonly resolution?: Resolution;
};

export type OrderState =
  /**
   * In line. `attempt` is the next one's number, `refusals` how often the broker said no; `notBeforeMs` holds back a retry, and
   * with it the signals behind it: all of the account, or those of its symbol.
   */
  | {
      readonly is: 'waiting';
      readonly attempt: number;
      readonly refusals: number;
      readonly notBeforeMs: number;
      readonly holdsUp: 'account' | 'symbol';
    }
  | { readonly is: 'intending'; readonly intent: Intent }
  | { readonly is: 'sent'; readonly intent: Intent }
  /** The session ended, or this engine has just taken over: only the terminal's journal knows. */
  | { readonly is: 'asking'; readonly intent: Intent }
  | { readonly is: 'unknown'; readonly intent: Intent; readonly sinceMs: number; readonly lookUps: number }
  | { readonly is: 'finishing'; readonly ending: Ending; readonly intent: Intent | undefined }
  | { readonly is: 'finished' };

export type OrderEvent =
  | { readonly is: 'begin'; readonly intent: Intent }
  | { readonly is: 'refuse'; readonly reason: ReasonCode; readonly detail: string }
  | { readonly is: 'intent_durable'; readonly lifeMs: number }
  | { readonly is: 'result'; readonly execution: Execution; readonly lifeMs: number }
  | { readonly is: 'refused'; readonly reason: string; readonly lifeMs: number }
  | { readonly is: 'session_lost' }
  | { readonly is: 'answer'; readonly answer: JournalEvidence; readonly lifeMs: number }
  | {
      readonly is: 'evidence';
      readonly execution: Execution | undefined;
      readonly certainNo: string | undefined;
    }
  | { readonly is: 'resolved'; readonly resolution: Resolution }
  | { readonly is: 'expired' }
  | { readonly is: 'finished' };

/** The journal's answer, with whether it comes from the very journal and boot that the intent names, after the fence. */
export type JournalEvidence =
  | { readonly state: 'never'; readonly sameJournal: boolean }
  | { readonly state: 'refused'; readonly reason: string }
  | { readonly state: 'intent' }
  | { readonly state: 'result'; readonly execution: Execution };

export type OrderEffect =
  | { readonly do: 'write_intent'; readonly intent: Intent }
  | { readonly do: 'send'; readonly intent: Intent; readonly lifeMs: number }
  | { readonly do: 'write_unknown'; readonly why: string }
  | { readonly do: 'look_up'; readonly afterMs: number }
  /** What the terminal lists is other than was thought: nothing is decided about positions and orders before it was read. */
  | { readonly do: 'read_lists' }
  /** The terminal of the intent must not trade: nothing is sent through it for a while. */
  | { readonly do: 'not_tradable'; readonly intent: Intent; readonly why: string }
  | { readonly do: 'alert'; readonly why: string }
  | { readonly do: 'finish'; readonly ending: Ending; readonly intent: Intent | undefined };

export type OrderStep = { readonly state: OrderState; readonly effects: readonly OrderEffect[] };
