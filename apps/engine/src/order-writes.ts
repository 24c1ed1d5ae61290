/**
 * What the active engine writes about one order: its intent (I4), a state in between, its result (I6). A write that
 * Redis did not acknowledge is repeated with back-off for as long as this leadership lasts; every one is idempotent.
 */
import { backOffMs, type Ending, type Host, type Intent, type Step } from '@holdfast/ha-core';
import type { JournalOutcome, RtsChange, TradeJournal } from '@holdfast/redis';
import { resultOf, type TrackedOrder } from './tracked-order.ts';

export type OrderWritesOptions = {
  readonly host: Host;
  readonly engine: string;
  readonly epoch: string;
  readonly journal: TradeJournal;
  /** Runs later unless the account was stopped. */
  readonly later: (delayMs: number, run: () => void) => void;
  readonly stopped: () => boolean;
  readonly onIntentDurable: (order: TrackedOrder) => void;
  readonly onResultDurable: (order: TrackedOrder, ending: Ending, number: number | undefined) => void;
  /** Redis says that another leads the account (I3). */
  readonly onStale: (holder: string) => void;
  /** The signal has its result already, or was never accepted: nothing is left to do for it. */
  readonly onGone: (order: TrackedOrder, why: 'finished' | 'missing') => void;
  /** A write came back, whatever it said. */
  readonly onSettled: () => void;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type OrderWrites = {
  readonly intent: (order: TrackedOrder, intent: Intent) => void;
  readonly state: (order: TrackedOrder, state: string, reason: string) => void;
  readonly result: (
    order: TrackedOrder,
    ending: Ending,
    intent: Intent | undefined,
    changes: readonly RtsChange[],
  ) => void;
  /** Writes that have not come back yet. */
  readonly underWay: () => number;
};

const RETRY_FIRST_MS = 10;
const RETRY_MOST_MS = 500;

/** The writes of one account under one leadership. */
export function createOrderWrites(options: OrderWritesOptions): OrderWrites {
  const { host, journal, epoch, engine } = options;
  let underWay = 0;

  const stepOf = (state: string, reason?: string): Step => {
    const at = host.wallMs();
    return { state, at, epoch: Number(epoch), by: engine, ...(reason === undefined ? {} : { reason }) };
  };

  /** Writes until it is in, or until it never will be under this leadership. */
  const persist = async (
    order: TrackedOrder,
    write: () => Promise<JournalOutcome>,
    done: (number: number | undefined) => void,
    attempt: number,
  ): Promise<void> => {
    underWay += 1;
    const outcome = await write();
    underWay -= 1;
    if (options.stopped()) return;
    if (outcome.is === 'ok') done(outcome.number);
    else if (outcome.is === 'stale') options.onStale(outcome.holder);
    else if (outcome.is === 'finished' || outcome.is === 'missing') options.onGone(order, outcome.is);
    else {
      const { detail } = outcome;
      options.log('write_repeated', { signalId: order.accepted.id, attempt, detail });
      const pauseMs = backOffMs(attempt, RETRY_FIRST_MS, RETRY_MOST_MS, host.random());
      options.later(pauseMs, () => void persist(order, write, done, attempt + 1));
    }
    options.onSettled();
  };

  return {
    intent: (order, intent) => {
      const step = stepOf('sent');
      const done = (): void => {
        order.steps.push(step);
        order.intents.splice(0, order.intents.length, intent.commandId);
        options.onIntentDurable(order);
      };
      const replaces = order.intents.at(-1) ?? '';
      order.intents.push(intent.commandId);
      const { entry } = order.accepted;
      void persist(order, () => journal.intend(intent, step, replaces, entry), done, 0);
    },
    state: (order, state, reason) => {
      const step = stepOf(state, reason);
      order.steps.push(step);
      const { magic } = order.accepted;
      void persist(
        order,
        () => journal.step(magic, state, step),
        () => undefined,
        0,
      );
    },
    result: (order, ending, intent, changes) => {
      const step = stepOf(ending.outcome, ending.reason);
      order.steps.push(step);
      const finish = {
        signal: order.accepted,
        result: resultOf(order, ending, intent, { epoch, engine, wallMs: host.wallMs() }),
        intents: order.intents,
        records: [],
        changes,
      };
      void persist(
        order,
        () => journal.finish(finish),
        (number) => options.onResultDurable(order, ending, number),
        0,
      );
    },
    underWay: () => underWay,
  };
}
