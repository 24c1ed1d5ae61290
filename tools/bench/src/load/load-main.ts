/** The load generator's process: clients of the HTTP interface, in a closed loop. Loopback only, bounded in number. */
import { serveJobs } from '../processes/worker.ts';
import { runClosedLoop, type LoopOptions, type Timings } from './closed-loop.ts';
import { openHttp } from './http-connection.ts';
import { openResults } from './results-stream.ts';

export type LoadJob = LoopOptions & {
  /** `acknowledged`: until the answer to the POST; `result`: until the result came over the account's event stream. */
  readonly until: 'acknowledged' | 'result';
  readonly port: number;
  /** Before `/v1/accounts/…`; empty for the product. */
  readonly prefix: string;
  readonly apiKey: string;
  /** One for each in flight, so that none waits for another's turn at its terminal. */
  readonly accounts: readonly string[];
  /** Begins every signal id: no two jobs may have the same. */
  readonly tag: string;
};

serveJobs(async (job: LoadJob): Promise<Timings> => {
  const clients = await Promise.all(
    Array.from({ length: job.inFlight }, () => openHttp(job.port, `Authorization: Bearer ${job.apiKey}\r\n`)),
  );
  const account = (place: number): string => job.accounts[place % job.accounts.length] ?? '';
  const results =
    job.until === 'result'
      ? await openResults(job.port, job.apiKey, job.accounts.slice(0, job.inFlight))
      : undefined;
  /** Buys and sells in turn at each place, so that an account's position closes again. */
  const turns = clients.map(() => 0);
  try {
    return await runClosedLoop(job, async (number, place) => {
      const id = `${job.tag}-${number}`;
      const turn = turns[place] ?? 0;
      turns[place] = turn + 1;
      const body = `{"id":"${id}","action":"open","symbol":"EURUSD","side":"${turn % 2 === 0 ? 'buy' : 'sell'}","type":"market","volume":"0.01"}`;
      const path = `${job.prefix}/v1/accounts/${account(place)}/signals`;
      const ended = results?.of(id);
      const answer = await clients[place]?.post(path, body);
      if (answer?.status !== 202) throw new Error(`${path} answered ${answer?.status}: ${answer?.body}`);
      const outcome = await ended;
      if (outcome !== undefined && outcome !== 'filled') throw new Error(`${id} ended as ${outcome}`);
    });
  } finally {
    for (const client of clients) client.close();
    results?.close();
  }
});
