/**
 * BullMQ doing the journey: a job is added, a worker in another process takes it, asks the echo that stands for the
 * broker, and completes it; the queue's events say so here. With `wait`, both replicas have the job before it counts
 * as added; what the worker writes cannot be waited for before its event is seen.
 */
import { Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import { type LoopOptions, runClosedLoop, type Timings } from '../load/closed-loop.ts';
import { serveJobs } from '../processes/worker.ts';
import { JOURNEY_QUEUE } from './queue-name.ts';

export type BullmqJob = LoopOptions & {
  readonly redisPort: number;
  readonly accounts: readonly string[];
  readonly tag: string;
  readonly wait: boolean;
};

const WAIT_MS = 1000;

serveJobs(async (job: BullmqJob): Promise<Timings> => {
  const open = (): Redis => new Redis({ host: '127.0.0.1', port: job.redisPort, maxRetriesPerRequest: null });
  const [redis, reading] = [open(), open()];
  const queue = new Queue(JOURNEY_QUEUE, { connection: redis });
  // Named, because the newest at the time of its first read may already be an event that is waited for.
  const [newest] = await redis.xrevrange(queue.toKey('events'), '+', '-', 'COUNT', 1);
  const events = new QueueEvents(JOURNEY_QUEUE, {
    connection: reading,
    lastEventId: newest?.[0] ?? '0-0',
  });
  const ended = new Map<string, () => void>();
  events.on('completed', ({ jobId }) => {
    ended.get(jobId)?.();
    ended.delete(jobId);
  });
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
  try {
    return await runClosedLoop(job, async (number, place) => {
      const id = `${job.tag}-${number}`;
      const signal = { id, action: 'open', symbol: 'EURUSD', side: 'buy', type: 'market', volume: '0.01' };
      const completed = new Promise<void>((resolve) => {
        ended.set(id, resolve);
      });
      await queue.add(
        'signal',
        { account: job.accounts[place % job.accounts.length], signal },
        { jobId: id },
      );
      if (job.wait && (await redis.wait(2, WAIT_MS)) < 2)
        throw new Error('fewer than two replicas have the job');
      await completed;
    });
  } finally {
    await events.close();
    await queue.close();
    redis.disconnect();
    reading.disconnect();
  }
});
