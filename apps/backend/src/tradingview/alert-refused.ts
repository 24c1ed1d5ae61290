/** Why an alert became no signal: a stable reason for programs, a sentence for people, the field it is about. */
import type { FieldError } from '@holdfast/ha-core';

export type AlertReason =
  | 'empty'
  | 'placeholder_left'
  | 'malformed_json'
  | 'not_an_object'
  | 'too_many_fields'
  | 'field_not_plain'
  | 'text_not_understood'
  | 'unknown_field'
  | 'fields_disagree'
  | 'symbol_missing'
  | 'symbol_not_mapped'
  | 'side_missing'
  | 'side_not_understood'
  | 'position_not_understood'
  | 'order_type_not_understood'
  | 'price_missing'
  | 'volume_missing'
  | 'volume_not_a_number'
  | 'stop_ambiguous'
  | 'reversal_on_hedging'
  | 'nothing_to_close'
  | 'invalid_signal';

export class AlertRefused extends Error {
  readonly reason: AlertReason;
  readonly fields: readonly FieldError[];
  constructor(reason: AlertReason, message: string, fields: readonly FieldError[]) {
    super(message);
    this.name = 'AlertRefused';
    this.reason = reason;
    this.fields = fields;
  }
}
