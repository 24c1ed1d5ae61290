/**
 * The rules by which the bridge takes commands (docs/bridge-protocol.md, "Rules that the bridge keeps"): fences, leases,
 * the queue, and what the journal knows already. Everything here runs on the terminal's one thread.
 */
import type { EngineMessage, SendMessage, TradeResult } from '@holdfast/bridge';
import type { CrashPoint } from '../broker/fault-menu.ts';
import type { BrokerLink } from '../link/broker-link.ts';
import { createAnswers, type Log, type Reason, type Waiting } from './answers.ts';
import { createCommandRun, needsLease } from './command-run.ts';
import type { EngineSession } from './engine-link.ts';
import type { JournalWriter } from './journal-writer.ts';

/** Commands that may wait. */
export const QUEUE_MAX = 64;
/** A FENCE with the trading role counts as a LEASE of so long. */
export const FENCE_LEASE_MS = 5000;

type Message<Verb extends EngineMessage['verb']> = Extract<EngineMessage, { verb: Verb }>;

export type CommandsOptions = {
  readonly broker: BrokerLink;
  readonly writer: JournalWriter;
  readonly tick: () => number;
  readonly wallMs: () => number;
  readonly boot: string;
  readonly isStopped: () => boolean;
  /** The login is still the one that HELLO told. */
  readonly isSameLogin: () => boolean;
  /** OrderSend is about to block the thread. */
  readonly beforeBlocked: () => void;
  readonly onCrash: (point: CrashPoint) => void;
  readonly log: Log;
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
  /** The login is another one: what waits was meant for the one before. */
  readonly loginChanged: () => void;
  readonly crashAt: (point: CrashPoint) => void;
};

/** The rules over an opened journal and a broker. */
export function createCommands(options: CommandsOptions): Commands {
  const { writer, tick, boot, log } = options;
  let queue: Waiting[] = [];
  /** Who sent again what is without a result since before a restart. */
  const repeats = new Map<string, Set<EngineSession>>();
  let leaseUntil = Number.NEGATIVE_INFINITY;
  const hasLease = (): boolean => tick() < leaseUntil;
  const answers = createAnswers(writer, log);
  const { run, crashAt } = createCommandRun({ ...options, answers, hasLease });
  const waits = (commandId: string): Waiting | undefined =>
    queue.find(({ message }) => message.commandId === commandId);

  const empty = (reason: Reason): void => {
    for (const waiting of queue) answers.refuse(waiting, reason);
    queue = [];
  };
  /** Rule 4: a known command id is answered from the journal. True when it was. */
  const answerKnown = (session: EngineSession, { commandId, seq }: SendMessage): boolean => {
    const waiting = waits(commandId);
    if (waiting !== undefined) {
      waiting.sessions.set(session, seq);
      return true;
    }
    const known = writer.known(commandId);
    if (known === undefined) return false;
    writer.flush();
    if (known.state === 'result') answers.result([session], known.result, true);
    else if (known.state === 'refused') session.send(answers.refused(seq, commandId, known.reason as Reason));
    else {
      repeats.set(commandId, (repeats.get(commandId) ?? new Set()).add(session));
      session.send({ verb: 'ANSWER', seq, commandId, state: 'intent', journal: writer.incarnation, boot });
    }
    return true;
  };
  /** Rule 1, I3: below the journal's epoch, or another holder's in the same one. */
  const isStale = ({ epoch, holder }: { readonly epoch: string; readonly holder: string }): boolean => {
    const fence = writer.fence();
    const [given, held] = [BigInt(epoch), BigInt(fence.epoch)];
    return given < held || (given === held && holder !== fence.holder);
  };
  const whyNot = (message: SendMessage): Reason | undefined => {
    const fence = writer.fence();
    // An epoch above the journal's was never fenced here, so the role in it is not known (rule 2).
    if (!fence.trade || BigInt(message.epoch) > BigInt(fence.epoch)) return 'no_role';
    if (message.command.do === 'bad') return 'bad_command';
    if (needsLease(message.command) && !hasLease()) return 'no_lease';
    if (tick() >= message.until) return 'expired';
    return queue.length >= QUEUE_MAX ? 'queue_full' : undefined;
  };

  return {
    send: (session, message) => {
      if (answerKnown(session, message)) return;
      const { seq, commandId, command } = message;
      if (isStale(message)) {
        // Not in the journal: an epoch that was passed never comes back, and the id must stay free for the holder.
        session.send(answers.refused(seq, commandId, 'stale_epoch'));
        return;
      }
      const sessions = new Map([[session, seq]]);
      const reason = whyNot(message);
      if (reason === undefined && command.do !== 'bad') queue.push({ message, command, sessions });
      else answers.refuse({ message, sessions }, reason ?? 'bad_command');
    },
    fence: (session, { seq, epoch, holder, trade }) => {
      const before = writer.fence();
      if (isStale({ epoch, holder })) {
        session.send({
          verb: 'REFUSED',
          seq,
          reason: 'stale_epoch',
          epoch: before.epoch,
          holder: before.holder,
        });
        return;
      }
      empty('fenced');
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
      if (known?.state === 'result') session.send({ ...base, state: 'result', ...known.result });
      else if (known?.state === 'refused') session.send({ ...base, state: 'refused', reason: known.reason });
      else if (known !== undefined || waits(commandId) !== undefined)
        session.send({ ...base, state: 'intent' });
      else session.send({ ...base, state: 'never' });
    },
    found: (result) => {
      const { commandId } = result;
      if (writer.known(commandId)?.state !== 'intent') return;
      writer.stage({ is: 'result', result }, () => {
        answers.result(repeats.get(commandId) ?? [], result, true);
        repeats.delete(commandId);
      });
    },
    next: () => {
      const waiting = queue.shift();
      if (waiting !== undefined) return run(waiting);
      writer.flush();
      return undefined;
    },
    queued: () => queue.length,
    loginChanged: () => empty('no_broker'),
    crashAt,
  };
}
