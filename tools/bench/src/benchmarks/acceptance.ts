/**
 * Acceptance: from the request to the answer that says that the signal is durable on every node that could be
 * promoted (I1). One backend process, three Redis processes, no engine: what is accepted stays in RTSS.
 */
import { startBackend } from '../processes/product.ts';
import { accountNames, inWorkplace, type Workplace } from '../processes/configuration.ts';
import { startRedisTrio } from '../processes/redis-trio.ts';
import { startWorker, type Worker } from '../processes/worker.ts';
import { type Target, TARGETS } from '../contestants/targets.ts';
import type { TargetsJob } from '../contestants/targets-main.ts';
import type { WriterJob } from '../contestants/writer-main.ts';
import type { FloorJob } from '../floor/floor-main.ts';
import type { Timings } from '../load/closed-loop.ts';
import type { LoadJob } from '../load/load-main.ts';
import type { Series } from '../report/figures.ts';
import { type Contestant, runRounds, type Setting } from './rounds.ts';

export type AcceptanceOptions = {
  readonly rounds: number;
  readonly settings: readonly Setting[];
  readonly tell: (line: string) => void;
  /** Folder for the processor profile of the backend; none without it. */
  readonly profileFolder: string | undefined;
};

const ACCOUNTS = 8;
/** More than any job has signals. */
const MAGICS_A_JOB = 10_000_000;
const START_WITHIN_MS = 60_000;
const MEASURE_WITHIN_MS = 120_000;

const TARGET_NAMES: Readonly<Record<Target, string>> = {
  nothing: 'Fastify that does nothing',
  floor: 'floor behind Fastify',
  bullmq: 'BullMQ behind Fastify',
  'bullmq-wait': 'BullMQ and WAIT 2 behind Fastify',
};

/** Measures the product, its write alone, the floor with and without HTTP, and the peer. Ends everything it started. */
export function measureAcceptance(options: AcceptanceOptions): Promise<Series[]> {
  return inWorkplace(ACCOUNTS, async (workplace) => {
    const { values } = workplace.configuration;
    const redis = await startRedisTrio(values, workplace.folder);
    workplace.atEnd(redis.end);
    const backend = await startBackend(workplace, options.profileFolder);
    workplace.atEnd(backend.end);
    const targets = start<TargetsJob, { port: number }>(
      workplace,
      'targets',
      '../contestants/targets-main.ts',
    );
    const beside = await targets.run({ redisPort: redis.port }, START_WITHIN_MS);
    const load = start<LoadJob, Timings>(workplace, 'load', '../load/load-main.ts');
    const floor = start<FloorJob, Timings>(workplace, 'floor', '../floor/floor-main.ts');
    const writer = start<WriterJob, Timings>(workplace, 'writer', '../contestants/writer-main.ts');
    const { apiKey } = workplace;
    const holdfast = overHttp(load, 'Holdfast', { port: values.api.listen.port, prefix: '', apiKey });
    const others = [
      writerContestant(writer, values.redis.nodes),
      floorContestant(floor, redis.port),
      ...TARGETS.map((target) =>
        overHttp(load, TARGET_NAMES[target], { port: beside.port, prefix: `/${target}`, apiKey }),
      ),
    ];
    // A profile is of the product alone.
    const contestants = options.profileFolder === undefined ? [holdfast, ...others] : [holdfast];
    return runRounds({ ...options, contestants });
  });
}

function start<Job, Result>(workplace: Workplace, name: string, file: string): Worker<Job, Result> {
  const worker = startWorker<Job, Result>(name, new URL(file, import.meta.url));
  workplace.atEnd(worker.end);
  return worker;
}

function overHttp(
  load: Worker<LoadJob, Timings>,
  name: string,
  at: Pick<LoadJob, 'port' | 'prefix' | 'apiKey'>,
): Contestant {
  const accounts = accountNames(ACCOUNTS);
  return {
    name,
    isFloor: false,
    measure: (setting, tag) =>
      load.run({ ...setting, ...at, until: 'acknowledged', accounts, tag }, MEASURE_WITHIN_MS),
  };
}

function writerContestant(writer: Worker<WriterJob, Timings>, nodes: WriterJob['nodes']): Contestant {
  const accounts = accountNames(ACCOUNTS).map((account) => `writer-${account}`);
  return {
    name: 'Holdfast, the write alone',
    isFloor: false,
    measure: (setting, tag) => writer.run({ ...setting, nodes, accounts, tag }, MEASURE_WITHIN_MS),
  };
}

function floorContestant(floor: Worker<FloorJob, Timings>, redisPort: number): Contestant {
  const accounts = accountNames(ACCOUNTS).map((account) => `floor-${account}`);
  let firstMagic = 0;
  return {
    name: 'floor',
    isFloor: true,
    measure: (setting, tag) => {
      firstMagic += MAGICS_A_JOB;
      const job = { redisPort, echoPort: 0, accounts, tag, firstMagic };
      return floor.run({ ...setting, ...job, until: 'acknowledged' }, MEASURE_WITHIN_MS);
    },
  };
}
