/**
 * MT5's trade return codes and what each says about execution (MQL5 reference, "Return codes of the trade
 * server"). The class decides everything: only `no` lets a command be tried again, and `ambiguous` never does (I5).
 *
 * ok         accepted: the result stands
 * no         surely not executed: final, or tried again where `retry` says so and the signal still lives
 * ambiguous  may have been executed: unknown until the broker's own records prove it
 * goal       the wanted state is there already (nothing to change, position already closed)
 */
export type ReturnCodeClass = 'ok' | 'no' | 'ambiguous' | 'goal';

export type ReturnCode = {
  readonly name: string;
  readonly class: ReturnCodeClass;
  /** A certain NO that a later attempt may turn into a yes. */
  readonly retry: boolean;
};

const no = (name: string): ReturnCode => ({ name, class: 'no', retry: false });
const again = (name: string): ReturnCode => ({ name, class: 'no', retry: true });
const ok = (name: string): ReturnCode => ({ name, class: 'ok', retry: false });
const ambiguous = (name: string): ReturnCode => ({ name, class: 'ambiguous', retry: false });
const goal = (name: string): ReturnCode => ({ name, class: 'goal', retry: false });

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
  10017: no('trade_disabled'),
  10018: no('market_closed'),
  10019: no('no_money'),
  10020: again('price_changed'),
  10021: again('price_off'),
  10022: no('invalid_expiration'),
  10023: again('order_changed'),
  10024: again('too_many_requests'),
  10025: goal('no_changes'),
  10026: no('server_disables_at'),
  10027: no('client_disables_at'),
  10028: ambiguous('locked'),
  10029: again('frozen'),
  10030: no('invalid_fill'),
  10031: ambiguous('connection'),
  10032: no('only_real'),
  10033: no('limit_orders'),
  10034: no('limit_volume'),
  10035: no('invalid_order'),
  10036: goal('position_closed'),
  10038: no('invalid_close_volume'),
  10039: again('close_order_exist'),
  10040: no('limit_positions'),
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
