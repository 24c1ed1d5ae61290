/** A signal under way at the active engine: where it stands, and what its result will say. */
import {
  type Ending,
  type Host,
  type Intent,
  type OrderState,
  type ResultRecord,
  type Signal,
  type Step,
  type Tickets,
  type Execution,
} from '@holdfast/ha-core';
import type { AcceptedSignal } from '@holdfast/redis';

export type TrackedOrder = {
  readonly accepted: AcceptedSignal;
  /** Undefined when the body is no signal: a poison entry, set aside with its reason. */
  readonly signal: Signal | undefined;
  /** Host monotonic time at which this engine first saw the entry; bounds its age whatever wall clocks do. */
  readonly seenAtMs: number;
  state: OrderState;
  readonly steps: Step[];
  /** Every intent written for it; removed together with its result. */
  readonly intents: string[];
};

/** Takes an entry of RTSS into account. `seenAtMs` may be earlier than now when a standby saw it before. */
export function trackOrder(accepted: AcceptedSignal, seenAtMs: number): TrackedOrder {
  let signal: Signal | undefined;
  try {
    signal = JSON.parse(accepted.body) as Signal;
  } catch {
    signal = undefined;
  }
  return {
    accepted,
    signal: signal?.id === accepted.id ? signal : undefined,
    seenAtMs,
    state: { is: 'waiting', attempt: 1, refusals: 0, notBeforeMs: 0, holdsUp: 'account' },
    steps: [{ state: 'accepted', at: accepted.acceptedAt, epoch: 0, by: 'backend' }],
    intents: [],
  };
}

/**
 * What is left of the signal's time to live, in ms (I7): the smaller of what the wall clock says since acceptance and
 * what this engine's monotonic clock says since it first saw the signal, so that a clock step can only shorten it.
 */
export function lifeMs(order: TrackedOrder, host: Host): number {
  const byWall = order.accepted.acceptedAt + order.accepted.ttlMs - host.wallMs();
  const byMonotonic = order.seenAtMs + order.accepted.ttlMs - host.monotonicMs();
  return Math.floor(Math.min(byWall, byMonotonic));
}

/** The intent that an order carries now, if it has one. */
export function intentOf(order: TrackedOrder): Intent | undefined {
  const { state } = order;
  return 'intent' in state ? state.intent : undefined;
}

export type ResultContext = { readonly epoch: string; readonly engine: string; readonly wallMs: number };

/** The one result record of the order (I6). */
export function resultOf(
  order: TrackedOrder,
  ending: Ending,
  intent: Intent | undefined,
  context: ResultContext,
): ResultRecord {
  const { accepted, signal } = order;
  const { execution } = ending;
  const dealt = execution !== undefined && (intent?.command.do === 'deal' || intent?.command.do === 'close');
  const volume = intent !== undefined && 'volume' in intent.command ? intent.command.volume : signal?.volume;
  const side = intent !== undefined && 'side' in intent.command ? intent.command.side : signal?.side;
  return {
    kind: 'result',
    signalId: accepted.id,
    magic: accepted.magic,
    action: signal?.action ?? 'open',
    symbol: signal?.symbol ?? '',
    outcome: ending.outcome,
    reason: ending.reason,
    ...(ending.detail === undefined || ending.detail === '' ? {} : { detail: ending.detail.slice(0, 200) }),
    ...(ending.resolution === undefined ? {} : { resolution: ending.resolution }),
    ...(side === undefined ? {} : { side }),
    ...(volume === undefined ? {} : { volume }),
    ...(dealt && ending.outcome !== 'rejected'
      ? { filledVolume: execution.volume, price: execution.price }
      : {}),
    ...(execution === undefined ? {} : { retcode: execution.retcode }),
    tickets: execution === undefined ? {} : ticketsOf(execution),
    ...(intent === undefined ? {} : { terminal: intent.terminal }),
    ...(signal?.strategy === undefined ? {} : { strategy: signal.strategy }),
    acceptedAt: accepted.acceptedAt,
    at: context.wallMs,
    epoch: Number(context.epoch),
    steps: order.steps,
  };
}

function ticketsOf(execution: Execution): Tickets {
  const named = (ticket: string): boolean => ticket !== '' && ticket !== '0';
  return {
    ...(named(execution.order) ? { order: execution.order } : {}),
    ...(named(execution.position) ? { position: execution.position } : {}),
    ...(named(execution.deal) ? { deals: [execution.deal] } : {}),
  };
}
