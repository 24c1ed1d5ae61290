/**
 * The names under which alerts carry the same thing. A field that we do not know is refused by name: a misspelt stop
 * that is passed over would be a position without a stop.
 */
import { shownValue } from '@holdfast/ha-core';
import type { AlertFields } from './alert-fields.ts';
import { AlertRefused } from './alert-refused.ts';

const NAMES = {
  symbol: ['symbol', 'ticker'],
  action: ['side', 'action', 'order_action'],
  volume: ['volume', 'contracts', 'order_contracts', 'q'],
  stopLoss: ['sl', 'stop_loss', 'sl_price'],
  takeProfit: ['tp', 'take_profit', 'tp_price'],
  orderType: ['order_type'],
  price: ['price', 'order_price'],
  id: ['id'],
  orderName: ['order_id'],
  strategy: ['strategy'],
  time: ['time', 'timenow'],
  position: ['market_position'],
  previousPosition: ['prev_market_position'],
  closeSide: ['close_side'],
} as const satisfies Record<string, readonly string[]>;

/** For people or for others; nothing of ours depends on them. */
const INFORMATION = new Set([
  'comment',
  'message',
  'alert_name',
  'exchange',
  'interval',
  'currency',
  'basecurrency',
  'open',
  'high',
  'low',
  'close',
  'market_position_size',
  'prev_market_position_size',
  'position_size',
]);

export type AlertPart = keyof typeof NAMES;

export type NamedValue = { readonly name: string; readonly value: string };

export type AlertParts = { readonly [Part in AlertPart]?: NamedValue };

/** Sorts the fields of an alert by what they mean. Throws AlertRefused for an unknown one and for two that disagree. */
export function partsOf(fields: AlertFields): AlertParts {
  const parts: { [Part in AlertPart]?: NamedValue } = {};
  const known = new Set(INFORMATION);
  for (const part of Object.keys(NAMES) as AlertPart[]) {
    for (const name of NAMES[part]) {
      known.add(name);
      const value = fields.get(name);
      if (value === undefined) continue;
      const before = parts[part];
      if (before !== undefined && before.value !== value && part !== 'time') {
        throw new AlertRefused('fields_disagree', `${before.name} and ${name} say different things`, [
          {
            field: name,
            value: shownValue(value),
            expected: `the same as ${before.name}: ${shownValue(before.value)}`,
          },
        ]);
      }
      parts[part] ??= { name, value };
    }
  }
  for (const [name, value] of fields) {
    if (known.has(name)) continue;
    throw new AlertRefused('unknown_field', `nothing is known of a field ${name}`, [
      { field: name, value: shownValue(value), expected: 'one of the fields of docs/webhooks.md' },
    ]);
  }
  return parts;
}
