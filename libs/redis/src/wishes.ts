/**
 * Wishes: what a person asks of the engine that leads an account (switch over, pause, resume, …). A wish is an
 * acknowledged write, so it outlives engines and can be looked up later; it is stored once by its id, and answered once by
 * whoever leads (I3). An engine that died before it answered leaves the wish to the next one, so whoever performs one must
 * be able to do so twice.
 */
import type { RedisReply } from '@holdfast/ha-core';
import { accountKeys } from './keys.ts';
import { words } from './lease-store.ts';
import { hashOf } from './replies.ts';
import type { AcknowledgedWriter, FunctionCall, NotStored } from './writes.ts';

/** What was read, or that nothing can be read now. */
type WishReading =
  | { readonly is: 'read'; readonly value: WishesSeen }
  | { readonly is: 'unavailable'; readonly detail: string };

export const WISHES = ['switchover', 'pause', 'resume', 'resolve', 'reconcile'] as const;

export type Wish = {
  readonly id: string;
  readonly what: (typeof WISHES)[number];
  /** Who asks, and why: shown to others. */
  readonly by: string;
  readonly reason: string;
  readonly args: Readonly<Record<string, string>>;
};

export type WishAnswer = {
  readonly is: 'done' | 'refused';
  readonly detail: string;
  /** The engine that says so, its epoch, and its wall clock. */
  readonly by: string;
  readonly epoch: string;
  readonly at: number;
};

/** A wish as it stands in Redis. `at`: wall clock of its acceptance. */
export type StoredWish = Wish & { readonly at: number; readonly answer?: WishAnswer };

/** The pause that is in force. */
export type Pause = {
  readonly id: string;
  readonly by: string;
  readonly reason: string;
  readonly at: number;
};

export type Wishing =
  | { readonly is: 'accepted'; readonly at: number }
  | { readonly is: 'repeat'; readonly at: number; readonly answer?: WishAnswer }
  | { readonly is: 'conflict' }
  /** So many wait already that no more are taken. */
  | { readonly is: 'full' }
  | { readonly is: 'not_stored'; readonly why: NotStored; readonly detail: string }
  | { readonly is: 'unknown'; readonly detail: string };

export type WishesSeen = {
  readonly pause: Pause | undefined;
  /** Not answered yet, the oldest first. */
  readonly waiting: readonly StoredWish[];
  /** The newest first. */
  readonly answered: readonly StoredWish[];
};

export type Answering = 'ok' | 'stale' | 'gone' | 'failed';

export type WishStore = {
  /** Stores it durably, or says what stands under its id already. Never rejects. */
  readonly wish: (account: string, wish: Wish, deadlineMs: number) => Promise<Wishing>;
  /** All that are kept, each behind a mark of the reader's own. Never rejects. */
  readonly read: (account: string) => Promise<WishReading>;
  /** `gone`: answered already, or no such wish. */
  readonly answer: (account: string, id: string, answer: WishAnswer, withinMs: number) => Promise<Answering>;
};

/** The wishes over an acknowledged writer; `reader` names its marks. */
export function createWishStore(options: {
  readonly writer: AcknowledgedWriter;
  readonly reader: string;
}): WishStore {
  const { writer, reader } = options;
  const mark = (account: string): FunctionCall => ({
    name: 'hf_mark',
    keys: [accountKeys(account).marks],
    args: [`${reader}:wishes`, 'now'],
  });
  return {
    wish: async (account, wish, deadlineMs) => {
      const call = {
        name: 'hf_wish',
        keys: [accountKeys(account).wishes],
        args: [wish.id, wish.what, canonicalWish(wish)],
        knownBefore: (reply: RedisReply) => words(reply)[0] !== 'accepted',
      };
      const outcome = await writer.writeUntil(call, deadlineMs);
      if (outcome.is !== 'acknowledged') return outcome;
      const [is, at, answer] = words(outcome.reply);
      switch (is) {
        case 'accepted':
          return { is, at: Number(at) };
        case 'repeat':
          return { is, at: Number(at), ...answerField(answer) };
        case 'conflict':
        case 'full':
          return { is };
        default:
          throw new Error(`hf_wish replied ${JSON.stringify(outcome.reply)}`);
      }
    },
    read: async (account) => {
      const read = await writer.read([['HGETALL', accountKeys(account).wishes]], mark(account));
      return read.is === 'unavailable' ? read : { is: 'read', value: readWishes(read.replies[0]) };
    },
    answer: async (account, id, answer, withinMs) => {
      const { lease, wishes } = accountKeys(account);
      const call = {
        name: 'hf_answer',
        keys: [lease, wishes],
        args: [answer.by, answer.epoch, id, JSON.stringify(answer)],
      };
      const outcome = await writer.writeUntil(call, withinMs);
      if (outcome.is !== 'acknowledged') return 'failed';
      const [word] = words(outcome.reply);
      if (word === 'ok' || word === 'stale') return word;
      return 'gone';
    },
  };
}

/** Reads the reply of HGETALL on an account's wishes. */
export function readWishes(reply: RedisReply | undefined): WishesSeen {
  const fields = hashOf(reply);
  const stored = (id: string): StoredWish[] => {
    const body = fields[`wish:${id}`];
    if (body === undefined) return [];
    const wish = JSON.parse(body) as Wish;
    return [{ ...wish, at: Number(fields[`at:${id}`] ?? 0), ...answerField(fields[`answer:${id}`]) }];
  };
  const ids = (field: string): string[] => (fields[field] ?? '').split(' ').filter((id) => id !== '');
  return {
    pause: pauseOf(fields),
    waiting: ids('waiting').flatMap(stored),
    answered: ids('answered').reverse().flatMap(stored),
  };
}

/** The pause among the fields of an account's wishes. */
export function pauseOf(fields: Readonly<Record<string, string>>): Pause | undefined {
  const { paused, pausedAt, pausedBody } = fields;
  if (paused === undefined || pausedBody === undefined) return undefined;
  const { by, reason } = JSON.parse(pausedBody) as Wish;
  return { id: paused, by, reason, at: Number(pausedAt ?? 0) };
}

function answerField(text: string | undefined): { answer?: WishAnswer } {
  return text === undefined || text === '' ? {} : { answer: JSON.parse(text) as WishAnswer };
}

/** The same wish gives the same text, whoever wrote it down. */
function canonicalWish({ id, what, by, reason, args }: Wish): string {
  const sorted = Object.fromEntries(Object.entries(args).sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify({ id, what, by, reason, args: sorted });
}
