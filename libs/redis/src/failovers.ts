/** The list of the last failovers in Redis: written by wardens, shown by status and console. Nothing is decided by it. */
import type { RedisReply } from '@holdfast/ha-core';

/** One change of primary. */
export type StoredFailover = {
  /** The nodes, as `host:port`. */
  readonly from: string;
  readonly to: string;
  /** The term that the new primary claimed; null where yet another followed before anyone could see it. */
  readonly term: number | null;
  readonly cause: string;
  /** The warden that asked for it, or, where none did, that saw it first. */
  readonly by: string;
  readonly asked: boolean;
  /** From the first missed probe (where it was asked for), else from the last sight of the old primary, to the first of the new. */
  readonly tookMs: number | null;
  /** Wall clock, ms since 1970. */
  readonly at: number;
};

/** So many are kept. */
export const FAILOVERS_KEPT = 20;

/**
 * Reads the reply of LRANGE, newest first. The same failover can stand there twice, where a write had to be repeated or a
 * second warden saw it: then whoever asked for it is right. What cannot be read is left out.
 */
export function readFailovers(reply: unknown): readonly StoredFailover[] {
  const rows = Array.isArray(reply) ? (reply as readonly RedisReply[]).flatMap(readOne) : [];
  return dedupe(rows);
}

/** Each failover once, newest first. */
export function dedupe(rows: readonly StoredFailover[]): readonly StoredFailover[] {
  const kept: StoredFailover[] = [];
  for (const row of rows) {
    const index = kept.findIndex((one) => isSame(one, row));
    if (index < 0) kept.push(row);
    else if (row.asked && kept[index]?.asked === false) kept[index] = row;
  }
  return kept.sort((a, b) => b.at - a.at);
}

/** Two sights of one failover may be some seconds apart. */
const SAME_WITHIN_MS = 10_000;

/** Whether two rows tell of the same failover. */
export function isSame(one: StoredFailover, other: StoredFailover): boolean {
  if (one.to !== other.to) return false;
  if (one.term !== null && other.term !== null) return one.term === other.term;
  return one.from === other.from && Math.abs(one.at - other.at) < SAME_WITHIN_MS;
}

function readOne(text: RedisReply): StoredFailover[] {
  if (typeof text !== 'string') return [];
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch {
    // Only wardens write here; a line that is none of theirs is not shown.
    return [];
  }
  if (typeof row !== 'object' || row === null) return [];
  const { from, to, term, cause, by, asked, tookMs, at } = row as Record<string, unknown>;
  if (typeof from !== 'string' || typeof to !== 'string' || typeof at !== 'number') return [];
  return [
    {
      from,
      to,
      at,
      term: typeof term === 'number' ? term : null,
      cause: typeof cause === 'string' ? cause : '',
      by: typeof by === 'string' ? by : '',
      asked: asked === true,
      tookMs: typeof tookMs === 'number' ? tookMs : null,
    },
  ];
}
