/** GET /v1/accounts/{account}/signals/{id}: its state and every step, shown only once the in-sync set has it. */
import { z } from 'zod';
import { knownAccount, notReadable } from '../account.ts';
import { Refusal, refusals } from '../answers.ts';
import type { Api, Parts } from '../parts.ts';
import { accountParams, resultSchema, signalStateSchema, stepSchema } from '../schemas.ts';

const shownSchema = z
  .object({
    id: z.string(),
    account: z.string(),
    state: signalStateSchema,
    magic: z.string(),
    acceptedAt: z.number(),
    ttlMs: z.number(),
    steps: z.array(stepSchema).readonly(),
    signal: z.looseObject({}).optional().describe('What was asked for, as long as it is open'),
    result: resultSchema.optional(),
  })
  .meta({ id: 'Signal' });

export function addSignal(api: Api, parts: Parts): void {
  api.get(
    '/v1/accounts/:account/signals/:id',
    {
      schema: {
        summary: 'What became of a signal',
        params: accountParams.extend({ id: z.string() }),
        response: { 200: shownSchema, ...refusals(401, 404, 429, 503) },
      },
    },
    async (request, reply) => {
      const account = knownAccount(parts.accounts, request.params.account);
      const { id } = request.params;
      const shown = await parts.inbox.show(account.account, id);
      if (shown.is === 'unavailable') throw notReadable(shown.detail);
      if (shown.is === 'not_found') {
        throw new Refusal(
          404,
          'unknown_signal',
          `the account ${account.account} has no signal ${JSON.stringify(id)}`,
          [{ field: 'id', value: JSON.stringify(id), expected: 'the id of an accepted signal' }],
        );
      }
      return reply.send(shown.signal);
    },
  );
}
