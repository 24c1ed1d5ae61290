/**
 * The whole journey: from the request until the client sees the result on its event stream. One backend, two engines,
 * the simulated broker and its terminals, three Redis processes. The product stands still while others are measured:
 * its beats would otherwise weigh on them.
 */
import type { BullmqJob } from '../contestants/bullmq-main.ts';
import type { BullmqWorkerJob } from '../contestants/bullmq-worker-main.ts';
import type { EchoJob } from '../contestants/echo-main.ts';
import type { FloorJob } from '../floor/floor-main.ts';
import type { Timings } from '../load/closed-loop.ts';
import type { LoadJob } from '../load/load-main.ts';
import { accountName, makeWorkplace } from '../processes/configuration.ts';
import { startProduct } from '../processes/product.ts';
import { startRedisTrio } from '../processes/redis-trio.ts';
import { startWorker, type Worker } from '../processes/worker.ts';
import type { Series } from '../report/figures.ts';
import { type Contestant, runRounds, type Setting } from './rounds.ts';

export type JourneyOptions = {
  readonly rounds: number;
  readonly settings: readonly Setting[];
  readonly tell: (line: string) => void;
  /** Folder for processor profiles of backend and engines; none without it. */
  readonly profileFolder: string | undefined;
};

const START_WITHIN_MS = 60_000;
const MEASURE_WITHIN_MS = 30_000;

/** Measures the product, the floor and the peer. Ends everything it started. */
export async function measureJourney(options: JourneyOptions): Promise<Series[]> {
  const inFlightMax = Math.max(...options.settings.map(({ inFlight }) => inFlight));
  const workplace = await makeWorkplace(inFlightMax);
  const { values } = workplace.configuration;
  const accounts = Array.from({ length: inFlightMax }, (_, index) => accountName(index));
  const ends: (() => Promise<void>)[] = [];
  const start = <Job, Result>(name: string, file: string): Worker<Job, Result> => {
    const worker = startWorker<Job, Result>(name, new URL(file, import.meta.url));
    ends.push(worker.end);
    return worker;
  };
  try {
    const redis = await startRedisTrio(values, workplace.folder);
    ends.push(redis.end);
    const echo = start<EchoJob, { port: number }>('echo', '../contestants/echo-main.ts');
    const floor = start<FloorJob, Timings>('floor', '../floor/floor-main.ts');
    const peer = start<BullmqJob, Timings>('bullmq', '../contestants/bullmq-main.ts');
    const peerWorker = start<BullmqWorkerJob, true>('bullmq-worker', '../contestants/bullmq-worker-main.ts');
    const load = start<LoadJob, Timings>('load', '../load/load-main.ts');
    const { port: echoPort } = await echo.run({ latencyMs: 0 }, START_WITHIN_MS);
    await peerWorker.run({ redisPort: redis.port, echoPort }, START_WITHIN_MS);
    const product = await startProduct(workplace, options.profileFolder);
    ends.push(product.end);
    product.freeze();

    const holdfast: Contestant = {
      name: 'Holdfast',
      isFloor: false,
      wake: async () => {
        product.thaw();
        await product.untilTrading();
      },
      rest: product.freeze,
      measure: async (setting, tag) => {
        await product.setBrokerLatency(setting.brokerMs);
        const { port } = values.api.listen;
        const job = { port, prefix: '', apiKey: workplace.apiKey, accounts, tag };
        return load.run({ ...setting, until: 'result', ...job }, MEASURE_WITHIN_MS);
      },
    };
    let firstMagic = 0;
    const rawFloor: Contestant = {
      name: 'floor',
      isFloor: true,
      measure: async (setting, tag) => {
        await echo.run({ latencyMs: setting.brokerMs }, START_WITHIN_MS);
        firstMagic += 10_000_000;
        const floorAccounts = accounts.map((account) => `floor-${account}`);
        const job = { redisPort: redis.port, echoPort, accounts: floorAccounts, tag, firstMagic };
        return floor.run({ ...setting, until: 'result', ...job }, MEASURE_WITHIN_MS);
      },
    };
    const bullmq = (wait: boolean): Contestant => ({
      name: wait ? 'BullMQ and WAIT 2' : 'BullMQ',
      isFloor: false,
      measure: async (setting, tag) => {
        await echo.run({ latencyMs: setting.brokerMs }, START_WITHIN_MS);
        return peer.run({ ...setting, redisPort: redis.port, accounts, tag, wait }, MEASURE_WITHIN_MS);
      },
    });
    return await runRounds({ ...options, contestants: [holdfast, rawFloor, bullmq(false), bullmq(true)] });
  } finally {
    for (const end of ends.reverse()) await end();
    if (!process.env['KEEP']) workplace.remove();
  }
}
