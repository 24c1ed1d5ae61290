/** GET /v1/accounts/{account}/reconciliation: the newest report of RTS against the terminal's lists. */
import { z } from 'zod';
import { knownAccount, notReadable } from '../account.ts';
import { refusals } from '../answers.ts';
import type { Api, Parts } from '../parts.ts';
import { accountParams } from '../schemas.ts';

const reportSchema = z
  .looseObject({
    cause: z.enum(['takeover', 'reconnect', 'schedule', 'request']),
    terminal: z.string(),
    at: z.number().describe('Wall clock, ms since 1970'),
    since: z.number().describe('Since when missing and differing rows were gathered'),
    matched: z.number(),
    oursMissing: z.number().describe('Rows that we held and the broker has no more'),
    brokerExtra: z.number().describe('Rows of nobody here: manual trades, other programs; left alone'),
    differing: z.number(),
    unknown: z
      .array(z.looseObject({ signalId: z.string(), ageMs: z.number() }))
      .readonly()
      .describe('Signals whose outcome the broker did not confirm'),
    rows: z
      .array(
        z.looseObject({
          what: z.enum(['position', 'order']),
          ticket: z.string(),
          finding: z.enum(['ours_missing', 'broker_extra', 'differing']),
          detail: z.string(),
        }),
      )
      .readonly()
      .describe('The first 200 rows; the counts are of all'),
  })
  .meta({ id: 'Reconciliation' });

export function addReconciliation(api: Api, parts: Parts): void {
  api.get(
    '/v1/accounts/:account/reconciliation',
    {
      schema: {
        summary: 'The newest report of what we hold against what the terminal lists',
        params: accountParams,
        response: {
          200: z.object({
            report: reportSchema.nullable().describe('null before a terminal was connected'),
          }),
          ...refusals(401, 404, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { account } = knownAccount(parts.accounts, request.params.account);
      const read = await parts.state.account(account, 1);
      if (read.is === 'unavailable') throw notReadable(read.detail);
      const report = reportSchema.safeParse(read.value.instance.reconciliation);
      return reply.send({ report: report.success ? report.data : null });
    },
  );
}
