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
import type { Ending, Execution, OrderEvent, OrderState, OrderStep } from './order-state.ts';
import type { ReasonCode } from './outcome.ts';
import { resolutionText } from './resolution.ts';
import { type ReturnCode, returnCode } from './return-codes.ts';
import { compareDecimals, decimal } from '../signal/decimal.ts';
import { LIMITS } from '../constants.ts';

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
  const step = byClass(code, intent, execution, lifeMs, nowMs);
  if (!code.alert) return step;
  return { ...step, effects: [...step.effects, { do: 'alert', why: `broker_${code.name}` }] };
}

function byClass(
  code: ReturnCode,
  intent: Intent,
  execution: Execution,
  lifeMs: number,
  nowMs: number,
): OrderStep {
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
      return certainNo(code, intent, execution, lifeMs, nowMs);
  }
}

/** Surely not executed, so attempt k+1 may follow attempt k while the signal lives (I5, I7). */
function certainNo(
  code: ReturnCode,
  intent: Intent,
  execution: Execution,
  lifeMs: number,
  nowMs: number,
): OrderStep {
  const reason: ReasonCode = `broker_${code.name}`;
  switch (code.next) {
    case 'final':
      return finish({ outcome: 'rejected', reason, detail: execution.text, execution }, intent);
    case 'again':
      return again(intent, lifeMs, nowMs, LIMITS.attemptPauseMs, reason, execution);
    case 'read_again': {
      const step = again(intent, lifeMs, nowMs, LIMITS.attemptPauseMs, reason, execution);
      return { ...step, effects: [{ do: 'read_lists' }, ...step.effects] };
    }
    case 'back_off':
      return again(intent, lifeMs, nowMs, LIMITS.tooManyPauseMs * 2 ** intent.refusals, reason, execution);
    case 'park':
      return park(intent, lifeMs, nowMs, reason);
    case 'not_tradable': {
      const step = elsewhere(intent, lifeMs, nowMs);
      return { ...step, effects: [{ do: 'not_tradable', intent, why: reason }, ...step.effects] };
    }
  }
}

/** Waits for the symbol with growing pauses, and tries once more before its life ends. */
function park(intent: Intent, lifeMs: number, nowMs: number, reason: ReasonCode): OrderStep {
  if (lifeMs <= LIMITS.attemptPauseMs) return finish({ ...expired, detail: reason }, intent);
  const pauseMs = Math.max(
    LIMITS.attemptPauseMs,
    Math.min(grown(intent, LIMITS.parkedPauseMsMax), lifeMs / 2),
  );
  return wait(intent, nowMs + pauseMs, intent.refusals, 'symbol');
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
  return elsewhere(intent, lifeMs, nowMs);
}

/** Waits for a terminal that takes it. */
function elsewhere(intent: Intent, lifeMs: number, nowMs: number): OrderStep {
  const pauseMs = grown(intent, LIMITS.lookUpEveryMsMax);
  return lifeMs <= pauseMs ? finish(expired, intent) : wait(intent, nowMs + pauseMs, intent.refusals);
}

/** A pause that doubles with each attempt. */
function grown(intent: Intent, mostMs: number): number {
  return Math.min(mostMs, LIMITS.attemptPauseMs * 2 ** Math.min(intent.attempt - 1, 20));
}

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

function wait(
  intent: Intent,
  notBeforeMs: number,
  refusals: number,
  holdsUp: 'account' | 'symbol' = 'account',
): OrderStep {
  return stay({ is: 'waiting', attempt: intent.attempt + 1, refusals, notBeforeMs, holdsUp });
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
