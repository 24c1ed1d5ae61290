/**
 * What makes two signals the same (I2), and what the broker knows a signal by.
 */
import { hash } from 'node:crypto';
import type { Signal } from './signal.ts';

/** The signal as canonical JSON: keys sorted, absent fields left out. Equal signals give equal text. */
export function canonicalSignal(signal: Signal): string {
  const entries = Object.entries(signal).filter(([, value]) => value !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(entries));
}

/** 128 bits over the canonical signal, as hex: a repeat has the same, another body has another (409). */
export function signalDigest(signal: Signal): string {
  return hash('sha256', canonicalSignal(signal)).slice(0, 32);
}

/**
 * The signal's magic: 53 bits derived from account and id, as a decimal string, never 0 (which the broker gives to
 * manual trades). 53 bits, because it passes through numbers in MQL5 tools and JSON. Two ids with one magic are
 * refused at acceptance: the accepted signals of an account are keyed by it.
 */
export function signalMagic(account: string, id: string): string {
  const digest = hash('sha256', `${account}\n${id}`, 'buffer');
  const magic = digest.readBigUInt64BE(0) >> 11n;
  return magic === 0n ? '1' : magic.toString();
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** The comment that goes with the magic: `hf-` and the same 53 bits in base32; 14 ASCII characters of the 26 allowed. */
export function signalComment(magic: string): string {
  let rest = BigInt(magic);
  let text = '';
  for (let i = 0; i < 11; i += 1) {
    text = BASE32.charAt(Number(rest & 31n)) + text;
    rest >>= 5n;
  }
  return `hf-${text}`;
}
