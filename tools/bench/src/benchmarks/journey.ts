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
import { accountNames, inWorkplace, type Workplace } from '../processes/configuration.ts';
import { type Product, startProduct } from '../processes/product.ts';
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
const MEASURE_WITHIN_MS = 120_000;
/** More than any job has signals. */
const MAGICS_A_JOB = 10_000_000;

/** Measures the product, the floor and the peer. Ends everything it started. */
export function measureJourney(options: JourneyOptions): Promise<Series[]> {
  const inFlightMax = Math.max(...options.settings.map(({ inFlight }) => inFlight));
  const accounts = accountNames(inFlightMax);
  return inWorkplace(inFlightMax, async (workplace) => {
    const redis = await startRedisTrio(workplace.configuration.values, workplace.folder);
    workplace.atEnd(redis.end);
    const echo = start<EchoJob, { port: number }>(workplace, 'echo', '../contestants/echo-main.ts');
    const { port: echoPort } = await echo.run({ latencyMs: 0 }, START_WITHIN_MS);
    const beside = { echo, echoPort, redisPort: redis.port, accounts };
    const product = await startProduct(workplace, options);
    workplace.atEnd(product.end);
    const load = start<LoadJob, Timings>(workplace, 'load', '../load/load-main.ts');
    const holdfast = productContestant(workplace, product, load, accounts);
    // A profile is of the product alone, without the times at which it stands still.
    if (options.profileFolder !== undefined) return runRounds({ ...options, contestants: [holdfast] });
    product.freeze();
    const frozen = { ...holdfast, rest: product.freeze };
    const floor = floorContestant(workplace, beside);
    const peers = await peerContestants(workplace, beside);
    return runRounds({ ...options, contestants: [frozen, floor, ...peers] });
  });
}

/** What floor and peer work with. */
type Beside = {
  readonly echo: Worker<EchoJob, { port: number }>;
  readonly echoPort: number;
  readonly redisPort: number;
  readonly accounts: readonly string[];
};

function start<Job, Result>(workplace: Workplace, name: string, file: string): Worker<Job, Result> {
  const worker = startWorker<Job, Result>(name, new URL(file, import.meta.url));
  workplace.atEnd(worker.end);
  return worker;
}

function productContestant(
  workplace: Workplace,
  product: Product,
  load: Worker<LoadJob, Timings>,
  accounts: readonly string[],
): Contestant {
  const { port } = workplace.configuration.values.api.listen;
  const job = { until: 'result', port, prefix: '', apiKey: workplace.apiKey, accounts } as const;
  return {
    name: 'Holdfast',
    isFloor: false,
    wake: async () => {
      product.thaw();
      await product.untilTrading();
    },
    measure: async (setting, tag) => {
      await product.setBrokerLatency(setting.brokerMs);
      return load.run({ ...setting, ...job, tag }, MEASURE_WITHIN_MS);
    },
  };
}

function floorContestant(workplace: Workplace, { echo, echoPort, redisPort, accounts }: Beside): Contestant {
  const floor = start<FloorJob, Timings>(workplace, 'floor', '../floor/floor-main.ts');
  const job = {
    until: 'result',
    redisPort,
    echoPort,
    accounts: accounts.map((account) => `floor-${account}`),
  } as const;
  let firstMagic = 0;
  return {
    name: 'floor',
    isFloor: true,
    measure: async (setting, tag) => {
      await echo.run({ latencyMs: setting.brokerMs }, START_WITHIN_MS);
      firstMagic += MAGICS_A_JOB;
      return floor.run({ ...setting, ...job, tag, firstMagic }, MEASURE_WITHIN_MS);
    },
  };
}

async function peerContestants(workplace: Workplace, beside: Beside): Promise<Contestant[]> {
  const { echo, echoPort, redisPort, accounts } = beside;
  const worker = start<BullmqWorkerJob, true>(
    workplace,
    'bullmq-worker',
    '../contestants/bullmq-worker-main.ts',
  );
  await worker.run({ redisPort, echoPort }, START_WITHIN_MS);
  const peer = start<BullmqJob, Timings>(workplace, 'bullmq', '../contestants/bullmq-main.ts');
  return [false, true].map((wait) => ({
    name: wait ? 'BullMQ and WAIT 2' : 'BullMQ',
    isFloor: false,
    measure: async (setting, tag) => {
      await echo.run({ latencyMs: setting.brokerMs }, START_WITHIN_MS);
      return peer.run({ ...setting, redisPort, accounts, tag, wait }, MEASURE_WITHIN_MS);
    },
  }));
}
