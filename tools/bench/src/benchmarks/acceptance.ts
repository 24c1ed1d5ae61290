/**
 * Acceptance: from the request to the answer that says that the signal is durable on every node that could be
 * promoted (I1). One backend process, three Redis processes, no engine: what is accepted stays in RTSS.
 */
import { startBackend } from '../processes/product.ts';
import { accountName, makeWorkplace } from '../processes/configuration.ts';
import { startRedisTrio } from '../processes/redis-trio.ts';
import { startWorker } from '../processes/worker.ts';
import { type Target, TARGETS } from '../contestants/targets.ts';
import type { TargetsJob } from '../contestants/targets-main.ts';
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
const START_WITHIN_MS = 60_000;
const MEASURE_WITHIN_MS = 120_000;

const TARGET_NAMES: Readonly<Record<Target, string>> = {
  nothing: 'Fastify that does nothing',
  floor: 'floor behind Fastify',
  bullmq: 'BullMQ behind Fastify',
  'bullmq-wait': 'BullMQ and WAIT 2 behind Fastify',
};

/** Measures the product, the floor with and without HTTP, and the peer. Ends everything it started. */
export async function measureAcceptance(options: AcceptanceOptions): Promise<Series[]> {
  const workplace = await makeWorkplace(ACCOUNTS);
  const { values } = workplace.configuration;
  const ends: (() => Promise<void>)[] = [];
  try {
    const redis = await startRedisTrio(values, workplace.folder);
    ends.push(redis.end);
    ends.push((await startBackend(workplace, options.profileFolder)).end);
    const targets = startWorker<TargetsJob, { port: number }>(
      'targets',
      new URL('../contestants/targets-main.ts', import.meta.url),
    );
    ends.push(targets.end);
    const floor = startWorker<FloorJob, Timings>('floor', new URL('../floor/floor-main.ts', import.meta.url));
    ends.push(floor.end);
    const load = startWorker<LoadJob, Timings>('load', new URL('../load/load-main.ts', import.meta.url));
    ends.push(load.end);
    const beside = await targets.run({ redisPort: redis.port }, START_WITHIN_MS);

    const accounts = Array.from({ length: ACCOUNTS }, (_, index) => accountName(index));
    const overHttp = (port: number, prefix: string, name: string, isFloor = false): Contestant => ({
      name,
      isFloor,
      measure: (setting, tag) =>
        load.run(
          { ...setting, until: 'acknowledged', port, prefix, apiKey: workplace.apiKey, accounts, tag },
          MEASURE_WITHIN_MS,
        ),
    });
    let firstMagic = 0;
    const rawFloor: Contestant = {
      name: 'floor',
      isFloor: true,
      measure: (setting, tag) => {
        firstMagic += 10_000_000;
        const floorAccounts = accounts.map((account) => `floor-${account}`);
        const job = { redisPort: redis.port, echoPort: 0, accounts: floorAccounts, tag, firstMagic };
        return floor.run({ ...setting, until: 'acknowledged', ...job }, MEASURE_WITHIN_MS);
      },
    };
    return await runRounds({
      ...options,
      contestants: [
        overHttp(values.api.listen.port, '', 'Holdfast'),
        rawFloor,
        ...TARGETS.map((target) => overHttp(beside.port, `/${target}`, TARGET_NAMES[target])),
      ],
    });
  } finally {
    for (const end of ends.reverse()) await end();
    if (!process.env['KEEP']) workplace.remove();
  }
}
