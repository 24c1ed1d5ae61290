/**
 * The rule from an alert to a signal, or to the refusal with its reason. Pure: the same alert under the same webhook
 * configuration gives the same signal. docs/webhooks.md is its table; a test holds the two together.
 */
import type { WebhookConfiguration } from '@holdfast/configuration';
import {
  type FieldError,
  formatDecimal,
  type MarginMode,
  parseDecimal,
  parseSignal,
  type Side,
  type Signal,
  shownValue,
} from '@holdfast/ha-core';
import type { AlertFields } from './alert-fields.ts';
import { AlertRefused } from './alert-refused.ts';
import { type AlertParts, type NamedValue, partsOf } from './field-names.ts';
import { intentionOf } from './intention.ts';
import { stopsOf } from './stops.ts';

export type AlertRules = Pick<WebhookConfiguration, 'symbols' | 'unmappedSymbols' | 'wholeStops'> & {
  readonly margin: MarginMode;
};

/** What an alert asks for; its id comes afterwards (identity.ts). */
export type AlertSignal = {
  readonly signal: Omit<Signal, 'id'>;
  readonly parts: AlertParts;
  /** What of the alert is not passed on, for the answer. */
  readonly notes: readonly string[];
};

/** Judges the fields of an alert. Throws AlertRefused. */
export function alertSignal(fields: AlertFields, rules: AlertRules): AlertSignal {
  const parts = partsOf(fields);
  const symbol = symbolOf(parts, rules);
  const intention = intentionOf(parts, rules.margin);
  const strategy = strategyOf(parts.strategy);
  const common = { symbol, ...(strategy === undefined ? {} : { strategy }) };
  const wanted =
    intention.do === 'close'
      ? {
          action: 'close' as const,
          ...common,
          ...(intention.side === undefined ? {} : { side: intention.side }),
          ...(intention.volume === undefined ? {} : { volume: volumeOf(intention.volume) }),
        }
      : { action: 'open' as const, ...common, ...openFields(parts, intention.side, rules) };
  check(wanted, parts);
  return { signal: wanted, parts, notes: notesOf(fields, parts, strategy) };
}

function openFields(parts: AlertParts, side: Side, rules: AlertRules): Partial<Signal> {
  if (parts.volume === undefined) {
    throw new AlertRefused('volume_missing', 'the alert does not say how much', [
      {
        field: 'volume',
        value: '(missing)',
        expected: 'a volume in lots, as volume, contracts, order_contracts or q',
      },
    ]);
  }
  const type = orderTypeOf(parts.orderType);
  if (type !== 'market' && parts.price === undefined) {
    throw new AlertRefused('price_missing', `a ${type} order needs a price`, [
      { field: 'price', value: '(missing)', expected: `the price of the ${type} order` },
    ]);
  }
  return {
    side,
    volume: volumeOf(parts.volume),
    // The price of a market order is what the chart showed: information, not an order.
    ...(type === 'market' ? {} : { type, price: decimalOf(parts.price) ?? parts.price?.value }),
    ...stopsOf(parts, rules.wholeStops),
  };
}

function orderTypeOf(part: NamedValue | undefined): 'market' | 'limit' | 'stop' {
  const type = part?.value.toLowerCase() ?? 'market';
  if (type === 'market' || type === 'limit' || type === 'stop') return type;
  throw new AlertRefused('order_type_not_understood', `there is no order type ${type}`, [
    { field: part?.name ?? 'order_type', value: shownValue(part?.value), expected: 'market, limit or stop' },
  ]);
}

/** `OANDA:EURUSD` → `EURUSD` → what the webhook's map says. */
function symbolOf(parts: AlertParts, rules: AlertRules): string {
  if (parts.symbol === undefined) {
    throw new AlertRefused('symbol_missing', 'the alert names no symbol', [
      { field: 'symbol', value: '(missing)', expected: 'a symbol, as symbol or ticker' },
    ]);
  }
  const ticker = parts.symbol.value.replace(/^[A-Za-z0-9_]+:/, '');
  const mapped = Object.hasOwn(rules.symbols, ticker) ? rules.symbols[ticker] : undefined;
  if (mapped !== undefined) return mapped;
  if (rules.unmappedSymbols) return ticker;
  throw new AlertRefused('symbol_not_mapped', `the webhook's symbol map has no ${ticker}`, [
    {
      field: parts.symbol.name,
      value: shownValue(parts.symbol.value),
      expected: `one of ${Object.keys(rules.symbols).join(', ')}`,
    },
  ]);
}

function volumeOf(part: NamedValue): string {
  const volume = decimalOf(part);
  if (volume !== undefined) return volume;
  throw new AlertRefused('volume_not_a_number', 'the volume is no number', [
    { field: part.name, value: shownValue(part.value), expected: 'a volume in lots such as 0.10' },
  ]);
}

/** Without trailing zeros, so that 0.1 and 0.10 are the same signal. */
function decimalOf(part: NamedValue | undefined): string | undefined {
  const parsed = part === undefined ? undefined : parseDecimal(part.value);
  return parsed === undefined ? undefined : formatDecimal(parsed);
}

const STRATEGY = /^[\x20-\x7e]{1,64}$/;

/** A name that the signal cannot carry is left out: it is no reason to lose a trade. */
function strategyOf(part: NamedValue | undefined): string | undefined {
  return part !== undefined && STRATEGY.test(part.value) ? part.value : undefined;
}

function notesOf(fields: AlertFields, parts: AlertParts, strategy: string | undefined): string[] {
  const notes: string[] = [];
  if (fields.has('comment')) notes.push('comment: not passed on; the order carries our own');
  if (parts.strategy !== undefined && strategy === undefined) {
    notes.push('strategy: not passed on; expected 1 to 64 printable ASCII characters');
  }
  return notes;
}

/** Which alert field a signal's field came from. */
const ORIGIN = {
  symbol: 'symbol',
  volume: 'volume',
  price: 'price',
  stopLoss: 'stopLoss',
  stopLossPoints: 'stopLoss',
  takeProfit: 'takeProfit',
  takeProfitPoints: 'takeProfit',
} as const;

/** The signal must pass the same schema as one from the API; errors name the alert's own fields. */
function check(wanted: Omit<Signal, 'id'>, parts: AlertParts): void {
  const parsed = parseSignal({ ...wanted, id: 'alert' });
  if (parsed.is === 'signal') return;
  const errors = parsed.errors.map((error): FieldError => {
    const part = parts[ORIGIN[error.field as keyof typeof ORIGIN] ?? 'action'];
    return part === undefined ? error : { ...error, field: part.name, value: shownValue(part.value) };
  });
  throw new AlertRefused('invalid_signal', 'the alert makes no valid signal', errors);
}
