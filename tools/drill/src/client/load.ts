/**
 * Signals that flow while something is broken, on every account, and when each account had its first one executed after
 * a moment. Netting accounts buy and sell in turn; hedging accounts close what they have opened.
 */
import { monotonicMs, pause } from '../clock.ts';
import type { Account } from '../system/system.ts';
import type { Client, SignalBody } from './client.ts';
import type { Seen, Streams } from './streams.ts';

export type Load = {
  /** Begins to send, `perSecond` on each account. */
  readonly start: () => void;
  /** Sends one signal on each account at once. */
  readonly probe: () => void;
  /** No new signals; resolves when each that was sent was answered, or its client has given up. */
  readonly stop: () => Promise<void>;
  /**
   * When the account's first signal that was sent after `afterMs` was seen executed; undefined while none was.
   */
  readonly executedAfter: (account: string, afterMs: number) => number | undefined;
  /** Forgets what was seen. */
  readonly forget: () => void;
};

export type LoadOptions = {
  readonly client: Client;
  readonly streams: Streams;
  readonly accounts: readonly Account[];
  readonly perSecond: number;
  /** Begins every id. */
  readonly prefix: string;
};

const TICK_MS = 5;
/** Requests under way on one account; beyond them nothing new is sent. */
const UNDER_WAY_MAX = 200;
const VOLUME = '0.01';

/** A load that does not run yet. */
export function createLoad({ client, streams, accounts, perSecond, prefix }: LoadOptions): Load {
  const sentMs = new Map<string, number>();
  const executed = new Map<string, { readonly sentMs: number; readonly seenMs: number }[]>();
  const desks = new Map(accounts.map((account) => [account.account, deskOf(account, prefix)]));
  const underWay = new Set<Promise<unknown>>();
  let running: Promise<void> | undefined;
  let stopped = true;

  streams.onResult((seen) => {
    const { account, signalId, outcome, seenMs } = seen;
    const began = sentMs.get(`${account}/${signalId}`);
    if (began === undefined || outcome !== 'filled') return;
    const rows = executed.get(account) ?? [];
    rows.push({ sentMs: began, seenMs });
    executed.set(account, rows);
    desks.get(account)?.filled(seen);
  });

  const send = (account: string): void => {
    const body = desks.get(account)?.next();
    if (body === undefined || underWay.size > UNDER_WAY_MAX * accounts.length) return;
    sentMs.set(`${account}/${body.id}`, monotonicMs());
    const one = client.send(account, body);
    underWay.add(one);
    void one.finally(() => underWay.delete(one));
  };
  const loop = async (): Promise<void> => {
    const startedMs = monotonicMs();
    for (let sent = 0; !stopped; ) {
      const due = ((monotonicMs() - startedMs) / 1000) * perSecond * accounts.length;
      for (; sent < due; sent += 1) send(accounts[sent % accounts.length]?.account ?? '');
      await pause(TICK_MS);
    }
  };
  return {
    start: () => {
      stopped = false;
      running = loop();
    },
    probe: () => {
      for (const { account } of accounts) send(account);
    },
    stop: async () => {
      stopped = true;
      await running;
      await Promise.all(underWay);
    },
    executedAfter: (account, afterMs) => {
      const times = (executed.get(account) ?? []).flatMap((row) =>
        row.sentMs >= afterMs ? [row.seenMs] : [],
      );
      return times.length === 0 ? undefined : Math.min(...times);
    },
    forget: () => {
      sentMs.clear();
      executed.clear();
    },
  };
}

type Desk = { readonly next: () => SignalBody; readonly filled: (seen: Seen) => void };

/** Chooses what an account trades next, so that its positions do not pile up. */
function deskOf({ margin, symbols }: Account, prefix: string): Desk {
  const open: { readonly position: string; readonly symbol: string }[] = [];
  const opened = new Map<string, string>();
  let number = 0;
  return {
    next: () => {
      number += 1;
      const id = `${prefix}${number}`;
      const symbol = symbols[number % symbols.length] ?? '';
      const held = margin === 'hedging' ? open.shift() : undefined;
      if (held !== undefined) return { id, action: 'close', symbol: held.symbol, position: held.position };
      opened.set(id, symbol);
      const side = Math.floor(number / symbols.length) % 2 === 0 ? 'buy' : 'sell';
      return { id, action: 'open', symbol, side, volume: VOLUME };
    },
    filled: ({ signalId, position }) => {
      const symbol = opened.get(signalId);
      opened.delete(signalId);
      if (symbol !== undefined && position !== undefined) open.push({ position, symbol });
    },
  };
}
