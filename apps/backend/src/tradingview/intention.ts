/**
 * What an alert wants: an order, or the end of a position. TradingView's strategies say it by an order and by the
 * positions before and after it (`prev_market_position`, `market_position`); simple alerts by a verb.
 */
import { type MarginMode, type Side, shownValue } from '@holdfast/ha-core';
import { AlertRefused } from './alert-refused.ts';
import type { AlertParts, NamedValue } from './field-names.ts';

export type Intention =
  | { readonly do: 'open'; readonly side: Side }
  /** `side` is that of the position. Without a volume the whole of it. */
  | { readonly do: 'close'; readonly side?: Side; readonly volume?: NamedValue };

type Held = Side | 'flat';

const WORDS: Readonly<Record<string, Held>> = {
  buy: 'buy',
  long: 'buy',
  sell: 'sell',
  short: 'sell',
  flat: 'flat',
  close: 'flat',
};

/** Throws AlertRefused where nobody can know what is meant. */
export function intentionOf(parts: AlertParts, margin: MarginMode): Intention {
  if (parts.action === undefined) {
    throw new AlertRefused('side_missing', 'the alert does not say what to do', [
      {
        field: 'side',
        value: '(missing)',
        expected: 'buy, sell, long, short or flat, as side, action or order_action',
      },
    ]);
  }
  const order = word(parts.action, 'side_not_understood');
  const after = parts.position === undefined ? undefined : word(parts.position, 'position_not_understood');
  const before =
    parts.previousPosition === undefined
      ? undefined
      : word(parts.previousPosition, 'position_not_understood');
  if (order === 'flat' || after === 'flat') return closing(parts, before);
  if (after !== undefined && after !== order) return reducing(parts, after, before);
  if (before !== undefined && before !== 'flat' && before !== order) return reversing(parts, order, margin);
  return { do: 'open', side: order };
}

function closing(parts: AlertParts, before: Held | undefined): Intention {
  const named = parts.closeSide === undefined ? undefined : word(parts.closeSide, 'side_not_understood');
  const side = named ?? before;
  if (side === 'flat') {
    const part = parts.closeSide ?? parts.previousPosition;
    throw new AlertRefused('nothing_to_close', 'the alert closes a position that it says is not there', [
      {
        field: part?.name ?? 'prev_market_position',
        value: shownValue(part?.value),
        expected: 'long or short',
      },
    ]);
  }
  return { do: 'close', ...(side === undefined ? {} : { side }) };
}

/** An order against the side that is held afterwards: it takes from that position. */
function reducing(parts: AlertParts, after: Side, before: Held | undefined): Intention {
  if (before === undefined || before === after) {
    return { do: 'close', side: after, ...(parts.volume === undefined ? {} : { volume: parts.volume }) };
  }
  throw new AlertRefused(
    'fields_disagree',
    'the order cannot lead from the position before to the one after',
    [
      {
        field: parts.position?.name ?? 'market_position',
        value: shownValue(parts.position?.value),
        expected: `what follows from ${parts.action?.name} and ${parts.previousPosition?.name}`,
      },
    ],
  );
}

/** A netting account turns its one position round by the order itself; a hedging one would hold both. */
function reversing(parts: AlertParts, order: Side, margin: MarginMode): Intention {
  if (margin === 'netting') return { do: 'open', side: order };
  const part = parts.position ?? parts.previousPosition;
  throw new AlertRefused(
    'reversal_on_hedging',
    'a hedging account cannot turn a position round by one order',
    [
      {
        field: part?.name ?? 'market_position',
        value: shownValue(part?.value),
        expected: 'one alert that closes (market_position flat) and one that opens',
      },
    ],
  );
}

function word(part: NamedValue, reason: 'side_not_understood' | 'position_not_understood'): Held {
  const known = Object.hasOwn(WORDS, part.value.toLowerCase()) ? WORDS[part.value.toLowerCase()] : undefined;
  if (known !== undefined) return known;
  throw new AlertRefused(reason, `${part.name} is not understood`, [
    { field: part.name, value: shownValue(part.value), expected: 'one of buy, sell, long, short, flat' },
  ]);
}
