/**
 * The life of one signal at the engine, from RTSS to its result (I2, I4, I5, I6, I7; ARCHITECTURE section 7).
 *
 *   waiting ─begin─► intending ─durable─► sent ─result: ok, certain no, goal──────────► finishing ─durable─► finished
 *      ▲                 │                 │ │ └─ ambiguous, ok without a deal─► unknown ─evidence──▲
 *      │                 └─life over───────┼─┼──────────────────────────────────────────────────────┤
 *      └─certain NO that may be retried────┘ └─session lost─► asking ─answer of the journal─────────┘
 *
 * What never happens here: a command goes out before its intent is durable (I4); a command whose outcome is unknown
 * goes out again (I5): the only ways back to `waiting` are a certain NO of the broker, a refusal that the journal
 * holds, and "never arrived" said by the very journal and boot that the intent names, after a fence.
 */
import type { Intent } from './intent.ts';
import type { Outcome, ReasonCode } from './outcome.ts';
import { type Resolution, resolutionText } from './resolution.ts';
import { returnCode } from './return-codes.ts';
import { compareDecimals, decimal } from '../signal/decimal.ts';
import { LIMITS } from '../constants.ts';

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
  /** In line. `attempt` is the next one's number, `refusals` how often the broker said no; `notBeforeMs` holds back a retry. */
  | {
      readonly is: 'waiting';
      readonly attempt: number;
      readonly refusals: number;
      readonly notBeforeMs: number;
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
  | { readonly do: 'finish'; readonly ending: Ending; readonly intent: Intent | undefined };

export type OrderStep = { readonly state: OrderState; readonly effects: readonly OrderEffect[] };

const stay = (state: OrderState): OrderStep => ({ state, effects: [] });

/** One event, at `nowMs` of the host's monotonic clock. Events that do not fit the state change nothing. Pure. */
export function stepOrder(state: OrderState, event: OrderEvent, nowMs: number): OrderStep {
  switch (state.is) {
    case 'waiting':
      return waiting(state, event);
    case 'intending':
      return intending(state, event);
    case 'sent':
    case 'asking':
      return sent(state, event, nowMs);
    case 'unknown':
      return unknown(state, event, nowMs);
    case 'finishing':
      return event.is === 'finished' ? { state: { is: 'finished' }, effects: [] } : stay(state);
    case 'finished':
      return stay(state);
  }
}

function finish(ending: Ending, intent: Intent | undefined): OrderStep {
  return { state: { is: 'finishing', ending, intent }, effects: [{ do: 'finish', ending, intent }] };
}

const expired: Ending = { outcome: 'expired', reason: 'ttl_passed' };

function waiting(state: OrderState, event: OrderEvent): OrderStep {
  switch (event.is) {
    case 'begin':
      return {
        state: { is: 'intending', intent: event.intent },
        effects: [{ do: 'write_intent', intent: event.intent }],
      };
    case 'refuse':
      return finish({ outcome: 'rejected', reason: event.reason, detail: event.detail }, undefined);
    case 'expired':
      return finish(expired, undefined);
    default:
      return stay(state);
  }
}

function intending(state: OrderState & { is: 'intending' }, event: OrderEvent): OrderStep {
  switch (event.is) {
    case 'intent_durable':
      // I7: the life is looked at again after the write, which may have waited for Redis.
      if (event.lifeMs <= 0) return finish(expired, state.intent);
      return {
        state: { is: 'sent', intent: state.intent },
        effects: [{ do: 'send', intent: state.intent, lifeMs: event.lifeMs }],
      };
    case 'session_lost':
      // Nothing was sent by this leadership; the journal will say so.
      return stay(state);
    default:
      return stay(state);
  }
}

type Sent = OrderState & { is: 'sent' | 'asking' };

function sent(state: Sent, event: OrderEvent, nowMs: number): OrderStep {
  const { intent } = state;
  switch (event.is) {
    case 'result':
      return executed(intent, event.execution, event.lifeMs, nowMs);
    case 'refused':
      return refusedByBridge(intent, event.reason, event.lifeMs, nowMs);
    case 'session_lost':
      return stay({ is: 'asking', intent });
    case 'answer': {
      const { answer } = event;
      if (answer.state === 'result') return executed(intent, answer.execution, event.lifeMs, nowMs);
      if (answer.state === 'refused') return refusedByBridge(intent, answer.reason, event.lifeMs, nowMs);
      if (answer.state === 'never' && answer.sameJournal) return neverArrived(intent, event.lifeMs, nowMs);
      const why = answer.state === 'never' ? 'never arrived, says another journal' : 'sent, no answer';
      return becomeUnknown(intent, nowMs, why, 0);
    }
    default:
      return stay(state);
  }
}

function executed(intent: Intent, execution: Execution, lifeMs: number, nowMs: number): OrderStep {
  const code = returnCode(execution.retcode);
  switch (code.class) {
    case 'ok':
      return accepted(intent, execution, nowMs);
    case 'goal':
      if (intent.command.do === 'deal' || intent.command.do === 'pending') {
        return finish({ outcome: 'rejected', reason: `broker_${code.name}`, execution }, intent);
      }
      return finish({ outcome: 'done', reason: `broker_${code.name}`, execution }, intent);
    case 'ambiguous':
      return becomeUnknown(intent, nowMs, `broker_${code.name}`, LIMITS.lookUpFirstMs);
    case 'no':
      if (code.retry)
        return again(intent, lifeMs, nowMs, LIMITS.attemptPauseMs, `broker_${code.name}`, execution);
      return finish(
        { outcome: 'rejected', reason: `broker_${code.name}`, detail: execution.text, execution },
        intent,
      );
  }
}

/** The broker said yes. A deal that it does not name yet is looked up, because `done` alone is no proof of a fill. */
function accepted(intent: Intent, execution: Execution, nowMs: number): OrderStep {
  const { command } = intent;
  switch (command.do) {
    case 'deal':
    case 'close': {
      if (execution.deal === '0' || execution.deal === '')
        return becomeUnknown(intent, nowMs, 'no deal named yet', 0);
      const partly = execution.retcode === 10010 || isLess(execution.volume, command.volume);
      return finish({ outcome: partly ? 'partly_filled' : 'filled', reason: 'executed', execution }, intent);
    }
    case 'pending':
      return finish({ outcome: 'placed', reason: 'executed', execution }, intent);
    case 'modify_position':
    case 'modify_order':
    case 'cancel':
      return finish({ outcome: 'done', reason: 'executed', execution }, intent);
  }
}

/**
 * The bridge never gave it to the broker, so the attempt does not count against the broker's limit: the signal waits for
 * a terminal that takes it, with growing pauses, for as long as it lives.
 */
function refusedByBridge(intent: Intent, reason: string, lifeMs: number, nowMs: number): OrderStep {
  if (reason === 'expired') return finish(expired, intent);
  if (reason === 'bad_command')
    return finish({ outcome: 'rejected', reason: 'poison', detail: reason }, intent);
  const pauseMs = Math.min(
    LIMITS.lookUpEveryMsMax,
    LIMITS.attemptPauseMs * 2 ** Math.min(intent.attempt - 1, 10),
  );
  return lifeMs <= pauseMs ? finish(expired, intent) : wait(intent, nowMs + pauseMs, intent.refusals);
}

/** Attempt k ended with a certain NO, so attempt k+1 may follow while the signal lives (I5, I7). */
function again(
  intent: Intent,
  lifeMs: number,
  nowMs: number,
  pauseMs: number,
  reason: ReasonCode,
  execution?: Execution,
): OrderStep {
  if (lifeMs <= pauseMs) return finish(expired, intent);
  const refusals = intent.refusals + 1;
  if (refusals >= LIMITS.attemptsMax) {
    const detail = `refused ${refusals} times`;
    return finish(
      { outcome: 'rejected', reason, detail, ...(execution === undefined ? {} : { execution }) },
      intent,
    );
  }
  return wait(intent, nowMs + pauseMs, refusals);
}

function neverArrived(intent: Intent, lifeMs: number, nowMs: number): OrderStep {
  return lifeMs <= 0 ? finish(expired, intent) : wait(intent, nowMs, intent.refusals);
}

function wait(intent: Intent, notBeforeMs: number, refusals: number): OrderStep {
  return stay({ is: 'waiting', attempt: intent.attempt + 1, refusals, notBeforeMs });
}

function becomeUnknown(intent: Intent, nowMs: number, why: string, firstMs: number): OrderStep {
  return {
    state: { is: 'unknown', intent, sinceMs: nowMs, lookUps: 0 },
    effects: [
      { do: 'write_unknown', why },
      { do: 'look_up', afterMs: firstMs },
    ],
  };
}

function unknown(state: OrderState & { is: 'unknown' }, event: OrderEvent, nowMs: number): OrderStep {
  const { intent } = state;
  switch (event.is) {
    case 'evidence': {
      if (event.execution !== undefined) {
        const next = accepted(intent, event.execution, nowMs);
        if (next.state.is !== 'finishing') break;
        return finish({ ...next.state.ending, reason: 'found_at_broker' }, intent);
      }
      if (event.certainNo !== undefined) {
        return finish({ outcome: 'rejected', reason: 'found_at_broker', detail: event.certainNo }, intent);
      }
      break;
    }
    case 'answer':
      // "Never" and "refused" by the journal that the intent names are certain, however late they come.
      if (event.answer.state === 'never' && event.answer.sameJournal) {
        return neverArrived(intent, event.lifeMs, nowMs);
      }
      if (event.answer.state === 'refused')
        return refusedByBridge(intent, event.answer.reason, event.lifeMs, nowMs);
      if (event.answer.state === 'result') return found(state, event.answer.execution, event.lifeMs, nowMs);
      return stay(state);
    case 'result':
      return found(state, event.execution, event.lifeMs, nowMs);
    case 'resolved': {
      const { resolution } = event;
      const detail = resolutionText(resolution);
      return finish({ outcome: 'resolved', reason: 'person', detail, resolution }, intent);
    }
    default:
      return stay(state);
  }
  const lookUps = state.lookUps + 1;
  const afterMs = Math.min(LIMITS.lookUpEveryMsMax, LIMITS.lookUpFirstMs * 2 ** Math.min(lookUps, 16));
  return { state: { ...state, lookUps }, effects: [{ do: 'look_up', afterMs }] };
}

/** The bridge found out in the end: its journal is proof too, unless it is as ambiguous as before. */
function found(
  state: OrderState & { is: 'unknown' },
  execution: Execution,
  lifeMs: number,
  nowMs: number,
): OrderStep {
  if (returnCode(execution.retcode).class === 'ambiguous') return stay(state);
  const next = executed(state.intent, execution, lifeMs, nowMs);
  return next.state.is === 'unknown' ? stay(state) : next;
}

function isLess(volume: string, than: string): boolean {
  return compareDecimals(decimal(volume), decimal(than)) < 0;
}
