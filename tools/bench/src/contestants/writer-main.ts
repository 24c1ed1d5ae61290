/** The acknowledged write alone: the product's writer and inbox in a process of their own, without HTTP. */
import type { Endpoint } from '@holdfast/ha-core';
import { realHost } from '@holdfast/process';
import { createAcknowledgedWriter, createRedisNodes, createSignalInbox } from '@holdfast/redis';
import { type LoopOptions, runClosedLoop, type Timings } from '../load/closed-loop.ts';
import { serveJobs } from '../processes/worker.ts';

export type WriterJob = LoopOptions & {
  readonly nodes: readonly Endpoint[];
  readonly accounts: readonly string[];
  readonly tag: string;
};

const HOW = { ttlMs: 60_000, by: 'backend-1', deadlineMs: 2000 };

serveJobs(async (job: WriterJob): Promise<Timings> => {
  const { nodes, accounts, tag } = job;
  const redis = createRedisNodes();
  const writer = createAcknowledgedWriter({ host: realHost, redis, nodes, log: () => undefined });
  const inbox = createSignalInbox({ writer, reader: 'bench' });
  try {
    return await runClosedLoop(job, async (number, place) => {
      const id = `${tag}-${number}`;
      const signal = { id, action: 'open', symbol: 'EURUSD', side: 'buy', type: 'market' } as const;
      const account = accounts[place % accounts.length] ?? '';
      const { is } = await inbox.accept(account, { ...signal, volume: '0.01' }, HOW);
      if (is !== 'accepted') throw new Error(`${id} was answered ${is}`);
    });
  } finally {
    await writer.stop();
  }
});
