/**
 * One account under one leadership: its signals in order, one command under way at a time (I2, I4, I5, I6, I7).
 *
 * Everything that happens comes in as a call or an event and is handled synchronously; effects run outside and come
 * back as events of the order that they belong to. The rules are ha-core's: stepOrder says what follows, admit says
 * what may be sent. When the leadership ends, this account is stopped and thrown away; the next one starts from Redis.
 */
import type { BridgeSession, JournalAnswer, SessionEvent, TradeResult } from '@holdfast/bridge';
import {
  admit,
  applyExecution,
  backOffMs,
  commandId,
  type Ending,
  type Execution,
  findProof,
  type Host,
  type Intent,
  LIMITS,
  type MarginMode,
  type OrderEffect,
  type OrderEvent,
  type Profile,
  signalComment,
  type Step,
  stepOrder,
} from '@holdfast/ha-core';
import type { AcceptedSignal, AccountSnapshot, JournalOutcome, TradeJournal } from '@holdfast/redis';
import { createHoldings } from './holdings.ts';
import { createLine } from './line.ts';
import { createTerminalSide } from './terminal-side.ts';
import { intentOf, lifeMs, resultOf, type TrackedOrder, trackOrder } from './tracked-order.ts';

export type ActiveAccountOptions = {
  readonly host: Host;
  readonly account: string;
  readonly margin: MarginMode;
  readonly engine: string;
  readonly epoch: string;
  readonly numbers: Profile;
  readonly journal: TradeJournal;
  readonly snapshot: AccountSnapshot;
  /** When this engine first saw an entry of RTSS, on its monotonic clock; undefined when it never did. */
  readonly firstSeenMs: (entry: string) => number | undefined;
  /** Redis or a terminal refused this leadership: nothing more may be done under it (I3). */
  readonly onDeposed: (by: string) => void;
  /** A terminal knows a higher epoch than Redis gave. */
  readonly notify: (what: string, detail: Record<string, unknown>) => void;
  readonly onResult: (outcome: string, tookMs: number) => void;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type ActiveAccount = {
  readonly take: (signals: readonly AcceptedSignal[]) => void;
  readonly addSession: (session: BridgeSession) => void;
  readonly sessionEvent: (session: BridgeSession, event: SessionEvent) => void;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly renewed: () => void;
  /** Sends nothing more and waits, within the limit, until what is under way has its result. */
  readonly drain: (limitMs: number) => Promise<void>;
  /** Ends at once. */
  readonly stop: () => void;
  readonly view: () => AccountView;
};

export type AccountView = {
  readonly waiting: number;
  readonly open: number;
  readonly unknown: readonly string[];
  readonly connection: string;
  readonly paused: boolean;
};

const RETRY_FIRST_MS = 10;
const RETRY_MOST_MS = 500;
const REFRESH_EVERY_MS = 5000;
const GATHER_CHANGES_MS = 20;

/** Starts the account from what Redis holds. */
export function createActiveAccount(options: ActiveAccountOptions): ActiveAccount {
  const { host, journal, epoch, engine } = options;
  const line = createLine();
  let paused = false;
  let draining = false;
  let stopped = false;
  let suspended = false;
  /** The order whose intent is being written or whose command is at the terminal. */
  let busy: TrackedOrder | undefined;
  let mustAsk = false;
  let refreshing = false;
  let unwritten = 0;
  let pumping = false;
  let pumpAgain = false;
  const idle: (() => void)[] = [];
  const cancels = new Set<() => void>();

  const later = (delayMs: number, run: () => void): void => {
    const cancel = host.after(delayMs, () => {
      cancels.delete(cancel);
      if (!stopped) run();
    });
    cancels.add(cancel);
  };
  const holdings = createHoldings({ ...options });
  const deposed = (by: string): void => {
    if (stopped) return;
    stop();
    options.onDeposed(by);
  };

  const side = createTerminalSide({
    ...options,
    holdings,
    onReady: () => {
      suspended = false;
      pump();
    },
    onStop: () => undefined,
    onSuspend: () => {
      suspended = true;
      for (const order of line.waiting()) void writeState(order, 'suspended', 'no connection to the broker');
    },
    onFenced: askAll,
    onOutranked: (higher, holder) => deposed(`${holder || 'a terminal'} in epoch ${higher}`),
  });

  const post = (order: TrackedOrder, event: OrderEvent): void => {
    if (stopped) return;
    const before = order.state;
    const step = stepOrder(before, event, host.monotonicMs());
    order.state = step.state;
    if (busy === order && step.state.is !== 'intending' && step.state.is !== 'sent') busy = undefined;
    if (before.is !== 'waiting' && step.state.is === 'waiting') line.back(order);
    if (before.is === 'waiting' && step.state.is === 'finishing') line.begin(order);
    for (const effect of step.effects) perform(order, effect);
    if (step.state.is === 'finished') line.remove(order);
    pump();
  };

  const perform = (order: TrackedOrder, effect: OrderEffect): void => {
    switch (effect.do) {
      case 'write_intent':
        return void writeIntent(order, effect.intent, 0);
      case 'send':
        return send(order, effect.intent, effect.lifeMs);
      case 'write_unknown':
        options.notify('unknown', { signalId: order.accepted.id, reason: effect.why });
        return void writeState(order, 'unknown', effect.why);
      case 'look_up':
        return later(effect.afterMs, () => void lookUp(order));
      case 'finish':
        return void writeResult(order, effect.ending, effect.intent, 0);
    }
  };

  const stepOf = (state: string, reason?: string): Step => {
    const at = host.wallMs();
    return { state, at, epoch: Number(epoch), by: engine, ...(reason === undefined ? {} : { reason }) };
  };

  const writeIntent = async (order: TrackedOrder, intent: Intent, attempt: number): Promise<void> => {
    const step = stepOf('sent');
    const outcome = await tracked(journal.intend(intent, step));
    if (stopped) return;
    if (outcome.is === 'ok') {
      order.steps.push(step);
      order.intents.push(intent.commandId);
      post(order, { is: 'intent_durable', lifeMs: lifeMs(order, host) });
    } else if (ended(order, outcome)) return;
    else
      later(
        backOffMs(attempt, RETRY_FIRST_MS, RETRY_MOST_MS, host.random()),
        () => void writeIntent(order, intent, attempt + 1),
      );
  };

  const send = (order: TrackedOrder, intent: Intent, forMs: number): void => {
    const trading = side.trading();
    const same =
      trading !== undefined &&
      trading.session.identity.terminal === intent.terminal &&
      trading.journal === intent.journal;
    const sent =
      same &&
      !paused &&
      trading.session.send({
        commandId: intent.commandId,
        epoch,
        holder: engine,
        lifeMs: forMs,
        magic: intent.magic,
        comment: intent.comment,
        command: intent.command,
      });
    if (sent)
      options.log('sent', {
        signalId: order.accepted.id,
        terminal: intent.terminal,
        commandId: intent.commandId,
      });
    // Not handed to the session at all: as certain a NO as a refusal of the bridge.
    else post(order, { is: 'refused', reason: 'no_role', lifeMs: lifeMs(order, host) });
  };

  const writeState = async (order: TrackedOrder, state: string, reason: string): Promise<void> => {
    const step = stepOf(state, reason);
    order.steps.push(step);
    const outcome = await journal.step(order.accepted.magic, state, step);
    if (outcome.is === 'stale') deposed(outcome.holder);
  };

  const writeResult = async (
    order: TrackedOrder,
    ending: Ending,
    intent: Intent | undefined,
    attempt: number,
  ): Promise<void> => {
    const { id, magic, acceptedAt } = order.accepted;
    const rows = attempt === 0 ? applied(ending, intent) : [];
    holdings.remember(magic, id);
    const step = stepOf(ending.outcome, ending.reason);
    if (attempt === 0) order.steps.push(step);
    const result = resultOf(order, ending, intent, { epoch, engine, wallMs: host.wallMs() });
    const intents = [
      ...order.intents,
      ...(intent === undefined || order.intents.includes(intent.commandId) ? [] : [intent.commandId]),
    ];
    const finish = { signal: order.accepted, result, step, intents, records: [], changes: rows };
    const write = async (tries: number): Promise<void> => {
      const outcome = await tracked(journal.finish(finish));
      if (stopped) return;
      if (outcome.is === 'ok' || outcome.is === 'finished') {
        options.log('finished', {
          signalId: id,
          outcome: ending.outcome,
          reason: ending.reason,
          number: outcome.number,
        });
        options.onResult(ending.outcome, host.wallMs() - acceptedAt);
        post(order, { is: 'finished' });
      } else if (!ended(order, outcome))
        later(backOffMs(tries, RETRY_FIRST_MS, RETRY_MOST_MS, host.random()), () => void write(tries + 1));
    };
    await write(0);
  };

  /** RTS rows that the ending proves, already in force for the next signal. */
  const applied = (ending: Ending, intent: Intent | undefined) => {
    const executed = ending.outcome !== 'rejected' && ending.outcome !== 'expired';
    if (!executed || intent === undefined || ending.execution === undefined) return [];
    const { changes, mustAsk: ask } = applyExecution(
      holdings.positions,
      intent,
      ending.execution,
      options.margin,
      host.wallMs(),
    );
    holdings.apply(changes);
    if (ask) mustAsk = true;
    return changes;
  };

  /** Counts writes under way, so that draining knows when the last one is in. */
  const tracked = async (write: Promise<JournalOutcome>): Promise<JournalOutcome> => {
    unwritten += 1;
    try {
      return await write;
    } finally {
      unwritten -= 1;
      settleIdle();
    }
  };

  /** True when the outcome ends this engine's work on the order. */
  const ended = (order: TrackedOrder, outcome: JournalOutcome): boolean => {
    if (outcome.is === 'stale') {
      deposed(outcome.holder);
      return true;
    }
    if (outcome.is === 'finished' || outcome.is === 'missing') {
      options.log('dropped', { signalId: order.accepted.id, reason: outcome.is });
      if (busy === order) busy = undefined;
      line.remove(order);
      pump();
      return true;
    }
    options.log('write_failed', { signalId: order.accepted.id, reason: JSON.stringify(outcome) });
    return false;
  };

  /** Begins the next signal that may go, if one may. A loop, because each refusal makes way for the next signal. */
  const pump = (): void => {
    pumpAgain = true;
    if (pumping) return;
    pumping = true;
    while (pumpAgain && !stopped) {
      pumpAgain = false;
      beginNext();
    }
    pumping = false;
  };

  const beginNext = (): void => {
    settleIdle();
    const trading = side.trading();
    if (paused || draining || suspended || busy !== undefined || trading === undefined) return;
    const nowMs = host.monotonicMs();
    for (const order of line.next()) {
      if (order.state.is !== 'waiting') continue;
      if (lifeMs(order, host) <= 0) return post(order, { is: 'expired' });
      if (order.state.notBeforeMs > nowMs) return later(order.state.notBeforeMs - nowMs, pump);
      if (order.signal === undefined)
        return post(order, { is: 'refuse', reason: 'poison', detail: 'the body is no signal' });
      const needsLists = order.signal.action !== 'open';
      if (needsLists && mustAsk) return void refresh();
      const admission = admit(order.signal, {
        positions: [...holdings.positions.values()],
        orders: [...holdings.orders.values()],
        symbols: side.symbols(),
      });
      if (admission.is === 'refused') {
        // A row that is not there may only not be there yet: look once more before saying no.
        if (needsLists && holdings.refreshedAtMs() < order.seenAtMs) return void refresh();
        return post(order, { is: 'refuse', reason: admission.reason, detail: admission.detail });
      }
      busy = order;
      line.begin(order);
      return post(order, {
        is: 'begin',
        intent: {
          commandId: commandId(order.accepted.id, order.state.attempt),
          signalId: order.accepted.id,
          attempt: order.state.attempt,
          magic: order.accepted.magic,
          comment: signalComment(order.accepted.magic),
          command: admission.command,
          terminal: trading.session.identity.terminal,
          journal: trading.journal,
          boot: trading.boot,
          epoch: Number(epoch),
          at: host.wallMs(),
        },
      });
    }
  };

  const refresh = async (): Promise<void> => {
    const witness = side.witness();
    if (refreshing || witness === undefined) return;
    refreshing = true;
    mustAsk = false;
    try {
      await holdings.refresh(witness);
    } catch (error) {
      mustAsk = true;
      options.log('holdings_not_refreshed', {
        reason: error instanceof Error ? error.message : String(error),
      });
      later(RETRY_MOST_MS, pump);
      return;
    } finally {
      refreshing = false;
    }
    pump();
  };

  /** Asks a fenced terminal's journal about every intent that names it; the others' become unknown once another trades. */
  async function askAll(session: BridgeSession, journalId: string, boot: string): Promise<void> {
    const { terminal } = session.identity;
    const open = line.begun().filter((order) => order.state.is === 'asking' || order.state.is === 'unknown');
    await Promise.all(
      open.map(async (order) => {
        const intent = intentOf(order);
        if (intent === undefined) return;
        if (intent.terminal !== terminal) {
          if (order.state.is === 'asking' && side.session(intent.terminal) === undefined)
            answered(order, { state: 'intent', journal: '', boot: '' }, false);
          return;
        }
        const answer = await session.ask(intent.commandId, LIMITS.acknowledgeDeadlineMs);
        answered(
          order,
          answer,
          intent.journal === journalId && intent.boot === boot && answer.journal === journalId,
        );
      }),
    );
  }

  const answered = (order: TrackedOrder, answer: JournalAnswer, sameJournal: boolean): void => {
    const evidence =
      answer.state === 'result'
        ? { state: answer.state, execution: executionOf(answer.result) }
        : answer.state === 'never'
          ? { state: answer.state, sameJournal }
          : answer.state === 'refused'
            ? { state: answer.state, reason: answer.reason }
            : { state: answer.state };
    post(order, { is: 'answer', answer: evidence, lifeMs: lifeMs(order, host) });
  };

  /** Looks in the broker's own records for what became of an unknown command (I5). */
  const lookUp = async (order: TrackedOrder): Promise<void> => {
    const { state } = order;
    if (state.is !== 'unknown') return;
    let execution: Execution | undefined;
    let certainNo: string | undefined;
    const witness = side.witness();
    if (witness !== undefined) {
      try {
        const { magic } = state.intent;
        const deadlineMs = LIMITS.acknowledgeDeadlineMs;
        const [deals, done, orders, positions] = await Promise.all([
          witness.list('deals', { magic, deadlineMs }),
          state.intent.command.do === 'cancel'
            ? witness.list('done', { deadlineMs, since: order.accepted.acceptedAt - REFRESH_EVERY_MS })
            : witness.list('done', { magic, deadlineMs }),
          witness.list('orders', { deadlineMs }),
          witness.list('positions', { deadlineMs }),
        ]);
        const proof = findProof(state.intent, {
          deals: deals.rows,
          done: done.rows,
          orders: orders.rows,
          positions: positions.rows,
        });
        if (proof.is === 'executed') {
          execution = proof.execution;
          mustAsk = true;
        } else if (proof.is === 'not_executed' && done.synced && deals.synced) certainNo = proof.detail;
      } catch (error) {
        options.log('look_up_failed', { signalId: order.accepted.id, reason: String(error) });
      }
    }
    post(order, { is: 'evidence', execution, certainNo });
  };

  const sessionEvent = (session: BridgeSession, event: SessionEvent): void => {
    if (stopped) return;
    switch (event.is) {
      case 'result': {
        const order = line.byCommand(event.result.commandId);
        if (order !== undefined)
          post(order, { is: 'result', execution: executionOf(event.result), lifeMs: lifeMs(order, host) });
        break;
      }
      case 'refused': {
        const order = line.byCommand(event.refusal.commandId);
        if (event.refusal.reason === 'stale_epoch') return deposed(event.refusal.holder);
        if (order !== undefined)
          post(order, { is: 'refused', reason: event.refusal.reason, lifeMs: lifeMs(order, host) });
        break;
      }
      case 'changed':
        if (!mustAsk) later(GATHER_CHANGES_MS, () => void refresh());
        mustAsk = true;
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
    if (!paused)
      for (const order of line.waiting()) if (lifeMs(order, host) <= 0) post(order, { is: 'expired' });
    if (host.monotonicMs() - holdings.refreshedAtMs() > REFRESH_EVERY_MS && side.trading() !== undefined)
      void refresh();
    later(options.numbers.brokerWatchMs, sweep);
  };

  const settleIdle = (): void => {
    if (busy === undefined && unwritten === 0) for (const settle of idle.splice(0)) settle();
  };

  const stop = (): void => {
    stopped = true;
    side.stop();
    for (const cancel of cancels) cancel();
    cancels.clear();
    for (const settle of idle.splice(0)) settle();
  };

  const take = (signals: readonly AcceptedSignal[]): void => {
    if (stopped) return;
    for (const accepted of signals) {
      if (!line.knows(accepted))
        line.add(trackOrder(accepted, options.firstSeenMs(accepted.entry) ?? host.monotonicMs()));
    }
    pump();
  };

  resumeIntents(options, line);
  take(options.snapshot.signals);
  later(options.numbers.brokerWatchMs, sweep);

  return {
    take,
    addSession: (session) => side.add(session),
    sessionEvent,
    pause: () => {
      paused = true;
    },
    resume: () => {
      paused = false;
      pump();
    },
    renewed: () => side.renewed(),
    drain: (limitMs) => {
      draining = true;
      return new Promise((resolve) => {
        idle.push(resolve);
        later(limitMs, resolve);
        settleIdle();
      });
    },
    stop,
    view: () => ({
      waiting: line.waiting().length,
      open: line.begun().length,
      unknown: line
        .begun()
        .filter((order) => order.state.is === 'unknown')
        .map((order) => order.accepted.id),
      connection: side.connection().is,
      paused,
    }),
  };
}

/** A takeover: whatever has an intent is asked about first; only the journal that it names can prove a no. */
function resumeIntents(options: ActiveAccountOptions, line: ReturnType<typeof createLine>): void {
  const latest = new Map<string, Intent>();
  for (const intent of options.snapshot.intents) {
    const known = latest.get(intent.signalId);
    if (known === undefined || known.attempt < intent.attempt) latest.set(intent.signalId, intent);
  }
  for (const intent of latest.values()) {
    const accepted = options.snapshot.signals.find((signal) => signal.id === intent.signalId);
    if (accepted === undefined) {
      options.log('intent_without_signal', { signalId: intent.signalId, commandId: intent.commandId });
      continue;
    }
    const order = trackOrder(accepted, options.firstSeenMs(accepted.entry) ?? options.host.monotonicMs());
    const known = options.snapshot.states.get(intent.signalId);
    if (known !== undefined) order.steps.splice(0, order.steps.length, ...known.steps);
    order.state = { is: 'asking', intent };
    order.intents.push(
      ...options.snapshot.intents
        .filter((other) => other.signalId === intent.signalId)
        .map((other) => other.commandId),
    );
    line.add(order);
    line.begin(order);
  }
}

function executionOf(result: TradeResult): Execution {
  const { retcode, order, deal, position, volume, price, text } = result;
  return { retcode, order, deal, position, volume, price, text };
}
