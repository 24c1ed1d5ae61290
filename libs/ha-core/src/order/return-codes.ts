/**
 * MT5's trade return codes and what each says about execution (MQL5 reference, "Return codes of the trade
 * server"). The class decides everything: only `no` lets a command be tried again, and `ambiguous` never does (I5).
 *
 * ok         accepted: the result stands
 * no         surely not executed: what `next` says, while the signal lives
 * ambiguous  may have been executed: unknown until the broker's own records prove it
 * goal       the wanted state is there already (nothing to change, position already closed)
 */
export type ReturnCodeClass = 'ok' | 'no' | 'ambiguous' | 'goal';

/**
 * What follows a certain NO. The first three count against the limit of attempts, the last two do not.
 *
 * final         the result stands
 * again         another attempt after a moment: the next price may do
 * read_again    the same, once the terminal's lists were read: something changed there
 * back_off      another attempt, later each time; the whole account waits for it, because the broker counts requests
 * park          when the symbol trades again; signals of other symbols pass
 * not_tradable  through another terminal, or when this one may trade again; nothing is sent through it meanwhile
 */
export type AfterNo = 'final' | 'again' | 'read_again' | 'back_off' | 'park' | 'not_tradable';

export type ReturnCode = {
  readonly name: string;
  readonly class: ReturnCodeClass;
  readonly next: AfterNo;
  /** People must know of it: it will come again until they do something. */
  readonly alert: boolean;
};

const row = (name: string, is: ReturnCodeClass, next: AfterNo = 'final', alert = false): ReturnCode => ({
  name,
  class: is,
  next,
  alert,
});
const no = (name: string): ReturnCode => row(name, 'no');
const noAndAlert = (name: string): ReturnCode => row(name, 'no', 'final', true);
const again = (name: string): ReturnCode => row(name, 'no', 'again');
const ok = (name: string): ReturnCode => row(name, 'ok');
const ambiguous = (name: string): ReturnCode => row(name, 'ambiguous');
const goal = (name: string): ReturnCode => row(name, 'goal');

export const RETURN_CODES: Readonly<Record<number, ReturnCode>> = {
  10004: again('requote'),
  10006: no('reject'),
  10007: no('cancel'),
  10008: ok('placed'),
  10009: ok('done'),
  10010: ok('done_partial'),
  10011: ambiguous('error'),
  10012: ambiguous('timeout'),
  10013: no('invalid'),
  10014: no('invalid_volume'),
  10015: no('invalid_price'),
  10016: no('invalid_stops'),
  10017: row('trade_disabled', 'no', 'park'),
  10018: row('market_closed', 'no', 'park'),
  10019: noAndAlert('no_money'),
  10020: again('price_changed'),
  10021: again('price_off'),
  10022: no('invalid_expiration'),
  10023: row('order_changed', 'no', 'read_again'),
  10024: row('too_many_requests', 'no', 'back_off'),
  10025: goal('no_changes'),
  10026: row('server_disables_at', 'no', 'not_tradable', true),
  10027: row('client_disables_at', 'no', 'not_tradable', true),
  10028: ambiguous('locked'),
  10029: again('frozen'),
  10030: no('invalid_fill'),
  10031: ambiguous('connection'),
  10032: noAndAlert('only_real'),
  10033: noAndAlert('limit_orders'),
  10034: noAndAlert('limit_volume'),
  10035: no('invalid_order'),
  10036: goal('position_closed'),
  10038: no('invalid_close_volume'),
  10039: row('close_order_exist', 'no', 'read_again'),
  10040: noAndAlert('limit_positions'),
  10041: no('reject_cancel'),
  10042: no('long_only'),
  10043: no('short_only'),
  10044: no('close_only'),
  10045: no('fifo_close'),
  10046: no('hedge_prohibited'),
};

/** The code's row; a code that nobody knows is ambiguous, because it proves nothing. */
export function returnCode(retcode: number): ReturnCode {
  return RETURN_CODES[retcode] ?? ambiguous(`code_${retcode}`);
}
