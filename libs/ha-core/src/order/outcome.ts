/**
 * How a signal stands, how it ends, and why. The words are ARCHITECTURE section 9's; they are stable for clients.
 */

/** Before the end. `unknown`: sent, and the broker did not confirm. `suspended`: waiting for a connection. */
export type OpenState = 'accepted' | 'sent' | 'unknown' | 'suspended';

/** The end: exactly one per signal (I6). */
export type Outcome =
  | 'filled'
  | 'partly_filled'
  | 'placed'
  | 'done'
  | 'rejected'
  | 'expired'
  | 'cancelled'
  | 'resolved';

export type SignalState = OpenState | Outcome;

export const OUTCOMES: readonly Outcome[] = [
  'filled',
  'partly_filled',
  'placed',
  'done',
  'rejected',
  'expired',
  'cancelled',
  'resolved',
];

/**
 * Why a signal ended as it did: stable codes for clients and reports. `broker_<name>` repeats the broker's return
 * code by its MT5 name in lower case (`broker_no_money`).
 */
export type ReasonCode =
  | 'executed'
  | 'found_at_broker'
  | 'ttl_passed'
  | 'unknown_symbol'
  | 'volume_below_minimum'
  | 'volume_above_maximum'
  | 'volume_off_step'
  | 'price_off_step'
  | 'position_not_found'
  | 'position_ambiguous'
  | 'close_volume_above_position'
  | 'order_not_found'
  | 'trade_mode'
  | 'not_trading'
  | 'poison'
  | 'person'
  | `broker_${string}`;
