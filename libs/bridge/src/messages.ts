/**
 * The messages of the bridge protocol, both ways: a shape for each verb, parsers for each end. What may vary inside
 * a verb (the command of a SEND, the row of a ROW) has its own file; a parser never throws, it says what is wrong.
 */
import type { BrokerCommand } from '@holdfast/ha-core';
import { decodeLine, encodeLine } from './codec.ts';
import { parseCommand, printCommand } from './commands.ts';
import {
  commandIdText,
  count,
  decimalText,
  digits,
  field,
  flag,
  formed,
  hex32,
  hex64,
  maybe,
  oneOf,
  parseShape,
  printShape,
  type Shape,
  text,
  type Values,
  word,
} from './fields.ts';

export const PROTOCOL_VERSION = 1;

const seq = field('seq', count);
const commandId = field('cmd', commandIdText);
const epoch = field('epoch', digits);
/** Empty in a journal that was never fenced. */
const holder = field('holder', formed(/^[A-Za-z0-9._:-]{0,64}$/, 'a name of at most 64 characters'));
const trade = field('trade', flag);
const journal = field('journal', word);
const boot = field('boot', word);
const tick = field('tick', count);
const reason = field('reason', text(64));

const result = {
  retcode: field('retcode', count),
  order: field('order', digits),
  deal: field('deal', digits),
  position: field('position', digits),
  volume: field('volume', decimalText),
  price: field('price', decimalText),
  text: field('text', text(128)),
  at: field('at', count),
};

const optionalResult = {
  retcode: maybe('retcode', count),
  order: maybe('order', digits),
  deal: maybe('deal', digits),
  position: maybe('position', digits),
  volume: maybe('volume', decimalText),
  price: maybe('price', decimalText),
  text: maybe('text', text(128)),
  at: maybe('at', count),
};

export const REFUSALS = [
  'stale_epoch',
  'no_role',
  'no_lease',
  'expired',
  'fenced',
  'queue_full',
  'bad_command',
  'no_broker',
] as const;

const send = {
  seq,
  commandId,
  epoch,
  holder,
  until: field('until', count),
  magic: field('magic', digits),
  comment: field('comment', formed(/^[\x20-\x7e]{0,31}$/, 'at most 31 printable ASCII characters')),
};

const FROM_ENGINE = {
  CHALLENGE: {
    version: field('version', count),
    engine: field('engine', word),
    nonce: field('nonce', hex32),
  },
  WELCOME: { proof: field('proof', hex64) },
  LEASE: { epoch, holder, forMs: field('for', count) },
  FENCE: { seq, epoch, holder, trade },
  ASK: { seq, commandId },
  LIST: {
    seq,
    what: field('what', oneOf('positions', 'orders', 'deals', 'done', 'symbols')),
    since: maybe('since', count),
    magic: maybe('magic', digits),
    cancelled: maybe('cancelled', flag),
  },
  PING: { t: field('t', count) },
  BYE: { reason },
} as const;

const FROM_BRIDGE = {
  HELLO: {
    version: field('version', count),
    account: field('account', word),
    terminal: field('terminal', word),
    login: field('login', word),
    server: field('server', text(64)),
    role: field('role', oneOf('primary', 'backup')),
    margin: field('margin', oneOf('netting', 'hedging')),
    journal,
    boot,
    epoch,
    holder,
    trade,
    broker: field('broker', flag),
    tick,
    nonce: field('nonce', hex32),
    proof: field('proof', hex64),
  },
  STATE: { tick, broker: field('broker', flag), busy: field('busy', flag), epoch, holder, trade },
  FENCED: { seq, epoch, holder, trade, journal, boot },
  RESULT: { commandId, ...result, replay: field('replay', flag) },
  REFUSED: {
    seq,
    commandId: maybe('cmd', commandIdText),
    reason: field('reason', oneOf(...REFUSALS)),
    epoch,
    holder,
  },
  ANSWER: {
    seq,
    commandId,
    state: field('state', oneOf('never', 'refused', 'intent', 'result')),
    journal,
    boot,
    reason: maybe('reason', text(64)),
    ...optionalResult,
  },
  END: {
    seq,
    count: field('count', count),
    synced: field('synced', flag),
    broker: field('broker', flag),
    time: maybe('time', count),
  },
  PONG: { t: field('t', count), tick },
  BYE: { reason },
} as const;

type Message<Shapes extends Readonly<Record<string, Shape>>> = {
  [Verb in keyof Shapes]: { readonly verb: Verb } & Values<Shapes[Verb]>;
}[keyof Shapes];

