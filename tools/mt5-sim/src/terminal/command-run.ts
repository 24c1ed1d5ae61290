/**
 * One command from the queue to its result: what must be read is read, the last look at life and lease, INTENT,
 * OrderSend, RESULT (rule 3). The thread is blocked for all of it.
 */
import type { TradeResult } from '@holdfast/bridge';
import type { BrokerCommand } from '@holdfast/ha-core';
import type { CrashPoint } from '../broker/fault-menu.ts';
import type { TradeReply, TradeRequest } from '../broker/requests.ts';
import type { BrokerLink } from '../link/broker-link.ts';
import { type Answers, type Log, type Reason, signalIdOf, type Waiting } from './answers.ts';
import { needsNothing, type Prepared, prepare, prepareAtOnce } from './carry-out.ts';
import type { JournalWriter } from './journal-writer.ts';

export type CommandRunOptions = {
  readonly broker: BrokerLink;
  readonly writer: JournalWriter;
  readonly answers: Answers;
  readonly tick: () => number;
  readonly wallMs: () => number;
  readonly hasLease: () => boolean;
  readonly isStopped: () => boolean;
  /** The login is still the one that HELLO told. */
  readonly isSameLogin: () => boolean;
  /** OrderSend is about to block the thread. */
  readonly beforeBlocked: () => void;
  readonly onCrash: (point: CrashPoint) => void;
  readonly log: Log;
};

export type CommandRun = {
  /** Never rejects, but for a journal that cannot be written. */
  readonly run: (waiting: Waiting) => Promise<void>;
  /** The next command that comes to that point ends the terminal. */
  readonly crashAt: (point: CrashPoint) => void;
};

const NO_TICKETS = { order: '0', deal: '0', position: '0', volume: '0', price: '0' } as const;
const TEXT_MAX = 128;

/** Runs commands, one at a time: the caller waits for each. */
export function createCommandRun(options: CommandRunOptions): CommandRun {
  const { broker, writer, answers, isStopped } = options;
  let crashPoint: CrashPoint | undefined;
  const crashes = (point: CrashPoint): boolean => {
    if (crashPoint !== point) return false;
    options.onCrash(point);
    return true;
  };
  /** The last look before OrderSend. Role and epoch are those of the queue: a fence would have emptied it. */
  const whyNot = ({ message, command }: Waiting, prepared: Prepared): Reason | undefined => {
    if (options.tick() >= message.until) return 'expired';
    if (needsLease(command) && !options.hasLease()) return 'no_lease';
    const isThere = broker.connection().connected && options.isSameLogin();
    return prepared.is === 'no_broker' || !isThere ? 'no_broker' : undefined;
  };
  /**
   * Rule 6: a position that is gone under the ticket that was sent may be there under another one. Then the broker did
   * nothing, and the command can be decided anew.
   */
  const withTicketsOfNow = async (
    command: BrokerCommand,
    request: TradeRequest,
    reply: TradeReply,
  ): Promise<TradeReply> => {
    if (reply.retcode !== 10036 || !('position' in command) || !('position' in request)) return reply;
    const held = await broker.position(command.position);
    if (held === undefined || held === 'gone' || held.ticket === request.position) return reply;
    return { ...reply, retcode: 10023, text: `the position has the ticket ${held.ticket} now` };
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
    const { action, symbol } = request;
    options.log('order_send', { signalId: signalIdOf(commandId), commandId, action, symbol, epoch });
    if (crashes('after_intent')) return;
    options.beforeBlocked();
    const sending = broker.orderSend(request);
    if (crashes('after_send')) return;
    const reply = await withTicketsOfNow(command, request, await sending);
    if (isStopped()) return;
    const result: TradeResult = { commandId, ...reply, text: reply.text.slice(0, TEXT_MAX) };
    if (crashPoint === 'after_result') {
      // Durable, and nobody was told.
      writer.stage({ is: 'result', result });
      writer.flush();
      crashes('after_result');
    } else answers.record(waiting, result);
  };
  return {
    run: async (waiting) => {
      const { message, command } = waiting;
      const { commandId, magic, comment } = message;
      let prepared: Prepared;
      if (needsNothing(command)) prepared = prepareAtOnce(command, { magic, comment });
      else {
        // What the last command left to be said does not wait for the reading.
        writer.flush();
        prepared = await prepare(broker, command, { magic, comment });
        if (isStopped()) return;
      }
      const reason = whyNot(waiting, prepared);
      if (reason !== undefined) answers.refuse(waiting, reason);
      else if (prepared.is === 'request') await orderSend(waiting, prepared.request);
      else if (prepared.is === 'result') {
        const { retcode, text } = prepared;
        answers.record(waiting, { commandId, ...NO_TICKETS, retcode, text, at: options.wallMs() });
      }
    },
    crashAt: (point) => {
      crashPoint = point;
    },
  };
}

/** Only what opens needs a live lease: what reduces risk or changes it must not wait for one. */
export function needsLease(command: BrokerCommand): boolean {
  return command.do === 'deal' || command.do === 'pending';
}
