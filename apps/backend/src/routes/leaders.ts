/** GET /v1/accounts/{account}/leaders: the last changes of leader, with cause and duration. */
import { z } from 'zod';
import { knownAccount, notReadable } from '../account.ts';
import { refusals } from '../answers.ts';
import type { Api, Parts } from '../parts.ts';
import { accountParams, leaderSchema } from '../schemas.ts';

export function addLeaders(api: Api, parts: Parts): void {
  api.get(
    '/v1/accounts/:account/leaders',
    {
      schema: {
        summary: 'The last changes of leader, newest first',
        params: accountParams,
        response: {
          200: z.object({
            active: z.string().nullable(),
            epoch: z.string(),
            leaders: z.array(leaderSchema).readonly(),
          }),
          ...refusals(401, 404, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { account } = knownAccount(parts.accounts, request.params.account);
      const read = await parts.state.account(account, 1);
      if (read.is === 'unavailable') throw notReadable(read.detail);
      const { active, epoch, leaders } = read.value;
      return reply.send({ active: active ?? null, epoch, leaders: [...leaders] });
    },
  );
}
