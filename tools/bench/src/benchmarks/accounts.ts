/**
 * Many accounts on two engines, one of which is lost: from kill -9 to the result of a signal that is sent at that moment, on
 * each account that the lost engine led. Real processes, one process for all terminals, the broker answers at once.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { openHttp } from '../load/http-connection.ts';
import { openResults } from '../load/results-stream.ts';
import { accountNames, inWorkplace, type Workplace } from '../processes/configuration.ts';
import { engineProcesses } from '../processes/engine-pair.ts';
import { startProduct } from '../processes/product.ts';
import { startRedisTrio } from '../processes/redis-trio.ts';

export type ManyAccounts = {
  readonly accounts: number;
  /** Each kill: how many accounts the lost engine led, and the time of each, in ms. */
  readonly kills: readonly { readonly led: number; readonly timesMs: readonly number[] }[];
};

export type ManyAccountsOptions = {
  readonly accounts: number;
  readonly kills: number;
  readonly tell: (line: string) => void;
};

type Status = { readonly accounts: readonly { readonly account: string; readonly active?: unknown }[] };

const RESULT_WITHIN_MS = 60_000;
/** Accounts go back to their first choice one after the other. */
const SPREAD_WITHIN_MS = 180_000;
const LOOK_EVERY_MS = 500;

/** Kills an engine `kills` times. Ends everything it started. */
export function measureAccounts({ accounts, kills, tell }: ManyAccountsOptions): Promise<ManyAccounts> {
  return inWorkplace(accounts, async (workplace) => {
    const names = accountNames(accounts);
    const redis = await startRedisTrio(workplace.configuration.values, workplace.folder);
    workplace.atEnd(redis.end);
    const product = await startProduct(workplace, {});
    workplace.atEnd(product.end);
    const pair = engineProcesses(workplace, product, names[0] ?? '');
    const warm = await openTrade(workplace, names, 'warm');
    await Promise.all(names.map((name) => warm.trade(name)));
    warm.close();
    const done: ManyAccounts['kills'][number][] = [];
    for (let number = 1; number <= kills; number += 1) {
      const lost = await pair.untilWarm();
      const led = await untilSpread(workplace, product.untilTrading, lost);
      // Anew each time: a connection that was idle for a minute is closed by the backend.
      const { trade, close } = await openTrade(workplace, led, `kill-${number}`);
      const beganMs = performance.now();
      pair.kill(lost);
      const timesMs = await Promise.all(
        led.map(async (name) => {
          await trade(name);
          return performance.now() - beganMs;
        }),
      );
      tell(`${lost} led ${led.length} of ${accounts}: worst ${Math.max(...timesMs).toFixed(0)} ms`);
      done.push({ led: led.length, timesMs });
      close();
      pair.restart(lost);
    }
    return { accounts, kills: done };
  });
}

/** Resolves once each engine leads its half; with the accounts of `engine`. */
async function untilSpread(
  workplace: Workplace,
  untilTrading: () => Promise<void>,
  engine: string,
): Promise<readonly string[]> {
  const { accounts } = workplace.configuration.values;
  const endMs = performance.now() + SPREAD_WITHIN_MS;
  for (;;) {
    await untilTrading();
    const led = await ledBy(workplace, engine);
    if (Math.abs(led.length - accounts.length / 2) < 1) return led;
    if (performance.now() > endMs)
      throw new Error(
        `${engine} leads ${led.length} of ${accounts.length} after ${SPREAD_WITHIN_MS} ms, expected half`,
      );
    await pause(LOOK_EVERY_MS);
  }
}

async function ledBy({ configuration }: Workplace, engine: string): Promise<readonly string[]> {
  const found = configuration.values.engines.find(({ name }) => name === engine);
  const answer = await fetch(`http://${found?.health.host}:${found?.health.port}/status`);
  const { accounts } = (await answer.json()) as Status;
  return accounts.flatMap(({ account, active }) => (active === undefined ? [] : [account]));
}

/** One signal on an account, resolved with its result. */
async function openTrade(
  { configuration, apiKey }: Workplace,
  names: readonly string[],
  tag: string,
): Promise<{ readonly trade: (account: string) => Promise<void>; readonly close: () => void }> {
  const { port } = configuration.values.api.listen;
  const opened = await Promise.all(
    names.map(async (name) => [name, await openHttp(port, `Authorization: Bearer ${apiKey}\r\n`)] as const),
  );
  const connections = new Map(opened);
  const results = await openResults(port, apiKey, names);
  const close = (): void => {
    for (const connection of connections.values()) connection.close();
    results.close();
  };
  let sent = 0;
  const trade = async (account: string): Promise<void> => {
    sent += 1;
    const id = `${tag}-${sent}`;
    const side = sent % 2 === 0 ? 'buy' : 'sell';
    const body = JSON.stringify({ id, action: 'open', symbol: 'EURUSD', side, volume: '0.10' });
    const result = results.of(id);
    const answer = await connections.get(account)?.post(`/v1/accounts/${account}/signals`, body);
    if (answer?.status !== 202) throw new Error(`${id} was answered ${answer?.status}: ${answer?.body}`);
    let late: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      late = setTimeout(
        () => reject(new Error(`${id} of ${account} has no result after ${RESULT_WITHIN_MS} ms`)),
        RESULT_WITHIN_MS,
      );
    });
    const outcome = await Promise.race([result, limit]).finally(() => clearTimeout(late));
    if (outcome !== 'filled') throw new Error(`${id} of ${account} ended ${outcome}`);
  };
  return { trade, close };
}
