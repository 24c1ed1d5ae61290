/**
 * Stops of an alert. With a decimal point it is a price; `sl_price` and `tp_price` are prices by their name; any other
 * whole number may be a distance in points as well, and only the webhook's configuration can say which.
 */
import type { WebhookConfiguration } from '@holdfast/configuration';
import { formatDecimal, parseDecimal, type Signal, shownValue } from '@holdfast/ha-core';
import { AlertRefused } from './alert-refused.ts';
import type { AlertParts, NamedValue } from './field-names.ts';

type WholeStops = WebhookConfiguration['wholeStops'];

type Stops = Pick<Signal, 'stopLoss' | 'takeProfit' | 'stopLossPoints' | 'takeProfitPoints'>;

/** The signal's stops. Throws AlertRefused for a whole number that the webhook does not explain. */
export function stopsOf(parts: AlertParts, wholeStops: WholeStops): Stops {
  const stopLoss = stopOf(parts.stopLoss, wholeStops);
  const takeProfit = stopOf(parts.takeProfit, wholeStops);
  return {
    ...(stopLoss?.is === 'price' ? { stopLoss: stopLoss.price } : {}),
    ...(stopLoss?.is === 'points' ? { stopLossPoints: stopLoss.points } : {}),
    ...(takeProfit?.is === 'price' ? { takeProfit: takeProfit.price } : {}),
    ...(takeProfit?.is === 'points' ? { takeProfitPoints: takeProfit.points } : {}),
  };
}

type Stop =
  | { readonly is: 'price'; readonly price: string }
  | { readonly is: 'points'; readonly points: number };

function stopOf(part: NamedValue | undefined, wholeStops: WholeStops): Stop | undefined {
  // Zero is no stop in either reading.
  if (part === undefined || /^0+(\.0+)?$/.test(part.value)) return undefined;
  const whole = /^\d+$/.test(part.value) && !part.name.endsWith('_price');
  if (whole && wholeStops === 'refuse') {
    throw new AlertRefused('stop_ambiguous', 'a whole number may be a price or a distance', [
      {
        field: part.name,
        value: shownValue(part.value),
        expected:
          'a price with a decimal point, or wholeStops set to points or price in the webhook configuration',
      },
    ]);
  }
  if (whole && wholeStops === 'points') return { is: 'points', points: Number(part.value) };
  const parsed = parseDecimal(part.value);
  // What is no number goes on as it is: the signal's schema refuses it by name.
  return { is: 'price', price: parsed === undefined ? part.value : formatDecimal(parsed) };
}
