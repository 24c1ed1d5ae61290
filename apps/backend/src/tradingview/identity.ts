/**
 * The rule that makes a signal's id from an alert (I2). An `id` in the alert wins. Else, where the alert has a time,
 * the id is a hash of what it asks for, of the names it gives itself, and of that time: the same alert sent twice is
 * one signal. Alerts with neither are the same when every field is, within the webhook's duplicate window.
 */
import { createHash, randomBytes } from 'node:crypto';
import { canonicalSignal, type Signal } from '@holdfast/ha-core';
import type { AlertFields } from './alert-fields.ts';
import type { AlertSignal } from './alert-signal.ts';

export type AlertIdentity =
  | { readonly by: 'id'; readonly id: string }
  | { readonly by: 'time'; readonly id: string }
  /** `candidate` is the id that a first one of its window gets. */
  | { readonly by: 'window'; readonly fingerprint: string; readonly candidate: string };

/** `webhook` is the name in the configuration: two webhooks never share an id that was made. */
export function alertIdentity(webhook: string, fields: AlertFields, alert: AlertSignal): AlertIdentity {
  const { id, time, orderName, strategy } = alert.parts;
  if (id !== undefined) return { by: 'id', id: id.value };
  if (time !== undefined) {
    const named = [
      webhook,
      canonicalSignal(alert.signal as Signal),
      orderName?.value,
      strategy?.value,
      time.value,
    ];
    return { by: 'time', id: `tv-${hash(named)}` };
  }
  const fingerprint = hash([webhook, [...fields].sort(([a], [b]) => (a < b ? -1 : 1))]);
  return {
    by: 'window',
    fingerprint,
    candidate: `tv-${fingerprint.slice(0, 16)}-${randomBytes(8).toString('hex')}`,
  };
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}
