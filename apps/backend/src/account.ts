/** The account that a path names, and the answer when Redis cannot be read. */
import { shownValue } from '@holdfast/ha-core';
import type { TradedAccount } from './acceptance.ts';
import { Refusal } from './answers.ts';

/** The configured account; throws the 404 that names it otherwise. */
export function knownAccount(accounts: ReadonlyMap<string, TradedAccount>, name: string): TradedAccount {
  const account = accounts.get(name);
  if (account !== undefined) return account;
  throw new Refusal(404, 'unknown_account', `there is no account ${shownValue(name)}`, [
    { field: 'account', value: shownValue(name), expected: `one of ${[...accounts.keys()].join(', ')}` },
  ]);
}

/** 503: what was asked for could not be read from Redis behind a mark in the in-sync set. */
export function notReadable(detail: string): Refusal {
  return new Refusal(503, 'not_ready', `it cannot be read now: ${detail}`, [], {
    headers: { 'retry-after': '1' },
  });
}