/** A SEND whose command is out of form is still a SEND: it is answered `bad_command`, by its seq and command id. */
export type SendMessage = { readonly verb: 'SEND' } & Values<typeof send> & {
    readonly command: BrokerCommand | { readonly do: 'bad'; readonly why: string };
  };
/** The rest of the fields is the row; its kind is that of the LIST with this seq. */
export type RowMessage = {
  readonly verb: 'ROW';
  readonly seq: number;
  readonly row: Readonly<Record<string, string>>;
};
export type EventMessage = {
  readonly verb: 'EVENT';
  readonly what: 'deal' | 'order' | 'position';
  readonly row: Readonly<Record<string, string>>;
};

export type EngineMessage = Message<typeof FROM_ENGINE> | SendMessage;
export type BridgeMessage = Message<typeof FROM_BRIDGE> | RowMessage | EventMessage;

export type Parsed<M> =
  | { readonly is: 'message'; readonly message: M }
  | { readonly is: 'bad'; readonly why: string };

/** Reads a line that an engine sent. */
export function parseEngineLine(line: string): Parsed<EngineMessage> {
  const decoded = decodeLine(line);
  if (decoded.is === 'bad') return decoded;
  const { verb, fields } = decoded.line;
  if (verb === 'SEND') return parseSend(fields);
  return parseVerb(FROM_ENGINE, verb, fields) as Parsed<EngineMessage>;
}

/** Reads a line that a bridge sent. */
export function parseBridgeLine(line: string): Parsed<BridgeMessage> {
  const decoded = decodeLine(line);
  if (decoded.is === 'bad') return decoded;
  const { verb, fields } = decoded.line;
  if (verb === 'ROW') {
    const { seq: number, ...row } = fields;
    const parsed = parseShape({ seq }, number === undefined ? {} : { seq: number });
    if (parsed.is === 'bad') return { is: 'bad', why: `ROW: ${parsed.why}` };
    return { is: 'message', message: { verb: 'ROW', seq: parsed.values.seq, row } };
  }
  if (verb === 'EVENT') {
    const { what, ...row } = fields;
    if (what !== 'deal' && what !== 'order' && what !== 'position') {
      return { is: 'bad', why: 'EVENT: what is none of deal, order, position' };
    }
    return { is: 'message', message: { verb: 'EVENT', what, row } };
  }
  return parseVerb(FROM_BRIDGE, verb, fields) as Parsed<BridgeMessage>;
}

/** Writes a line for a bridge. Throws a RangeError when it would be too long. */
export function printEngineMessage(message: EngineMessage): string {
  if (message.verb === 'SEND') {
    if (message.command.do === 'bad') throw new RangeError(`not a command: ${message.command.why}`);
    return encodeLine('SEND', { ...printShape(send, message), ...printCommand(message.command) });
  }
  return encodeLine(message.verb, printShape(FROM_ENGINE[message.verb] as Shape, message as never));
}

/** Writes a line for an engine. Throws a RangeError when it would be too long. */
export function printBridgeMessage(message: BridgeMessage): string {
  if (message.verb === 'ROW') return encodeLine('ROW', { seq: String(message.seq), ...message.row });
  if (message.verb === 'EVENT') return encodeLine('EVENT', { what: message.what, ...message.row });
  return encodeLine(message.verb, printShape(FROM_BRIDGE[message.verb] as Shape, message as never));
}

function parseVerb(
  shapes: Readonly<Record<string, Shape>>,
  verb: string,
  fields: Readonly<Record<string, string>>,
): Parsed<unknown> {
  const shape = Object.hasOwn(shapes, verb) ? shapes[verb] : undefined;
  if (shape === undefined) return { is: 'bad', why: `no such verb here: ${verb}` };
  const parsed = parseShape(shape, fields);
  if (parsed.is === 'bad') return { is: 'bad', why: `${verb}: ${parsed.why}` };
  return { is: 'message', message: { verb, ...parsed.values } };
}

const SEND_KEYS = new Set(Object.values(send).map(({ key }) => key));

function parseSend(fields: Readonly<Record<string, string>>): Parsed<EngineMessage> {
  const own: Record<string, string> = {};
  const rest: Record<string, string> = {};
  for (const key in fields) (SEND_KEYS.has(key) ? own : rest)[key] = fields[key] ?? '';
  const parsed = parseShape(send, own);
  if (parsed.is === 'bad') return { is: 'bad', why: `SEND: ${parsed.why}` };
  const command = parseCommand(rest);
  return {
    is: 'message',
    message: {
      verb: 'SEND',
      ...parsed.values,
      command: command.is === 'command' ? command.command : { do: 'bad', why: command.why },
    },
  };
}
