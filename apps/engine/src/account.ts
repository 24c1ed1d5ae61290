/**
 * One account under one leadership: its signals in order, one command under way at a time (I2, I4, I5, I6, I7).
 *
 * Everything that happens comes in as a call or an event and is handled synchronously; effects run outside and come
 * back as events of the order that they belong to. The rules are ha-core's: stepOrder says what follows, admit says
 * what may be sent. When the leadership ends, this account is stopped and thrown away; the next one starts from Redis.
 */
import type { BridgeSession, SessionEvent } from '@holdfast/bridge';
import {
  applyExecution,
  type Ending,
  type Intent,
  type OrderEffect,
  type OrderEvent,
  type RtsRow,
  stepOrder,
} from '@holdfast/ha-core';
import type { AcceptedSignal } from '@holdfast/redis';
import { unknownOf, viewOf } from './account-view.ts';
import type { ActiveAccount, ActiveAccountOptions } from './active-account.ts';
import { choose, intentFor } from './choose.ts';
import { createFreshness } from './freshness.ts';
import { createHoldings } from './holdings.ts';
import { askJournal, executionOf, lookUp } from './inquiries.ts';
import { createLine } from './line.ts';
import { createOrderWrites } from './order-writes.ts';
import { createReconciliations } from './reconciliation.ts';
import { createTerminalSide, type Trading } from './terminal-side.ts';
import { resolveUnknown } from './resolve.ts';
import { resumeIntents } from './resume.ts';
import { intentOf, lifeMs, type TrackedOrder, trackOrder } from './tracked-order.ts';

/** The whole lists are read at least this often, and after a change of an order or position at most this often. */
const OLD_LISTS_MS = 5000;
const CHANGED_LISTS_MS = 1000;

