/** The proofs of an opening: each end shows that it knows the account's bridge secret, without sending it. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** What both ends of an opening know; every part is in the proof, so none can be swapped on the way. */
export type Opening = {
  readonly account: string;
  readonly terminal: string;
  readonly journal: string;
  readonly boot: string;
  readonly engineNonce: string;
  readonly bridgeNonce: string;
};

const hmac = (secret: string, message: string): string =>
  createHmac('sha256', secret).update(message).digest('hex');

export function bridgeProof(secret: string, opening: Opening): string {
  const { account, terminal, journal, boot, engineNonce, bridgeNonce } = opening;
  return hmac(secret, `bridge|${account}|${terminal}|${journal}|${boot}|${engineNonce}|${bridgeNonce}`);
}

export function engineProof(secret: string, opening: Opening): string {
  const { account, terminal, engineNonce, bridgeNonce } = opening;
  return hmac(secret, `engine|${account}|${terminal}|${engineNonce}|${bridgeNonce}`);
}

/** Compares two proofs in constant time. */
export function proofsEqual(given: string, expected: string): boolean {
  const a = Buffer.from(given, 'utf8');
  const b = Buffer.from(expected, 'utf8');
  return a.length === b.length && timingSafeEqual(a, b);
}
