/**
 * The rules of the bridge (docs/bridge-protocol.md, "Rules that the bridge keeps"): fences, leases, the queue, and one
 * command after the other through INTENT, OrderSend and RESULT. Everything here runs on the terminal's one thread.
 */
import type { BridgeMessage, EngineMessage, REFUSALS, SendMessage, TradeResult } from '@holdfast/bridge';
import type { BrokerCommand } from '@holdfast/ha-core';
import type { CrashPoint } from '../broker/fault-menu.ts';
import type { TradeReply, TradeRequest } from '../broker/requests.ts';
import type { BrokerLink } from '../link/broker-link.ts';
import { needsNothing, type Prepared, prepare, prepareAtOnce } from './carry-out.ts';
import type { EngineSession } from './engine-link.ts';
import type { JournalWriter } from './journal-writer.ts';

/** Commands that may wait. */
export const QUEUE_MAX = 64;
/** A FENCE with the trading role counts as a LEASE of so long. */
export const FENCE_LEASE_MS = 5000;

type Reason = (typeof REFUSALS)[number];
type Message<Verb extends EngineMessage['verb']> = Extract<EngineMessage, { verb: Verb }>;

type Waiting = {
  readonly message: SendMessage;
  readonly command: BrokerCommand;
  /** Who is to hear of it: whoever sent it, and whoever sent it again. */
  readonly sessions: Map<EngineSession, number>;
};

