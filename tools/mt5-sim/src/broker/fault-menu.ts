/**
 * The menu of faults, as data. A fault strikes requests or terminals that it names (an absent account, terminal or
 * symbol means any), a number of times or for a time. A body that is out of form is answered by field.
 */
import { type FieldError, parseDecimal, RETURN_CODES, shownValue, type Side } from '@holdfast/ha-core';

export type FaultKind =
  /** The terminal's links to the engines break and stay down for `forMs`; `engine` names one of them. */
  | 'links_down'
  /** The terminal loses the broker for `forMs`; then its lists are not synced for another `syncMs`. */
  | 'broker_down'
  /** The lists of the terminal prove nothing for `forMs` (`synced=0`). */
  | 'unsynced'
  /** Lists leave out what happened less than `lagMs` ago, for `forMs`. */
  | 'lists_lag'
  /** The request never reaches the broker; OrderSend returns `retcode` (10012 or 10031). */
  | 'drop_request'
  /** The request is carried out, after `executeAfterMs`; OrderSend returns `retcode` (10012 or 10031) before. */
  | 'drop_reply'
  /** OrderSend takes `delayMs` longer. */
  | 'delay'
  /** OrderSend returns `retcode` and nothing is done. */
  | 'refuse'
  /** The same with 10004. */
  | 'requote'
  /** DONE without a deal ticket or a price in the result. */
  | 'done_without_deal'
  /** Half of a market order is filled, the rest cancelled. */
  | 'partial_fill'
  /** The broker keeps `comment` instead of the comment that was sent. */
  | 'comment_changed'
  /** Events of the account are lost. */
  | 'events_lost'
  /** Events of the account are told twice, each time at any moment within `delayMs`, so that they overtake each other. */
  | 'events_late'
  /** The symbol (or every one) does not trade for `forMs`. */
  | 'market_closed'
  /** Somebody closes a position by hand, at once: `position`. */
  | 'manual_close'
  /** Somebody opens a position of `symbol` by hand, at once; a buy of the smallest volume unless told otherwise. */
  | 'manual_open'
  /** The broker gives a position another ticket, at once; its identifier stays. */
  | 'ticket_changed'
  /** The broker takes back a deal that opened what is still open, at once: `deal`. */
  | 'deal_cancelled'
  /** The broker's clock is set by `stepMs`, at once and for good. */
  | 'clock_step'
  /** The terminal is logged in as `login` for `forMs`, which is another account: it has nothing of this one. */
  | 'relogin'
  /** The terminal's process dies at a `point` of its next command. */
  | 'crash';

export type CrashPoint = 'before_intent' | 'after_intent' | 'after_send' | 'after_result';

export type Fault = {
  readonly kind: FaultKind;
  readonly account?: string;
  readonly terminal?: string;
  readonly symbol?: string;
  readonly times?: number;
  readonly forMs?: number;
  readonly syncMs?: number;
  readonly lagMs?: number;
  readonly delayMs?: number;
  readonly executeAfterMs?: number;
  readonly retcode?: number;
  readonly comment?: string;
  readonly engine?: string;
  readonly position?: string;
  readonly deal?: string;
  readonly side?: Side;
  readonly volume?: string;
  readonly login?: string;
  readonly stepMs?: number;
  readonly point?: CrashPoint;
};

export type ParsedFault =
  | { readonly is: 'fault'; readonly fault: Fault }
  | { readonly is: 'refused'; readonly errors: readonly FieldError[] };

type FieldName = Exclude<keyof Fault, 'kind'>;
type Rule = { readonly needs: readonly FieldName[]; readonly may: readonly FieldName[] };

const request = ['account', 'terminal', 'symbol', 'times'] as const;

const MENU: Readonly<Record<FaultKind, Rule>> = {
  links_down: { needs: ['forMs'], may: ['account', 'terminal', 'engine'] },
  broker_down: { needs: ['forMs'], may: ['account', 'terminal', 'syncMs'] },
  unsynced: { needs: ['forMs'], may: ['account', 'terminal'] },
  lists_lag: { needs: ['lagMs', 'forMs'], may: ['account', 'terminal'] },
  drop_request: { needs: ['retcode'], may: [...request] },
  drop_reply: { needs: ['retcode'], may: [...request, 'executeAfterMs'] },
  delay: { needs: ['delayMs'], may: [...request] },
  refuse: { needs: ['retcode'], may: [...request] },
  requote: { needs: [], may: [...request] },
  done_without_deal: { needs: [], may: [...request] },
  partial_fill: { needs: [], may: [...request] },
  comment_changed: { needs: ['comment'], may: [...request] },
  events_lost: { needs: ['times'], may: ['account'] },
  events_late: { needs: ['times', 'delayMs'], may: ['account'] },
  market_closed: { needs: ['forMs'], may: ['symbol'] },
  manual_close: { needs: ['account', 'position'], may: [] },
  manual_open: { needs: ['account', 'symbol'], may: ['side', 'volume'] },
  ticket_changed: { needs: ['account', 'position'], may: [] },
  deal_cancelled: { needs: ['account', 'deal'], may: [] },
  clock_step: { needs: ['stepMs'], may: [] },
  relogin: { needs: ['terminal', 'login', 'forMs'], may: ['account'] },
  crash: { needs: ['point', 'terminal'], may: ['account'] },
};

