/**
 * What the journal says: its incarnation, the highest fence, and every command it knows. Lines have the codec of the
 * protocol, so that the Expert Advisor reads and writes them with the code that it has anyway.
 *
 *   JOURNAL version=1 incarnation= account= terminal=     the first line
 *   FENCE epoch= holder= trade=
 *   INTENT cmd= epoch= holder= magic= at= do= …           right before OrderSend
 *   RESULT cmd= retcode= … at=                            what OrderSend returned, or what a scan found
 *   REFUSED cmd= reason=                                  never given to OrderSend, and never will be
 */
import {
  commandIdText,
  count,
  decimalText,
  decodeLine,
  digits,
  encodeLine,
  field,
  flag,
  parseCommand,
  parseShape,
  printCommand,
  printShape,
  type Shape,
  type TradeResult,
  text,
  word,
} from '@holdfast/bridge';
import type { BrokerCommand } from '@holdfast/ha-core';

export type Fence = { readonly epoch: string; readonly holder: string; readonly trade: boolean };

export type JournalIntent = {
  readonly commandId: string;
  readonly epoch: string;
  readonly holder: string;
  readonly magic: string;
  readonly at: number;
  readonly command: BrokerCommand;
};

export type KnownCommand =
  | { readonly state: 'intent'; readonly intent: JournalIntent }
  | { readonly state: 'refused'; readonly reason: string }
  | { readonly state: 'result'; readonly result: TradeResult };

export type JournalLine =
  | {
      readonly is: 'journal';
      readonly incarnation: string;
      readonly account: string;
      readonly terminal: string;
    }
  | ({ readonly is: 'fence' } & Fence)
  | { readonly is: 'intent'; readonly intent: JournalIntent }
  | { readonly is: 'result'; readonly result: TradeResult }
  | { readonly is: 'refused'; readonly commandId: string; readonly reason: string };

export type JournalState = {
  incarnation: string;
  account: string;
  terminal: string;
  fence: Fence;
  readonly commands: Map<string, KnownCommand>;
};

/** A line of the journal that does not mean anything; the message names its number. */
export class JournalDamaged extends Error {
  constructor(line: number, why: string) {
    super(`the journal is damaged at line ${line}: ${why}`);
    this.name = 'JournalDamaged';
  }
}

const commandId = field('cmd', commandIdText);
const SHAPES = {
  JOURNAL: {
    version: field('version', count),
    incarnation: field('incarnation', word),
    account: field('account', word),
    terminal: field('terminal', word),
  },
  FENCE: { epoch: field('epoch', digits), holder: field('holder', text(64)), trade: field('trade', flag) },
  INTENT: {
    commandId,
    epoch: field('epoch', digits),
    holder: field('holder', text(64)),
    magic: field('magic', digits),
    at: field('at', count),
  },
  RESULT: {
    commandId,
    retcode: field('retcode', count),
    order: field('order', digits),
    deal: field('deal', digits),
    position: field('position', digits),
    volume: field('volume', decimalText),
    price: field('price', decimalText),
    text: field('text', text(128)),
    at: field('at', count),
  },
  REFUSED: { commandId, reason: field('reason', text(64)) },
} as const;

/** Writes a line. */
export function printJournalLine(line: JournalLine): string {
  switch (line.is) {
    case 'journal':
      return encodeLine('JOURNAL', printShape(SHAPES.JOURNAL, { version: 1, ...line }));
    case 'fence':
      return encodeLine('FENCE', printShape(SHAPES.FENCE, line));
    case 'intent':
      return encodeLine('INTENT', {
        ...printShape(SHAPES.INTENT, line.intent),
        ...printCommand(line.intent.command),
      });
    case 'result':
      return encodeLine('RESULT', printShape(SHAPES.RESULT, line.result));
    case 'refused':
      return encodeLine('REFUSED', printShape(SHAPES.REFUSED, line));
  }
}

/** Reads a whole journal. Undefined when it is empty. Throws JournalDamaged. */
export function readJournal(lines: readonly string[]): JournalState | undefined {
  const first = lines[0] === undefined ? undefined : parseLine(lines[0], 1);
  if (first === undefined) return undefined;
  if (first.is !== 'journal') throw new JournalDamaged(1, 'expected JOURNAL');
  const state: JournalState = {
    incarnation: first.incarnation,
    account: first.account,
    terminal: first.terminal,
    fence: { epoch: '0', holder: '', trade: false },
    commands: new Map(),
  };
  for (let at = 1; at < lines.length; at += 1) applyLine(state, parseLine(lines[at] ?? '', at + 1));
  return state;
}

/** What a line changes of the state. */
export function applyLine(state: JournalState, line: JournalLine): void {
  switch (line.is) {
    case 'journal':
      return;
    case 'fence':
      state.fence = { epoch: line.epoch, holder: line.holder, trade: line.trade };
      return;
    case 'intent':
      state.commands.set(line.intent.commandId, { state: 'intent', intent: line.intent });
      return;
    case 'result':
      state.commands.set(line.result.commandId, { state: 'result', result: line.result });
      return;
    case 'refused':
      state.commands.set(line.commandId, { state: 'refused', reason: line.reason });
  }
}

function parseLine(line: string, number: number): JournalLine {
  const decoded = decodeLine(line);
  if (decoded.is === 'bad') throw new JournalDamaged(number, decoded.why);
  const { verb, fields } = decoded.line;
  switch (verb) {
    case 'JOURNAL':
      return { is: 'journal', ...values(SHAPES.JOURNAL, fields, number) };
    case 'FENCE':
      return { is: 'fence', ...values(SHAPES.FENCE, fields, number) };
    case 'INTENT':
      return { is: 'intent', intent: parseIntent(fields, number) };
    case 'RESULT':
      return { is: 'result', result: values(SHAPES.RESULT, fields, number) };
    case 'REFUSED':
      return { is: 'refused', ...values(SHAPES.REFUSED, fields, number) };
    default:
      throw new JournalDamaged(number, `no such line: ${verb}`);
  }
}

function parseIntent(fields: Readonly<Record<string, string>>, number: number): JournalIntent {
  const own: Record<string, string> = {};
  const rest: Record<string, string> = {};
  for (const key in fields) {
    const isOwn = Object.values(SHAPES.INTENT).some((each) => each.key === key);
    (isOwn ? own : rest)[key] = fields[key] ?? '';
  }
  const command = parseCommand(rest);
  if (command.is === 'bad') throw new JournalDamaged(number, command.why);
  return { ...values(SHAPES.INTENT, own, number), command: command.command };
}

function values<S extends Shape>(shape: S, fields: Readonly<Record<string, string>>, number: number) {
  const parsed = parseShape(shape, fields);
  if (parsed.is === 'bad') throw new JournalDamaged(number, parsed.why);
  return parsed.values;
}
