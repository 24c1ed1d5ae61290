/**
 * What people ask of an account's leader, at one engine: told of with each beat, read behind a mark, performed one after the
 * other, answered once (libs/redis wishes). A wish that cannot be answered here stays for whoever leads next.
 */
import { type Host, sleep } from '@holdfast/ha-core';
import type { Asked, StoredWish, WishAnswer, WishStore } from '@holdfast/redis';

export type Performed = { readonly is: 'done' | 'refused'; readonly detail: string };

export type WishDeskOptions = {
  readonly host: Host;
  readonly engine: string;
  readonly account: string;
  readonly store: WishStore;
  /** The epoch that this engine leads in; undefined when it does not. */
  readonly leads: () => string | undefined;
  /** Undefined: the next leader has to answer. Performing twice must do no more than performing once. */
  readonly perform: (wish: StoredWish) => Promise<Performed | undefined>;
  /** A pause began to be in force or ended; the id of the wish, '' for none. */
  readonly onPause: (pause: string) => void;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type WishDesk = {
  readonly seen: (asked: Asked) => void;
  /** The pause that is in force, by what was told last; '' for none. */
  readonly pause: () => string;
};

const ANSWER_WITHIN_MS = 2000;
const AGAIN_MS = 100;

/** The desk of one account. */
export function createWishDesk(options: WishDeskOptions): WishDesk {
  const { host, engine, account, store, log } = options;
  let pause = '';
  let busy = false;
  let waiting: readonly string[] = [];

  const answer = async (wish: StoredWish, performed: Performed): Promise<void> => {
    const epoch = options.leads();
    if (epoch === undefined) return;
    const said: WishAnswer = { ...performed, by: engine, epoch, at: host.wallMs() };
    const stored = await store.answer(account, wish.id, said, ANSWER_WITHIN_MS);
    log('wish_answered', { wish: wish.id, what: wish.what, is: said.is, detail: said.detail, stored });
  };

  const work = async (): Promise<void> => {
    busy = true;
    while (options.leads() !== undefined && waiting.length > 0) {
      const read = await store.read(account);
      if (read.is === 'unavailable') {
        await sleep(host, AGAIN_MS);
        continue;
      }
      waiting = [];
      for (const wish of read.value.waiting) {
        if (options.leads() === undefined) break;
        log('wish', { wish: wish.id, what: wish.what, by: wish.by, reason: wish.reason });
        const performed = await options.perform(wish);
        if (performed !== undefined) await answer(wish, performed);
      }
    }
    busy = false;
  };

  return {
    seen: (asked) => {
      waiting = asked.waiting;
      if (pause !== asked.pause) {
        pause = asked.pause;
        options.onPause(pause);
      }
      // The activation is told right after this; the work begins when it is.
      if (waiting.length > 0 && !busy) host.after(0, () => void (busy || work()));
    },
    pause: () => pause,
  };
}
