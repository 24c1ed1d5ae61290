/**
 * What stands beside the product behind the same HTTP: a Fastify that does nothing, one that does the floor's
 * commands, and one that adds a job to BullMQ, without and with waiting for both replicas.
 */
import { Queue } from 'bullmq';
import Fastify from 'fastify';
import { Redis } from 'ioredis';
import { acceptCommand, magicOf } from '../floor/commands.ts';
import { openConnection } from '../floor/connection.ts';
import { createGroups } from '../floor/groups.ts';
import { serveJobs } from '../processes/worker.ts';
import { type Target, TARGETS } from './targets.ts';

export type TargetsJob = { readonly redisPort: number };

type Body = { readonly id: string };
type Accept = (account: string, body: Body) => Promise<void>;

const WAIT_MS = 1000;

serveJobs(async ({ redisPort }: TargetsJob): Promise<{ readonly port: number }> => {
  const ways = await waysToAccept(redisPort);
  const server = Fastify({ logger: false });
  for (const target of TARGETS) {
    server.post<{ Params: { account: string }; Body: Body }>(
      `/${target}/v1/accounts/:account/signals`,
      async (request, reply) => {
        const { account } = request.params;
        const { id } = request.body;
        await ways[target](account, request.body);
        return reply.code(202).send({
          id,
          account,
          state: 'accepted',
          magic: '1000000000000000',
          acceptedAt: Date.now(),
          repeat: false,
        });
      },
    );
  }
  await server.listen({ host: '127.0.0.1', port: 0 });
  const address = server.server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens nowhere');
  return { port: address.port };
});

async function waysToAccept(redisPort: number): Promise<Readonly<Record<Target, Accept>>> {
  const groups = createGroups(await openConnection(redisPort));
  let accepted = 0;
  const queueOn = (): { readonly queue: Queue; readonly redis: Redis } => {
    const redis = new Redis({ host: '127.0.0.1', port: redisPort, maxRetriesPerRequest: null });
    return { queue: new Queue('acceptance', { connection: redis }), redis };
  };
  const plain = queueOn();
  const waiting = queueOn();
  const add = async (queue: Queue, account: string, body: Body): Promise<void> => {
    await queue.add('signal', { account, signal: body }, { jobId: body.id });
  };
  return {
    nothing: () => Promise.resolve(),
    floor: async (account, { id }) => {
      accepted += 1;
      const magic = magicOf(5_000_000_000_000_000 + accepted);
      await groups.put(acceptCommand(account, id, magic, 'backend-1'));
    },
    bullmq: (account, body) => add(plain.queue, account, body),
    'bullmq-wait': async (account, body) => {
      await add(waiting.queue, account, body);
      // It counts, and does not name: the most that can be had around BullMQ's own commands.
      if ((await waiting.redis.wait(2, WAIT_MS)) < 2) throw new Error('fewer than two replicas have the job');
    },
  };
}
