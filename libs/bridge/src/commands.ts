/** `SEND do=…`: the broker commands as fields, a shape for each. */
import type { BrokerCommand } from '@holdfast/ha-core';
import {
  count,
  decimalText,
  digits,
  field,
  maybe,
  oneOf,
  parseShape,
  printShape,
  symbolText,
} from './fields.ts';

const side = field('side', oneOf('buy', 'sell'));
const symbol = field('symbol', symbolText);
const volume = field('volume', decimalText);
const stops = { stopLoss: maybe('sl', decimalText), takeProfit: maybe('tp', decimalText) };
const distances = { stopLossPoints: maybe('slp', count), takeProfitPoints: maybe('tpp', count) };
const deviation = { deviationPoints: maybe('deviation', count) };

const SHAPES = {
  deal: { symbol, side, volume, ...stops, ...distances, ...deviation },
  pending: {
    symbol,
    side,
    type: field('type', oneOf('limit', 'stop')),
    volume,
    price: field('price', decimalText),
    ...stops,
    ...distances,
  },
  close: { symbol, position: field('position', digits), side, volume, ...deviation },
  modify_position: { symbol, position: field('position', digits), ...stops },
  modify_order: { symbol, order: field('order', digits), price: maybe('price', decimalText), ...stops },
  cancel: { symbol, order: field('order', digits) },
} as const;

export type ParsedCommand =
  | { readonly is: 'command'; readonly command: BrokerCommand }
  | { readonly is: 'bad'; readonly why: string };

/** Reads a command from its fields (`do` among them). Never throws. */
export function parseCommand(fields: Readonly<Record<string, string>>): ParsedCommand {
  const { do: kind, ...rest } = fields;
  if (kind === undefined || !Object.hasOwn(SHAPES, kind)) {
    return {
      is: 'bad',
      why: `do is ${JSON.stringify(kind ?? '(missing)')}, expected ${Object.keys(SHAPES).join(', ')}`,
    };
  }
  const parsed = parseShape(SHAPES[kind as keyof typeof SHAPES], rest);
  if (parsed.is === 'bad') return parsed;
  return { is: 'command', command: { do: kind, ...parsed.values } as BrokerCommand };
}

/** The fields of a command, `do` first. */
export function printCommand(command: BrokerCommand): Record<string, string> {
  return { do: command.do, ...printShape(SHAPES[command.do], command as never) };
}
