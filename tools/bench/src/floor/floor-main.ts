/** The floor's process: the same Redis commands as the product sends, without its code, HTTP or any checks. */
import { type LoopOptions, runClosedLoop, type Timings } from '../load/closed-loop.ts';
import { serveJobs } from '../processes/worker.ts';
import { acceptCommand, magicOf } from './commands.ts';
import { openConnection } from './connection.ts';
import { createGroups } from './groups.ts';
import { runFloorJourney } from './journey.ts';

export type FloorJob = LoopOptions & {
  readonly until: 'acknowledged' | 'result';
  readonly redisPort: number;
  /** Port of the echo that stands for terminal and broker; only for `result`. */
  readonly echoPort: number;
  readonly accounts: readonly string[];
  readonly tag: string;
  /** The first number of this job's magics: no two jobs may share any. */
  readonly firstMagic: number;
};

serveJobs((job: FloorJob): Promise<Timings> => (job.until === 'result' ? runFloorJourney(job) : accept(job)));

async function accept(job: FloorJob): Promise<Timings> {
  const connection = await openConnection(job.redisPort);
  const groups = createGroups(connection);
  try {
    return await runClosedLoop(job, async (number, place) => {
      const account = job.accounts[place % job.accounts.length] ?? '';
      const magic = magicOf(job.firstMagic + number);
      const reply = await groups.put(acceptCommand(account, `${job.tag}-${number}`, magic, 'backend-1'));
      if (!Array.isArray(reply) || reply[0] !== 'accepted')
        throw new Error(`hf_accept replied ${String(reply)}`);
    });
  } finally {
    connection.close();
  }
}
