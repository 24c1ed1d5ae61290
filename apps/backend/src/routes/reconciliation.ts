/** GET /v1/accounts/{account}/reconciliation: the newest report of RTS against the terminal's lists. */
import { z } from 'zod';
import { knownAccount, notReadable } from '../account.ts';
import { refusals } from '../answers.ts';
import type { Api, Parts } from '../parts.ts';
import { newestReconciliation, reconciliationSchema } from '../reconciliation-report.ts';
import { accountParams } from '../schemas.ts';

export function addReconciliation(api: Api, parts: Parts): void {
  api.get(
    '/v1/accounts/:account/reconciliation',
    {
      schema: {
        summary: 'The newest report of what we hold against what the terminal lists',
        params: accountParams,
        response: {
          200: z.object({
            report: reconciliationSchema.nullable().describe('null before a terminal was connected'),
          }),
          ...refusals(401, 404, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { account } = knownAccount(parts.accounts, request.params.account);
      const read = await parts.state.account(account, 1);
      if (read.is === 'unavailable') throw notReadable(read.detail);
      return reply.send({ report: newestReconciliation(read.value.instance) });
    },
  );
}