/** Starts the account from what Redis holds. */
export function createActiveAccount(options: ActiveAccountOptions): ActiveAccount {
  const { host, epoch, engine } = options;
  const line = createLine();
  const holdings = createHoldings({ ...options, onReading: (reading) => reconciliations.take(reading) });
  const reconciliations = createReconciliations({
    ...options,
    held: () => ({ positions: holdings.positions.values(), orders: holdings.orders.values() }),
    ours: holdings.ours,
    unknown: () => unknownOf(line, host),
  });
  let paused = false;
  let draining = false;
  let suspended = false;
  let stopped = false;
  /** The order whose intent is being written or whose command is at the terminal. */
  let busy: TrackedOrder | undefined;
  let pumping = false;
  let pumpAgain = false;
  const drained: (() => void)[] = [];
  const cancels = new Set<() => void>();

  const later = (delayMs: number, run: () => void): void => {
    const cancel = host.after(delayMs, () => {
      cancels.delete(cancel);
      if (!stopped) run();
    });
    cancels.add(cancel);
  };

  const deposed = (by: string): void => {
    if (stopped) return;
    stop();
    options.onDeposed(by);
  };

  const writes = createOrderWrites({
    ...options,
    later,
    stopped: () => stopped,
    onIntentDurable: (order) => post(order, { is: 'intent_durable', lifeMs: lifeMs(order, host) }),
    onResultDurable: (order, ending, number) => {
      const { id, acceptedAt } = order.accepted;
      options.log('finished', { signalId: id, outcome: ending.outcome, reason: ending.reason, number });
      options.onResult(ending.outcome, host.wallMs() - acceptedAt);
      post(order, { is: 'finished' });
    },
    onStale: deposed,
    onGone: (order, why) => {
      options.log('dropped', { signalId: order.accepted.id, reason: why });
      if (busy === order) busy = undefined;
      line.remove(order);
      pump();
    },
    onSettled: () => settleDrained(),
  });

  const side = createTerminalSide({
    ...options,
    holdings,
    tradedLast: options.snapshot.tradingTerminal,
    login: options.login ?? options.snapshot.login,
    onReady: () => {
      suspended = false;
      pump();
    },
    onSuspend: () => {
      suspended = true;
      for (const order of line.waiting()) writes.state(order, 'suspended', 'no connection to the broker');
    },
    onFenced: (session, fenced) =>
      askJournal(
        line,
        session,
        fenced,
        (terminal) => side.session(terminal) !== undefined,
        (order, answer) => post(order, { is: 'answer', answer, lifeMs: lifeMs(order, host) }),
      ),
    onOutranked: (higher, holder) => deposed(`${holder || 'a terminal'} in epoch ${higher}`),
  });

  const freshness = createFreshness({
    ...options,
    holdings,
    later,
    witness: () => side.witness(),
    onRead: () => pump(),
  });

  const post = (order: TrackedOrder, event: OrderEvent): void => {
    if (stopped) return;
    const before = order.state;
    const step = stepOrder(before, event, host.monotonicMs());
    order.state = step.state;
    if (busy === order && step.state.is !== 'intending' && step.state.is !== 'sent') busy = undefined;
    if (before.is !== 'waiting' && step.state.is === 'waiting') line.back(order);
    if (before.is === 'waiting' && step.state.is !== 'waiting') line.begin(order);
    for (const effect of step.effects) perform(order, effect);
    if (step.state.is === 'finished') line.remove(order);
    pump();
  };

  const perform = (order: TrackedOrder, effect: OrderEffect): void => {
    switch (effect.do) {
      case 'write_intent':
        return writes.intent(order, effect.intent);
      case 'send':
        return send(order, effect.intent, effect.lifeMs);
      case 'write_unknown':
        options.notify('unknown', { signalId: order.accepted.id, reason: effect.why });
        return writes.state(order, 'unknown', effect.why);
      case 'look_up':
        return later(effect.afterMs, () => void inquire(order));
      case 'read_lists':
        return freshness.markStale();
      case 'not_tradable':
        return side.notTradable(effect.intent.terminal);
      case 'alert':
        return options.notify('refused', { signalId: order.accepted.id, reason: effect.why });
      case 'finish': {
        holdings.remember(order.accepted.magic, order.accepted.id, effect.ending.execution);
        return writes.result(order, effect.ending, effect.intent, applied(effect.ending, effect.intent));
      }
    }
  };

  const send = (order: TrackedOrder, intent: Intent, forMs: number): void => {
    const trading = side.trading();
    const named =
      trading !== undefined &&
      trading.session.identity.terminal === intent.terminal &&
      trading.journal === intent.journal;
    const { commandId: id, magic, comment, command } = intent;
    const sent =
      named &&
      !paused &&
      !options.held() &&
      trading.session.send({ commandId: id, epoch, holder: engine, lifeMs: forMs, magic, comment, command });
    if (sent) options.log('sent', { signalId: order.accepted.id, terminal: intent.terminal, commandId: id });
    // Not handed to the session at all: as certain a NO as a refusal of the bridge.
    else post(order, { is: 'refused', reason: 'not_sent', lifeMs: lifeMs(order, host) });
  };

  /** Rows of RTS that the ending proves; in force for the next signal at once. */
  const applied = (ending: Ending, intent: Intent | undefined): readonly RtsRow[] => {
    // A person's word proves no row: the terminal is asked.
    if (ending.outcome === 'resolved') freshness.markStale();
    const executed = ending.outcome !== 'rejected' && ending.outcome !== 'expired';
    if (!executed || intent === undefined || ending.execution === undefined) return [];
    const { margin } = options;
    const result = applyExecution(holdings.positions, intent, ending.execution, margin);
    holdings.apply(result.changes);
    if (result.mustAsk) {
      freshness.markStale();
      freshness.readSoon();
    }
    return result.changes;
  };

  /** Decides about signals until there is nothing to decide: a loop, because each refusal makes way for the next. */
  const pump = (): void => {
    pumpAgain = true;
    if (pumping) return;
    pumping = true;
    try {
      while (pumpAgain && !stopped) {
        pumpAgain = false;
        settleDrained();
        const trading = side.trading();
        const free = !paused && !options.held() && !draining && !suspended && busy === undefined;
        if (free && trading !== undefined) decide(trading);
      }
    } finally {
      pumping = false;
    }
  };

  const decide = (trading: Trading): void => {
    const choice = choose({ host, line, holdings, symbols: side.symbols(), stale: freshness.stale() });
    switch (choice.do) {
      case 'nothing':
        return;
      case 'wait':
        return later(choice.forMs, pump);
      case 'look':
        return freshness.readNow();
      case 'expire':
        return post(choice.order, { is: 'expired' });
      case 'refuse':
        return post(choice.order, { is: 'refuse', reason: choice.reason, detail: choice.detail });
      case 'begin':
        busy = choice.order;
        post(choice.order, {
          is: 'begin',
          intent: intentFor(choice, trading, Number(epoch), host.wallMs()),
        });
    }
  };

  const inquire = async (order: TrackedOrder): Promise<void> => {
    if (order.state.is !== 'unknown') return;
    const evidence = await lookUp(order, side.witness(), options.log);
    if (evidence.execution !== undefined) freshness.markStale();
    post(order, evidence);
  };

  const sessionEvent = (session: BridgeSession, event: SessionEvent): void => {
    if (stopped) return;
    switch (event.is) {
      case 'result': {
        const order = line.byCommand(event.result.commandId);
        if (order === undefined) break;
        post(order, { is: 'result', execution: executionOf(event.result), lifeMs: lifeMs(order, host) });
        break;
      }
      case 'refused': {
        const { commandId: id, reason, holder } = event.refusal;
        if (reason === 'stale_epoch') return deposed(holder);
        const order = line.byCommand(id);
        if (order !== undefined) post(order, { is: 'refused', reason, lifeMs: lifeMs(order, host) });
        break;
      }
      case 'changed':
        if (event.cancelled !== undefined) holdings.takenBack(session, event.cancelled);
        if (event.what === 'deal') freshness.readSoon();
        else freshness.readIfOld(CHANGED_LISTS_MS);
        break;
      case 'closed':
        for (const order of line.begun()) {
          if (intentOf(order)?.terminal === session.identity.terminal) post(order, { is: 'session_lost' });
        }
        break;
      case 'state':
        break;
    }
    side.event(session, event);
  };

  const sweep = (): void => {
    if (!paused) {
      const over = line.waiting().filter((order) => lifeMs(order, host) <= 0);
      for (const order of over) post(order, { is: 'expired' });
    }
    if (side.trading() !== undefined) freshness.readIfOld(OLD_LISTS_MS);
    later(options.numbers.brokerWatchMs, sweep);
  };

  const settleDrained = (): void => {
    if (busy === undefined && writes.underWay() === 0) for (const settle of drained.splice(0)) settle();
  };

  const stop = (): void => {
    stopped = true;
    side.stop();
    for (const cancel of cancels) cancel();
    cancels.clear();
    for (const settle of drained.splice(0)) settle();
  };

  const seenAtMs = (accepted: AcceptedSignal): number => options.firstSeenMs(accepted) ?? host.monotonicMs();

  const take = (signals: readonly AcceptedSignal[]): void => {
    if (stopped) return;
    for (const accepted of signals) {
      if (!line.knows(accepted)) line.add(trackOrder(accepted, seenAtMs(accepted)));
    }
    pump();
  };

  resumeIntents(options.snapshot, line, seenAtMs, options.log);
  take(options.snapshot.signals);
  later(options.numbers.brokerWatchMs, sweep);

  return {
    take,
    addSessions: (sessions) => side.add(sessions),
    sessionEvent,
    goOn: pump,
    pause: () => {
      paused = true;
    },
    resume: () => {
      paused = false;
      pump();
    },
    renewed: () => side.renewed(),
    drain: (limitMs) =>
      new Promise((resolve) => {
        draining = true;
        drained.push(resolve);
        later(limitMs, resolve);
        settleDrained();
      }),
    stop,
    reconcile: () => {
      const witness = side.witness();
      if (witness === undefined)
        return Promise.resolve({ is: 'refused', detail: 'no terminal reaches the broker' });
      return reconciliations.request((cause) => holdings.refresh(witness, false, cause));
    },
    resolve: (wish) => {
      const { account, journal } = options;
      const { signalState } = journal;
      const parts = { host, account, line, stopped: () => stopped, signalState, inquire, post };
      return resolveUnknown(parts, wish);
    },
    view: () => viewOf(line, side.connection(), paused, busy !== undefined),
  };
}
