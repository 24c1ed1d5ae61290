/**
 * Writing the journal: lines are staged, and what must not be said before they are durable waits with them. So the
 * RESULT of one command and the INTENT of the next share one flush, and still no RESULT is answered before its own.
 */
import type { Journal } from './journal.ts';
import {
  applyLine,
  type Fence,
  type JournalLine,
  type JournalState,
  type KnownCommand,
  printJournalLine,
  readJournal,
} from './journal-record.ts';

export type JournalWriter = {
  readonly incarnation: string;
  readonly fence: () => Fence;
  readonly known: (commandId: string) => KnownCommand | undefined;
  /** Commands with INTENT and no RESULT when the journal was opened. */
  readonly unresolved: () => readonly Extract<KnownCommand, { state: 'intent' }>['intent'][];
  /** Stages a line; `then` runs when it is durable. What `known` and `fence` say has it at once. */
  readonly stage: (line: JournalLine, then?: () => void) => void;
  /** Makes everything staged durable and says what waited for that. */
  readonly flush: () => void;
};

/** Opens a journal; an empty one gets its first line with a new incarnation. Throws JournalDamaged, or a RangeError for another terminal's. */
export function openJournal(
  journal: Journal,
  owner: { readonly account: string; readonly terminal: string; readonly newIncarnation: () => string },
): JournalWriter {
  const { account, terminal } = owner;
  let state = readJournal(journal.lines());
  if (state === undefined) {
    const line = printJournalLine({ is: 'journal', incarnation: owner.newIncarnation(), account, terminal });
    journal.append([line]);
    state = readJournal([line]) as JournalState;
  }
  if (state.account !== account || state.terminal !== terminal) {
    throw new RangeError(
      `the journal is that of ${state.account}/${state.terminal}, not of ${account}/${terminal}`,
    );
  }
  const opened = state;
  let staged: string[] = [];
  let waiting: (() => void)[] = [];
  return {
    incarnation: opened.incarnation,
    fence: () => opened.fence,
    known: (commandId) => opened.commands.get(commandId),
    unresolved: () =>
      [...opened.commands.values()].flatMap((command) =>
        command.state === 'intent' ? [command.intent] : [],
      ),
    stage: (line, then) => {
      applyLine(opened, line);
      staged.push(printJournalLine(line));
      if (then !== undefined) waiting.push(then);
    },
    flush: () => {
      if (staged.length === 0) return;
      const lines = staged;
      const answers = waiting;
      staged = [];
      waiting = [];
      journal.append(lines);
      for (const answer of answers) answer();
    },
  };
}
