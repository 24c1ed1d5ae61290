/** LIST's rows and EVENT's fields: a shape for each kind of row. */
import {
  count,
  decimalText,
  digits,
  field,
  flag,
  maybe,
  oneOf,
  parseShape,
  printShape,
  symbolText,
  text,
} from './fields.ts';
import type { Rows } from './session.ts';

const symbol = field('symbol', symbolText);
const side = field('side', oneOf('buy', 'sell'));
const volume = field('volume', decimalText);
const price = field('price', decimalText);
const stops = { stopLoss: field('sl', decimalText), takeProfit: field('tp', decimalText) };
const signal = { magic: field('magic', digits), comment: field('comment', text(64)) };

const SHAPES = {
  positions: {
    position: field('position', digits),
    ticket: field('ticket', digits),
    symbol,
    side,
    volume,
    price,
    ...stops,
    ...signal,
    openedAt: field('at', count),
  },
  orders: {
    order: field('order', digits),
    symbol,
    side,
    type: field('type', oneOf('limit', 'stop')),
    volume,
    price,
    ...stops,
    ...signal,
    placedAt: field('at', count),
  },
  deals: {
    deal: field('deal', digits),
    order: field('order', digits),
    position: field('position', digits),
    symbol,
    side,
    entry: field('entry', oneOf('in', 'out', 'inout', 'out_by')),
    cause: field('cause', text(32)),
    volume,
    price,
    profit: field('profit', decimalText),
    ...signal,
    cancelled: maybe('cancelled', flag),
    at: field('at', count),
  },
  done: {
    order: field('order', digits),
    symbol,
    state: field('state', oneOf('filled', 'partial', 'cancelled', 'expired', 'rejected')),
    volume,
    filled: field('filled', decimalText),
    ...signal,
    at: field('at', count),
  },
  symbols: {
    symbol,
    digits: field('digits', count),
    volumeMin: field('volume_min', decimalText),
    volumeMax: field('volume_max', decimalText),
    volumeStep: field('volume_step', decimalText),
    stopsLevel: field('stops_level', count),
    tradeMode: field('trade_mode', oneOf('full', 'long_only', 'short_only', 'close_only', 'disabled')),
  },
} as const;

export type RowKind = keyof Rows;

export type ParsedRow<What extends RowKind> =
  | { readonly is: 'row'; readonly row: Rows[What] }
  | { readonly is: 'bad'; readonly why: string };

/** Reads one row of a list of that kind. Never throws. */
export function parseRow<What extends RowKind>(
  what: What,
  fields: Readonly<Record<string, string>>,
): ParsedRow<What> {
  const parsed = parseShape(SHAPES[what], fields);
  if (parsed.is === 'bad') return parsed;
  return { is: 'row', row: parsed.values as Rows[What] };
}

/** The fields of a row. */
export function printRow<What extends RowKind>(what: What, row: Rows[What]): Record<string, string> {
  return printShape(SHAPES[what], row as never);
}
