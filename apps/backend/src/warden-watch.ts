/**
 * The Redis topology as the wardens tell it, asked once a second, for status and console. Nothing that is promised depends
 * on it: what this backend can acknowledge it knows from its own writer.
 */
import type { Configuration } from '@holdfast/configuration';
import { type Endpoint, type Host, sleep } from '@holdfast/ha-core';
import { type RedisTopology, topologyOf, type WardenAnswer, wardenReportSchema } from '@holdfast/topology';

export type WardenWatch = {
  /** As the newest view has it; undefined while no warden answers. */
  readonly view: () => RedisTopology | undefined;
  readonly stop: () => void;
};

export type WardenWatchOptions = {
  readonly host: Host;
  readonly redis: Configuration['redis'];
  /** GET /status of one warden: the parsed body. Rejects when there is none in time. */
  readonly ask: (warden: Endpoint) => Promise<unknown>;
};

const EVERY_MS = 1000;

/** Begins to ask at once, until stopped. */
export function watchWardens({ host, redis, ask }: WardenWatchOptions): WardenWatch {
  let view: RedisTopology | undefined;
  let stopped = false;

  const askOne = async (health: Endpoint): Promise<WardenAnswer> => {
    try {
      const report = wardenReportSchema.safeParse(await ask(health));
      return report.success
        ? { is: 'report', report: report.data }
        : { is: 'silent', why: 'it answers something else' };
    } catch (error) {
      return { is: 'silent', why: error instanceof Error ? error.message : String(error) };
    }
  };

  const run = async (): Promise<void> => {
    while (!stopped && redis.wardens.length > 0) {
      const answers = await Promise.all(
        redis.wardens.map(async ({ name, health }) => [name, await askOne(health)] as const),
      );
      view = topologyOf(redis, new Map(answers));
      await sleep(host, EVERY_MS);
    }
  };
  void run();
  return {
    view: () => view,
    stop: () => {
      stopped = true;
    },
  };
}
