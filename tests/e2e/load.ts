/** Signals that flow while something is broken, and how long clients and the broker went without. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from './client.ts';
import type { ResultRow } from './checker.ts';
import { recordsOf } from './evidence.ts';

const RESULTS_A_PAGE = 500;

export type Load = { readonly stop: () => Promise<void> };

/** Opens positions in turn on these accounts, `perSecond` in all, each without waiting for the last. */
export function startLoad(
  client: Client,
  prefix: string,
  accounts: readonly string[],
  perSecond: number,
): Load {
  const startedAt = performance.now();
  const under = new Set<Promise<unknown>>();
  let stopped = false;
  let sent = 0;
  const loop = async (): Promise<void> => {
    while (!stopped) {
      const due = ((performance.now() - startedAt) / 1000) * perSecond;
      for (; sent < due; sent += 1) {
        const side = Math.floor(sent / accounts.length) % 2 === 0 ? 'buy' : 'sell';
        const body = { id: `${prefix}-${sent}`, action: 'open', symbol: 'EURUSD', side, volume: '0.01' };
        const one = client.send(accounts[sent % accounts.length] ?? '', body);
        under.add(one);
        void one.finally(() => under.delete(one));
      }
      await pause(5);
    }
    await Promise.all(under);
  };
  const running = loop();
  return {
    stop: () => {
      stopped = true;
      return running;
    },
  };
}

/** From `at` to the acknowledgement of the first signal that was sent after it; undefined while there is none. */
export function acknowledgedAfter(client: Client, at: number): number | undefined {
  const times = [...client.told.values()].flatMap(({ sentAt, acknowledgedAt }) =>
    sentAt < at || acknowledgedAt === undefined ? [] : [acknowledgedAt],
  );
  return times.length === 0 ? undefined : Math.min(...times) - at;
}

/** From the wall time `at` to the account's first execution after it; `after` is a number before which nothing is looked at. */
export async function executedAfter(
  client: Client,
  account: string,
  at: number,
  after: number,
): Promise<number | undefined> {
  const { body } = await client.get<{ results: (ResultRow & { at: number })[] }>(
    `/v1/accounts/${account}/results?after=${after}&limit=${RESULTS_A_PAGE}`,
  );
  const times = body.results.flatMap(({ outcome, at: time }) =>
    outcome === 'filled' && time > at ? [time] : [],
  );
  return times.length === 0 ? undefined : Math.min(...times) - at;
}

/** The account's newest number. */
export async function lastNumber(client: Client, account: string): Promise<number> {
  return (await recordsOf(client, account)).at(-1)?.number ?? 0;
}
