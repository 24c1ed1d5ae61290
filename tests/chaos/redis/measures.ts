/** What a run measured, from what writers were told and what Sentinels printed. Pure. */
import type { Told } from './writers/record.ts';

/** When a write of this writer that began after `fromMs` was first acknowledged. */
export function firstAcknowledged(
  told: readonly Told[],
  fromMs: number,
  writer?: string,
): number | undefined {
  let first: number | undefined;
  for (const one of told) {
    if (one.outcome !== 'acknowledged' || one.sentMs < fromMs) continue;
    if (one.writer !== writer) continue;
    if (first === undefined || one.toldMs < first) first = one.toldMs;
  }
  return first;
}

/** A deed of the tests: when it began and when it was done. */
export type Strike = { readonly beganMs: number; doneMs: number };

/**
 * From before the deed to the first acknowledgement of a write that began after it: of any writer, and of the one that
 * waited longest. A cut takes some ms to be made: what began meanwhile does not count.
 */
export function outages(
  told: readonly Told[],
  { beganMs, doneMs }: Strike,
  writers: readonly string[],
): { readonly first: number | undefined; readonly slowest: number | undefined } {
  const each = writers.map((writer) => firstAcknowledged(told, doneMs, writer));
  const ended = each.filter((one) => one !== undefined);
  return {
    first: ended.length === 0 ? undefined : Math.min(...ended) - beganMs,
    slowest: ended.length < each.length ? undefined : Math.max(...ended) - beganMs,
  };
}

/** The longest of several times; undefined as soon as one of them never ended. */
export function longest(times: readonly (number | undefined)[]): number | undefined {
  return times.length === 0 || times.includes(undefined)
    ? undefined
    : Math.max(...times.map((one) => one ?? 0));
}

/** The longest time between two acknowledgements from `fromMs` to `toMs`. */
export function longestGap(told: readonly Told[], fromMs: number, toMs: number): number {
  const times = told
    .filter(({ outcome, toldMs }) => outcome === 'acknowledged' && toldMs >= fromMs && toldMs <= toMs)
    .map(({ toldMs }) => toldMs)
    .toSorted((a, b) => a - b);
  let gap = 0;
  let last = fromMs;
  for (const time of times) {
    gap = Math.max(gap, time - last);
    last = time;
  }
  return gap;
}

/** Changes of primary: every Sentinel prints one line for each; one that was down or cut off prints fewer. */
export function countFailovers(lines: readonly { readonly from: string; readonly text: string }[]): number {
  const counts = new Map<string, number>();
  for (const { from, text } of lines) {
    if (text.includes('+switch-master')) counts.set(from, (counts.get(from) ?? 0) + 1);
  }
  return Math.max(0, ...counts.values());
}

/** What is wrong with the number of changes of primary; undefined when nothing is. */
export function wrongFailover(
  allowed: 'must' | 'may' | 'must not',
  counted: number,
  most: number,
): string | undefined {
  if (allowed === 'must' && counted === 0) return 'no other node became the primary';
  if (allowed === 'must' && counted > most) return `${counted} changes of primary, ${most} expected`;
  if (allowed === 'must not' && counted > 0) return `${counted} false failovers`;
  return undefined;
}
