/**
 * What an engine is told of a command, and when: nothing of it before the journal has it. A command may have been sent
 * by several sessions; each hears of it.
 */
import type { BridgeMessage, REFUSALS, SendMessage, TradeResult } from '@holdfast/bridge';
import type { BrokerCommand } from '@holdfast/ha-core';
import type { EngineSession } from './engine-link.ts';
import type { JournalWriter } from './journal-writer.ts';

export type Reason = (typeof REFUSALS)[number];

/** A command that was taken and has no result yet. */
export type Waiting = {
  readonly message: SendMessage;
  readonly command: BrokerCommand;
  /** Who is to hear of it: whoever sent it, and whoever sent it again; with the number of that request. */
  readonly sessions: Map<EngineSession, number>;
};

export type Log = (event: string, detail: Record<string, unknown>) => void;

export type Answers = {
  /** REFUSED with what the journal holds of epoch and holder. */
  readonly refused: (seq: number, commandId: string, reason: Reason) => BridgeMessage;
  /** Refuses for good: the journal says so, and the same command id will hear the same. */
  readonly refuse: (waiting: Pick<Waiting, 'message' | 'sessions'>, reason: Reason) => void;
  /** Writes RESULT; whoever sent the command hears of it when that is durable. */
  readonly record: (waiting: Waiting, result: TradeResult) => void;
  readonly result: (sessions: Iterable<EngineSession>, result: TradeResult, replay: boolean) => void;
};

/** Answers over an opened journal. */
export function createAnswers(writer: JournalWriter, log: Log): Answers {
  const refused: Answers['refused'] = (seq, commandId, reason) => {
    const { epoch, holder } = writer.fence();
    return { verb: 'REFUSED', seq, commandId, reason, epoch, holder };
  };
  const result: Answers['result'] = (sessions, given, replay) => {
    for (const session of sessions) session.send({ verb: 'RESULT', ...given, replay });
    const { commandId, retcode, order, deal } = given;
    log('command_result', { signalId: signalIdOf(commandId), commandId, retcode, order, deal, replay });
  };
  return {
    refused,
    result,
    refuse: ({ message: { commandId }, sessions }, reason) => {
      writer.stage({ is: 'refused', commandId, reason }, () => {
        for (const [session, seq] of sessions) session.send(refused(seq, commandId, reason));
        log('command_refused', { signalId: signalIdOf(commandId), commandId, reason });
      });
    },
    record: (waiting, given) => {
      writer.stage({ is: 'result', result: given }, () => result(waiting.sessions.keys(), given, false));
    },
  };
}

/** The signal of a command id. */
export const signalIdOf = (commandId: string): string => commandId.slice(0, commandId.lastIndexOf('/'));