/** Faults that strike requests, one each, `times` times. */
export const REQUEST_FAULTS: readonly FaultKind[] = [
  'drop_request',
  'drop_reply',
  'delay',
  'refuse',
  'requote',
  'done_without_deal',
  'partial_fill',
  'comment_changed',
];

/** Faults that strike events of an account, one each, `times` times. */
export const EVENT_FAULTS: readonly FaultKind[] = ['events_lost', 'events_late'];

const milliseconds = {
  expected: 'milliseconds, 0 to 3600000',
  holds: (value: unknown) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 3_600_000,
};
const name = {
  expected: 'a name of at most 64 characters',
  holds: (value: unknown) => typeof value === 'string' && /^[A-Za-z0-9._#-]{1,64}$/.test(value),
};

const ticket = (whose: string): { expected: string; holds: (value: unknown) => boolean } => ({
  expected: `${whose} as a string of digits`,
  holds: (value) => typeof value === 'string' && /^[1-9]\d{0,19}$/.test(value),
});

const FIELDS: Readonly<
  Record<FieldName, { readonly expected: string; readonly holds: (value: unknown) => boolean }>
> = {
  account: name,
  terminal: name,
  symbol: name,
  engine: name,
  times: {
    expected: 'a whole number from 1 to 1000000',
    holds: (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 1_000_000,
  },
  forMs: milliseconds,
  syncMs: milliseconds,
  lagMs: milliseconds,
  delayMs: milliseconds,
  executeAfterMs: milliseconds,
  retcode: {
    expected: "one of MT5's trade return codes",
    holds: (value) => typeof value === 'number' && Object.hasOwn(RETURN_CODES, value),
  },
  comment: {
    expected: 'at most 31 printable ASCII characters',
    holds: (value) => typeof value === 'string' && /^[\x20-\x7e]{0,31}$/.test(value),
  },
  position: ticket('a position'),
  deal: ticket('a deal'),
  login: ticket('a login'),
  side: { expected: 'buy or sell', holds: (value) => value === 'buy' || value === 'sell' },
  volume: {
    expected: 'a decimal string above 0',
    holds: (value) => typeof value === 'string' && (parseDecimal(value)?.units ?? 0n) > 0n,
  },
  stepMs: {
    expected: 'milliseconds, -86400000 to 86400000',
    holds: (value) => Number.isInteger(value) && Math.abs(value as number) <= 86_400_000,
  },
  point: {
    expected: 'one of before_intent, after_intent, after_send, after_result',
    holds: (value) =>
      ['before_intent', 'after_intent', 'after_send', 'after_result'].includes(value as string),
  },
};

/** Checks a fault. Never throws; every wrong field is named with its value and what was expected. */
export function parseFault(body: unknown): ParsedFault {
  const refused = (field: string, value: unknown, expected: string): ParsedFault => ({
    is: 'refused',
    errors: [{ field, value: shownValue(value), expected }],
  });
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return refused('(body)', body, 'an object with a kind');
  }
  const given = body as Readonly<Record<string, unknown>>;
  const kind = given['kind'];
  if (typeof kind !== 'string' || !Object.hasOwn(MENU, kind)) {
    return refused('kind', kind, `one of ${Object.keys(MENU).join(', ')}`);
  }
  const rule = MENU[kind as FaultKind];
  const errors: FieldError[] = [];
  for (const field of rule.needs) {
    if (given[field] === undefined) {
      errors.push({ field, value: '(missing)', expected: `${FIELDS[field].expected}: ${kind} needs it` });
    }
  }
  for (const [field, value] of Object.entries(given)) {
    if (field === 'kind') continue;
    const known = [...rule.needs, ...rule.may].find((each) => each === field);
    if (known === undefined)
      errors.push({ field, value: shownValue(value), expected: `no such field with ${kind}` });
    else if (!FIELDS[known].holds(value))
      errors.push({ field, value: shownValue(value), expected: FIELDS[known].expected });
  }
  const lost = kind === 'drop_request' || kind === 'drop_reply';
  if (lost && given['retcode'] !== 10012 && given['retcode'] !== 10031 && given['retcode'] !== undefined) {
    errors.push({ field: 'retcode', value: shownValue(given['retcode']), expected: '10012 or 10031' });
  }
  return errors.length > 0 ? { is: 'refused', errors } : { is: 'fault', fault: given as Fault };
}
