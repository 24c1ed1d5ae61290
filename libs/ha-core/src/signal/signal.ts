/**
 * The signal: what a client asks for. One schema gives the type, the validation, the OpenAPI page and the
 * error texts, so that every wrong field is named with its value and what was expected.
 */
import { z } from 'zod';
import { parseDecimal } from './decimal.ts';

/** Signal ids travel in keys, logs and URLs: printable ASCII without blanks, 64 characters at most. */
const ID_FORM = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;
export const SYMBOL_FORM = /^[A-Za-z0-9][A-Za-z0-9._#-]{0,30}$/;
const TICKET_FORM = /^[1-9]\d{0,19}$/;
export const ACCOUNT_FORM = /^[a-z0-9][a-z0-9-]{0,47}$/;

/** Longest life that a signal may ask for, in milliseconds: one day. */
export const TTL_MS_MAX = 86_400_000;

const decimalText = (what: string) =>
  z
    .string(`expected ${what} as a decimal string such as "0.10"`)
    .refine(
      (text) => parseDecimal(text) !== undefined,
      `expected ${what} as a decimal string such as "0.10"`,
    );

const positiveDecimal = (what: string) =>
  decimalText(what).refine((text) => {
    const value = parseDecimal(text);
    return value === undefined || value.units > 0n;
  }, `expected ${what} above zero`);

const ticket = (what: string) => z.string().regex(TICKET_FORM, `expected ${what} as a string of digits`);

export const signalIdSchema = z
  .string('expected an id: 1 to 64 characters of A-Z a-z 0-9 . _ : -')
  .regex(ID_FORM, 'expected an id: 1 to 64 characters of A-Z a-z 0-9 . _ : -, the first a letter or digit');

export const accountSchema = z
  .string()
  .regex(ACCOUNT_FORM, 'expected an account name: 1 to 48 characters of a-z 0-9 -');

const fields = z.strictObject({
  id: signalIdSchema.describe('Unique per account for the horizon (30 days by default)'),
  action: z.enum(['open', 'close', 'modify', 'cancel'], 'expected one of open, close, modify, cancel'),
  symbol: z.string().regex(SYMBOL_FORM, 'expected a symbol name such as EURUSD'),
  side: z
    .enum(['buy', 'sell'], 'expected buy or sell')
    .optional()
    .describe('open: the side of the order; close without a position: the side of the position to be closed'),
  type: z.enum(['market', 'limit', 'stop'], 'expected one of market, limit, stop').optional(),
  volume: positiveDecimal('a volume in lots').optional(),
  price: positiveDecimal('a price').optional(),
  stopLoss: decimalText('a price, or "0" for none').optional(),
  takeProfit: decimalText('a price, or "0" for none').optional(),
  stopLossPoints: z
    .int('expected a whole number of points')
    .min(1)
    .max(1_000_000)
    .optional()
    .describe(
      'open: the stop loss as a distance in points; the bridge turns it into a price right before sending',
    ),
  takeProfitPoints: z.int('expected a whole number of points').min(1).max(1_000_000).optional(),
  deviationPoints: z.int().min(0).max(100_000).optional(),
  ttlMs: z.int().min(1).max(TTL_MS_MAX).optional().describe('Time to live in milliseconds from acceptance'),
  position: ticket('a position ticket').optional(),
  order: ticket('an order ticket').optional(),
  strategy: z
    .string()
    .regex(/^[\x20-\x7e]{1,64}$/, 'expected 1 to 64 printable ASCII characters')
    .optional(),
});

export type Signal = z.infer<typeof fields>;
export type SignalAction = Signal['action'];
export type Side = 'buy' | 'sell';

type Field = keyof Signal;

/** Which fields each action needs, and which others it may carry; everything else is refused by name. */
const FIELDS: Record<SignalAction, { needs: Field[]; may: Field[] }> = {
  open: {
    needs: ['side', 'volume'],
    may: [
      'type',
      'price',
      'stopLoss',
      'takeProfit',
      'stopLossPoints',
      'takeProfitPoints',
      'deviationPoints',
      'ttlMs',
      'strategy',
    ],
  },
  close: { needs: [], may: ['side', 'position', 'volume', 'deviationPoints', 'ttlMs', 'strategy'] },
  modify: { needs: [], may: ['position', 'order', 'price', 'stopLoss', 'takeProfit', 'ttlMs', 'strategy'] },
  cancel: { needs: ['order'], may: ['ttlMs', 'strategy'] },
};

const ALWAYS: Field[] = ['id', 'action', 'symbol'];

/**
 * The whole rule for one signal, as a zod schema. Upholds I2's "a signal without an id is refused" and I7's
 * "a close is bound to a position": a close names the position, or (the engine then binds it to the one open
 * position of that symbol and side, or refuses) leaves that to the engine.
 */
export const signalSchema = fields.superRefine((signal, context) => {
  const rule = FIELDS[signal.action];
  const wrong = (field: Field, message: string): void => {
    context.addIssue({ code: 'custom', path: [field], message, input: signal[field] });
  };
  for (const field of rule.needs) {
    if (signal[field] === undefined)
      wrong(field, `expected a ${field}: the action ${signal.action} needs one`);
  }
  for (const field of Object.keys(signal) as Field[]) {
    if (signal[field] === undefined || ALWAYS.includes(field)) continue;
    if (!rule.needs.includes(field) && !rule.may.includes(field)) {
      wrong(field, `expected no ${field} with the action ${signal.action}`);
    }
  }
  if (signal.action === 'open') {
    const type = signal.type ?? 'market';
    if (type === 'market' && signal.price !== undefined)
      wrong('price', 'expected no price with a market order');
    if (type !== 'market' && signal.price === undefined)
      wrong('price', `expected a price: a ${type} order needs one`);
    if (signal.stopLoss !== undefined && signal.stopLossPoints !== undefined) {
      wrong('stopLossPoints', 'expected either stopLoss or stopLossPoints');
    }
    if (signal.takeProfit !== undefined && signal.takeProfitPoints !== undefined) {
      wrong('takeProfitPoints', 'expected either takeProfit or takeProfitPoints');
    }
  }
  if (signal.action === 'modify') {
    if ((signal.position === undefined) === (signal.order === undefined)) {
      wrong('position', 'expected either a position or an order to modify');
    }
    if (signal.stopLoss === undefined && signal.takeProfit === undefined && signal.price === undefined) {
      wrong('stopLoss', 'expected at least one of stopLoss, takeProfit, price to change');
    }
    if (signal.position !== undefined && signal.price !== undefined) {
      wrong('price', 'expected no price when a position is modified');
    }
  }
});

/** One wrong field: where, what was sent (shortened), what was expected. */
export type FieldError = { readonly field: string; readonly value: string; readonly expected: string };

/** The value as it is shown in an error: JSON, at most 80 characters. */
export function shownValue(value: unknown): string {
  const text =
    value === undefined ? '(missing)' : typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** Turns zod's issues into field errors; `input` is what was parsed. */
export function fieldErrors(error: z.ZodError, input: unknown): FieldError[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        field: [...issue.path, key].join('.'),
        value: shownValue(valueAt(input, [...issue.path, key])),
        expected: 'no such field; see /openapi.json',
      }));
    }
    return [
      {
        field: issue.path.join('.') || '(body)',
        value: shownValue(valueAt(input, issue.path)),
        expected: issue.message,
      },
    ];
  });
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let at: unknown = input;
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

export type ParsedSignal =
  | { readonly is: 'signal'; readonly signal: Signal }
  | { readonly is: 'refused'; readonly errors: FieldError[] };

/** Checks an unknown body against the schema. Never throws. */
export function parseSignal(body: unknown): ParsedSignal {
  const parsed = signalSchema.safeParse(body);
  if (parsed.success) return { is: 'signal', signal: parsed.data };
  return { is: 'refused', errors: fieldErrors(parsed.error, body) };
}
