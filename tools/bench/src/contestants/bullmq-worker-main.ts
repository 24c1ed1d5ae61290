/** The worker of BullMQ's journey, in a process of its own as an engine is. */
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { openEcho } from '../floor/echo-client.ts';
import { serveJobs } from '../processes/worker.ts';
import { JOURNEY_QUEUE } from './queue-name.ts';

export type BullmqWorkerJob = { readonly redisPort: number; readonly echoPort: number };

const CONCURRENCY = 64;

serveJobs(async ({ redisPort, echoPort }: BullmqWorkerJob): Promise<true> => {
  const echo = await openEcho(echoPort);
  const connection = new Redis({ host: '127.0.0.1', port: redisPort, maxRetriesPerRequest: null });
  const worker = new Worker(
    JOURNEY_QUEUE,
    async (job) => {
      await echo.send(String(job.id));
      return { outcome: 'filled' };
    },
    { connection, concurrency: CONCURRENCY },
  );
  worker.on('error', (error) => {
    throw error;
  });
  await worker.waitUntilReady();
  return true;
});
