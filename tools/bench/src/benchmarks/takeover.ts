/**
 * How long an account is without service when its engine is lost: from the fault to the result of a signal that is sent
 * at that moment, as its client sees it. Real processes, the broker answers at once. kill -9, SIGSTOP, and a planned
 * switchover; and kill -9 again with many finished signals in Redis, which must change nothing.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { openHttp } from '../load/http-connection.ts';
import { fillFinished } from '../load/finished-signals.ts';
import { openResults } from '../load/results-stream.ts';
import { accountNames, inWorkplace, type Workplace } from '../processes/configuration.ts';
import { type EnginePair, engineProcesses } from '../processes/engine-pair.ts';
import { startProduct } from '../processes/product.ts';
import { startRedisTrio } from '../processes/redis-trio.ts';

export type TakeoverPlan = {
  readonly kills: number;
  readonly freezes: number;
  readonly planned: number;
  /** kill -9 with so many finished signals. */
  readonly growth: { readonly finished: readonly number[]; readonly kills: number };
};

export type TakeoverSeries = {
  readonly what: string;
  readonly finished: number;
  /** Each one's time, in ms. */
  readonly timesMs: readonly number[];
};

export type TakeoverOptions = { readonly plan: TakeoverPlan; readonly tell: (line: string) => void };

/** What the client does: one signal, resolved with its result; and one wish. */
type Desk = {
  readonly trade: () => Promise<number>;
  readonly switchOver: (from: string) => Promise<void>;
};

const SIGNAL_WITHIN_MS = 30_000;
const WISH_WITHIN_MS = 10_000;
const TOLD_EVERY = 25;

/** Runs the whole plan, one fault after the other. Ends everything it started. */
export async function measureTakeover({ plan, tell }: TakeoverOptions): Promise<TakeoverSeries[]> {
  const series = await withFinished(0, async (pair, desk) => [
    {
      what: 'kill -9',
      finished: 0,
      timesMs: await repeat('kill -9', plan.kills, tell, () => killOnce(pair, desk)),
    },
    {
      what: 'SIGSTOP',
      finished: 0,
      timesMs: await repeat('SIGSTOP', plan.freezes, tell, () => freezeOnce(pair, desk)),
    },
    {
      what: 'planned',
      finished: 0,
      timesMs: await repeat('planned', plan.planned, tell, () => planOnce(pair, desk)),
    },
  ]);
  for (const finished of plan.growth.finished) {
    const what = 'kill -9';
    tell(`${finished} finished signals are put into Redis`);
    const timesMs = await withFinished(finished, (pair, desk) =>
      repeat(`kill -9 after ${finished} signals`, plan.growth.kills, tell, () => killOnce(pair, desk)),
    );
    series.push({ what, finished, timesMs });
  }
  return series.filter(({ timesMs }) => timesMs.length > 0);
}

function withFinished<Result>(
  finished: number,
  work: (pair: EnginePair, desk: Desk) => Promise<Result>,
): Promise<Result> {
  return inWorkplace(1, async (workplace) => {
    const { values } = workplace.configuration;
    const [account = ''] = accountNames(1);
    const redis = await startRedisTrio(values, workplace.folder);
    workplace.atEnd(redis.end);
    await fillFinished(values.redis.nodes, account, finished);
    const product = await startProduct(workplace, {});
    workplace.atEnd(product.end);
    const pair = engineProcesses(workplace, product, account);
    const desk = await openDesk(workplace, account);
    await pair.untilWarm();
    for (let warm = 0; warm < 20; warm += 1) await desk.trade();
    return work(pair, desk);
  });
}

async function repeat(
  what: string,
  times: number,
  tell: (line: string) => void,
  once: () => Promise<number>,
): Promise<number[]> {
  const timesMs: number[] = [];
  for (let done = 1; done <= times; done += 1) {
    timesMs.push(await once());
    if (done % TOLD_EVERY === 0)
      tell(`${what}: ${done} of ${times}, worst ${Math.max(...timesMs).toFixed(0)} ms`);
  }
  return timesMs;
}

async function killOnce(pair: EnginePair, desk: Desk): Promise<number> {
  const leader = await pair.untilWarm();
  const beganMs = performance.now();
  pair.kill(leader);
  await desk.trade();
  const tookMs = performance.now() - beganMs;
  pair.restart(leader);
  return tookMs;
}

async function freezeOnce(pair: EnginePair, desk: Desk): Promise<number> {
  const leader = await pair.untilWarm();
  const beganMs = performance.now();
  pair.freeze(leader);
  await desk.trade();
  const tookMs = performance.now() - beganMs;
  pair.thaw(leader);
  return tookMs;
}

/** Signals one after the other while the account is handed over; the longest of them is what a client feels. */
async function planOnce(pair: EnginePair, desk: Desk): Promise<number> {
  const leader = await pair.untilWarm();
  let over = false;
  const switched = desk.switchOver(leader).finally(() => {
    over = true;
  });
  let longestMs = 0;
  do {
    longestMs = Math.max(longestMs, await desk.trade());
  } while (!over);
  await switched;
  return longestMs;
}

async function openDesk({ configuration, apiKey, atEnd }: Workplace, account: string): Promise<Desk> {
  const { port } = configuration.values.api.listen;
  const http = await openHttp(port, `Authorization: Bearer ${apiKey}\r\n`);
  const results = await openResults(port, apiKey, [account]);
  atEnd(() => {
    http.close();
    results.close();
    return Promise.resolve();
  });
  let sent = 0;
  return {
    trade: async () => {
      sent += 1;
      const id = `t-${sent}`;
      // Buys and sells in turn leave one position at most.
      const side = sent % 2 === 1 ? 'buy' : 'sell';
      const body = JSON.stringify({ id, action: 'open', symbol: 'EURUSD', side, volume: '0.10' });
      const beganMs = performance.now();
      const result = results.of(id);
      const answer = await http.post(`/v1/accounts/${account}/signals`, body);
      if (answer.status !== 202) throw new Error(`${id} was answered ${answer.status}: ${answer.body}`);
      const outcome = await within(result, SIGNAL_WITHIN_MS, id);
      if (outcome !== 'filled') throw new Error(`${id} ended ${outcome}`);
      return performance.now() - beganMs;
    },
    switchOver: async (from) => {
      // Of its own: between two switchovers a connection may be idle for longer than a backend keeps one.
      const wishes = await openHttp(port, `Authorization: Bearer ${apiKey}\r\n`);
      const id = randomUUID();
      const wish = { id, what: 'switchover', by: 'bench', reason: 'measured', args: { from } };
      const endMs = performance.now() + WISH_WITHIN_MS;
      // The same wish again is a repeat, and tells the answer once there is one.
      for (;;) {
        const { status, body } = await wishes.post(`/v1/accounts/${account}/wishes`, JSON.stringify(wish));
        const { answer } = JSON.parse(body) as { answer?: { is: string; detail: string } };
        if (answer?.is === 'done') return wishes.close();
        if (status > 202 || answer?.is === 'refused')
          throw new Error(`the switchover was answered ${status}: ${body}`);
        if (performance.now() > endMs) throw new Error(`no switchover within ${WISH_WITHIN_MS} ms`);
        await pause(10);
      }
    },
  };
}

async function within<Value>(promise: Promise<Value>, limitMs: number, what: string): Promise<Value> {
  const stop = new AbortController();
  const late = pause(limitMs, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`${what} has no result after ${limitMs} ms`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    late.catch(() => undefined);
    stop.abort();
  }
}
