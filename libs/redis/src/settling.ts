/** Who is told what after a round: each caller its own replies, or why there are none. */
import { type Command, RedisError, type RedisReply } from '@holdfast/ha-core';
import type { NotStored } from './writes.ts';

export type ItemOutcome =
  | { readonly is: 'acknowledged'; readonly replies: readonly RedisReply[] }
  | { readonly is: 'not_stored'; readonly why: NotStored; readonly detail: string }
  | { readonly is: 'unknown'; readonly detail: string };

/** What one caller has put in, and how it is told. */
export type Item = {
  readonly commands: readonly Command[];
  readonly settle: (outcome: ItemOutcome) => void;
};

/** Tells all the same. */
export function settleAll(items: readonly Item[], outcome: ItemOutcome): void {
  for (const item of items) item.settle(outcome);
}

/** After a round that was executed: `confirmed` is true, or why it is not known to be in the set. */
export function settleRound(
  items: readonly Item[],
  replies: readonly RedisReply[],
  confirmed: true | string,
): void {
  for (const [item, own, error] of shares(items, replies)) {
    if (error !== undefined) item.settle({ is: 'not_stored', ...refusal(error) });
    else if (confirmed === true) item.settle({ is: 'acknowledged', replies: own });
    else item.settle({ is: 'unknown', detail: confirmed });
  }
}

/** After EXECABORT nothing was executed: who was at fault is told, the others travel again. */
export function settleAborted(
  items: readonly Item[],
  queued: readonly RedisReply[],
  again: (items: Item[]) => void,
): void {
  const innocent: Item[] = [];
  for (const [item, , error] of shares(items, queued)) {
    if (error === undefined) innocent.push(item);
    else item.settle({ is: 'not_stored', ...refusal(error) });
  }
  if (innocent.length === items.length) {
    settleAll(innocent, { is: 'not_stored', why: 'refused', detail: 'the transaction was refused' });
  } else again(innocent);
}

function shares(
  items: readonly Item[],
  replies: readonly RedisReply[],
): (readonly [Item, readonly RedisReply[], RedisError | undefined])[] {
  let from = 0;
  return items.map((item) => {
    const own = replies.slice(from, from + item.commands.length);
    from += item.commands.length;
    const error = own.find((reply) => reply instanceof RedisError);
    return [item, own, error instanceof RedisError ? error : undefined];
  });
}

const NO_PRIMARY = new Set(['READONLY', 'NOREPLICAS', 'LOADING', 'MASTERDOWN', 'MISCONF', 'Connection']);

function refusal(error: RedisError): { why: NotStored; detail: string } {
  if (error.code === 'OOM') return { why: 'out_of_memory', detail: error.message };
  return { why: NO_PRIMARY.has(error.code) ? 'no_primary' : 'refused', detail: error.message };
}