export type CommandsOptions = {
  readonly broker: BrokerLink;
  readonly writer: JournalWriter;
  readonly tick: () => number;
  readonly wallMs: () => number;
  readonly boot: string;
  readonly isStopped: () => boolean;
  /** OrderSend is about to block the thread. */
  readonly beforeBlocked: () => void;
  readonly onCrash: (point: CrashPoint) => void;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type Commands = {
  readonly send: (session: EngineSession, message: SendMessage) => void;
  readonly fence: (session: EngineSession, message: Message<'FENCE'>) => void;
  readonly lease: (message: Message<'LEASE'>) => void;
  readonly ask: (session: EngineSession, message: Message<'ASK'>) => void;
  /** A scan found what an old intent did. */
  readonly found: (result: TradeResult) => void;
  /** Carries out the next command of the queue, or makes the journal durable and returns undefined. */
  readonly next: () => Promise<void> | undefined;
  readonly queued: () => number;
  readonly crashAt: (point: CrashPoint) => void;
};

/** The rules over an opened journal and a broker. */
export function createCommands(options: CommandsOptions): Commands {
  const { broker, writer, tick, boot, isStopped, log } = options;
  let queue: Waiting[] = [];
  /** Sent again while it is known and has no result yet. */
  const repeats = new Map<string, Set<EngineSession>>();
  let leaseUntil = Number.NEGATIVE_INFINITY;
  let crashPoint: CrashPoint | undefined;

  const logOf = (event: string, commandId: string, detail: Record<string, unknown> = {}): void => {
    log(event, { signalId: commandId.slice(0, commandId.lastIndexOf('/')), commandId, ...detail });
  };
  const crashes = (point: CrashPoint): boolean => {
    if (crashPoint !== point) return false;
    options.onCrash(point);
    return true;
  };
  const refusedLine = (seq: number, commandId: string, reason: Reason): BridgeMessage => {
    const { epoch, holder } = writer.fence();
    return { verb: 'REFUSED', seq, commandId, reason, epoch, holder };
  };
  /** Refuses for good: the journal says so, and the same command id will hear the same. */
  const refuse = (waiting: Pick<Waiting, 'message' | 'sessions'>, reason: Reason): void => {
    const { commandId } = waiting.message;
    writer.stage({ is: 'refused', commandId, reason }, () => {
      for (const [session, seq] of waiting.sessions) session.send(refusedLine(seq, commandId, reason));
      logOf('command_refused', commandId, { reason });
    });
  };
  const answer = (
    commandId: string,
    sessions: Iterable<EngineSession>,
    result: TradeResult,
    replay: boolean,
  ): void => {
    for (const session of sessions) session.send({ verb: 'RESULT', ...result, replay });
    logOf('command_result', commandId, {
      retcode: result.retcode,
      order: result.order,
      deal: result.deal,
      replay,
    });
  };
  const record = (waiting: Waiting, result: TradeResult): void => {
    writer.stage({ is: 'result', result }, () =>
      answer(result.commandId, waiting.sessions.keys(), result, false),
    );
  };
  const resultOf = (commandId: string, reply: Omit<TradeResult, 'commandId'>): TradeResult => ({
    commandId,
    ...reply,
    text: reply.text.slice(0, 128),
  });

  /** Rule 4: a known command id is answered from the journal. True when it was. */
  const answerKnown = (session: EngineSession, { commandId, seq }: SendMessage): boolean => {
    const queued = queue.find((each) => each.message.commandId === commandId);
    if (queued !== undefined) {
      queued.sessions.set(session, seq);
      return true;
    }
    const known = writer.known(commandId);
    if (known === undefined) return false;
    writer.flush();
    if (known.state === 'result') answer(commandId, [session], known.result, true);
    else if (known.state === 'refused') session.send(refusedLine(seq, commandId, known.reason as Reason));
    else {
      repeats.set(commandId, (repeats.get(commandId) ?? new Set()).add(session));
      session.send({ verb: 'ANSWER', seq, commandId, state: 'intent', journal: writer.incarnation, boot });
    }
    return true;
  };
  const hasLease = (): boolean => tick() < leaseUntil;
  const whyNot = (message: SendMessage): Reason | undefined => {
    const fence = writer.fence();
    // An epoch above the journal's was never fenced here, so the role in it is not known (rule 2).
    if (!fence.trade || BigInt(message.epoch) > BigInt(fence.epoch)) return 'no_role';
    if (message.command.do === 'bad') return 'bad_command';
    if (needsLease(message.command) && !hasLease()) return 'no_lease';
    if (tick() >= message.until) return 'expired';
    return queue.length >= QUEUE_MAX ? 'queue_full' : undefined;
  };
  /** Rule 1, I3: below the journal's epoch, or another holder's in the same one. */
  const isStale = ({ epoch, holder }: { readonly epoch: string; readonly holder: string }): boolean => {
    const fence = writer.fence();
    const [given, held] = [BigInt(epoch), BigInt(fence.epoch)];
    return given < held || (given === held && holder !== fence.holder);
  };

  const carryOut = async (waiting: Waiting): Promise<void> => {
    const { message, command } = waiting;
    const { commandId, magic, comment } = message;
    const marks = { magic, comment };
    let prepared: Prepared;
    if (needsNothing(command)) {
      prepared = prepareAtOnce(command, marks);
    } else {
      writer.flush();
      prepared = await prepare(broker, command, marks);
      if (isStopped()) return;
    }
    // The last look before OrderSend (rule 3): role and epoch are the queue's, a fence would have emptied it.
    const late =
      tick() >= message.until ? 'expired' : needsLease(command) && !hasLease() ? 'no_lease' : undefined;
    const missing = prepared.is === 'no_broker' || !broker.connection().connected ? 'no_broker' : undefined;
    const reason = late ?? missing;
    if (reason !== undefined || prepared.is === 'no_broker') {
      refuse(waiting, reason ?? 'no_broker');
      return;
    }
    if (prepared.is === 'result') {
      const { retcode, text } = prepared;
      record(waiting, resultOf(commandId, { ...EMPTY, retcode, text, at: options.wallMs() }));
      return;
    }
    await orderSend(waiting, prepared.request);
  };
  const orderSend = async (waiting: Waiting, request: TradeRequest): Promise<void> => {
    const { message, command } = waiting;
    const { commandId, epoch, holder, magic } = message;
    if (crashes('before_intent')) return;
    writer.stage({
      is: 'intent',
      intent: { commandId, epoch, holder, magic, at: options.wallMs(), command },
    });
    writer.flush();
    logOf('order_send', commandId, { action: request.action, symbol: request.symbol, epoch });
    if (crashes('after_intent')) return;
    options.beforeBlocked();
    const sending = broker.orderSend(request);
    if (crashes('after_send')) return;
    const reply: TradeReply = await sending;
    if (isStopped()) return;
    const result = resultOf(commandId, reply);
    if (crashPoint === 'after_result') {
      // Durable, and nobody was told.
      writer.stage({ is: 'result', result });
      writer.flush();
      crashes('after_result');
    } else record(waiting, result);
  };

  return {
    send: (session, message) => {
      if (answerKnown(session, message)) return;
      if (isStale(message)) {
        // Not in the journal: an epoch that was passed never comes back, and the id must stay free for the holder.
        session.send(refusedLine(message.seq, message.commandId, 'stale_epoch'));
        return;
      }
      const waiting = { message, sessions: new Map([[session, message.seq]]) };
      const reason = whyNot(message);
      if (reason === undefined && message.command.do !== 'bad')
        queue.push({ ...waiting, command: message.command });
      else refuse(waiting, reason ?? 'bad_command');
    },
    fence: (session, { seq, epoch, holder, trade }) => {
      if (isStale({ epoch, holder })) {
        const fence = writer.fence();
        session.send({
          verb: 'REFUSED',
          seq,
          reason: 'stale_epoch',
          epoch: fence.epoch,
          holder: fence.holder,
        });
        return;
      }
      for (const waiting of queue) refuse(waiting, 'fenced');
      queue = [];
      const before = writer.fence();
      if (before.epoch !== epoch || before.trade !== trade)
        writer.stage({ is: 'fence', epoch, holder, trade });
      writer.flush();
      leaseUntil = trade ? tick() + FENCE_LEASE_MS : Number.NEGATIVE_INFINITY;
      session.send({ verb: 'FENCED', seq, epoch, holder, trade, journal: writer.incarnation, boot });
      log('fenced', { epoch, holder, trade });
    },
    lease: ({ epoch, holder, forMs }) => {
      const fence = writer.fence();
      if (epoch !== fence.epoch || holder !== fence.holder || !fence.trade) return;
      leaseUntil = tick() + forMs;
    },
    ask: (session, { seq, commandId }) => {
      writer.flush();
      const base = { verb: 'ANSWER', seq, commandId, journal: writer.incarnation, boot } as const;
      const known = writer.known(commandId);
      if (known?.state === 'result') {
        const { commandId: _commandId, ...result } = known.result;
        session.send({ ...base, state: 'result', ...result });
      } else if (known?.state === 'refused')
        session.send({ ...base, state: 'refused', reason: known.reason });
      else if (known !== undefined || queue.some((each) => each.message.commandId === commandId)) {
        session.send({ ...base, state: 'intent' });
      } else session.send({ ...base, state: 'never' });
    },
    found: (result) => {
      const { commandId } = result;
      if (writer.known(commandId)?.state !== 'intent') return;
      writer.stage({ is: 'result', result }, () => {
        answer(commandId, repeats.get(commandId) ?? [], result, true);
        repeats.delete(commandId);
      });
    },
    next: () => {
      const waiting = queue.shift();
      if (waiting !== undefined) return carryOut(waiting);
      writer.flush();
      return undefined;
    },
    queued: () => queue.length,
    crashAt: (point) => {
      crashPoint = point;
    },
  };
}

const EMPTY = { order: '0', deal: '0', position: '0', volume: '0', price: '0' } as const;

/** Only what opens needs a live lease: what reduces risk or changes it must not wait for one. */
function needsLease(command: BrokerCommand): boolean {
  return command.do === 'deal' || command.do === 'pending';
}
