/** GET /v1/accounts/{account}/results: the results alone, one per signal (I6), in the order of their numbers. */
import type { NumberedRecord, ResultRecord } from '@holdfast/ha-core';
import { z } from 'zod';
import { knownAccount } from '../account.ts';
import { refusals } from '../answers.ts';
import type { Api, Parts } from '../parts.ts';
import { orRefuse } from '../reading.ts';
import { accountParams, afterSchema, limitSchema, resultSchema } from '../schemas.ts';

const LIMIT = 100;
const PAGE = 500;
/** Records looked through for one answer, at most; `next` tells the client where to go on. */
const PAGES_MAX = 10;

type Result = NumberedRecord & ResultRecord;

export function addResults(api: Api, parts: Parts): void {
  api.get(
    '/v1/accounts/:account/results',
    {
      schema: {
        summary: 'Results of an account',
        params: accountParams,
        querystring: z.object({ after: afterSchema.optional(), limit: limitSchema.optional() }),
        response: {
          200: z.object({
            results: z.array(resultSchema).readonly(),
            next: z.number().describe('To be given as after next time; the same as before at the end'),
          }),
          ...refusals(401, 404, 422, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { account } = knownAccount(parts.accounts, request.params.account);
      const { after = 0, limit = LIMIT } = request.query;
      return reply.send(await read(parts, account, after, limit));
    },
  );
}

async function read(
  parts: Parts,
  account: string,
  after: number,
  limit: number,
): Promise<{ results: Result[]; next: number }> {
  const results: Result[] = [];
  let next = after;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const records = await orRefuse(parts.feed.after(account, next, PAGE));
    for (const record of records) {
      next = record.number;
      if (record.kind === 'result') results.push(record);
      if (results.length === limit) return { results, next };
    }
    if (records.length < PAGE) break;
  }
  return { results, next };
}
