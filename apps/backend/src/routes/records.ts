/** GET /v1/accounts/{account}/records: all numbered records in order, without gaps (I8). */
import { z } from 'zod';
import { knownAccount } from '../account.ts';
import { refusals } from '../answers.ts';
import type { Api, Parts } from '../parts.ts';
import { orRefuse } from '../reading.ts';
import { accountParams, afterSchema, limitSchema, recordSchema } from '../schemas.ts';

const LIMIT = 100;

export function addRecords(api: Api, parts: Parts): void {
  api.get(
    '/v1/accounts/:account/records',
    {
      schema: {
        summary: 'All numbered records of an account',
        params: accountParams,
        querystring: z.object({ after: afterSchema.optional(), limit: limitSchema.optional() }),
        response: {
          200: z.object({
            records: z.array(recordSchema).readonly(),
            next: z.number().describe('To be given as after next time'),
          }),
          ...refusals(401, 404, 422, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { account } = knownAccount(parts.accounts, request.params.account);
      const { after = 0, limit = LIMIT } = request.query;
      const records = await orRefuse(parts.feed.after(account, after, limit));
      return reply.send({ records, next: records[records.length - 1]?.number ?? after });
    },
  );
}
