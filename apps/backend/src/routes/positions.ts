/** GET /v1/accounts/{account}/positions: RTS, as the engine last checked it against the terminal. */
import { z } from 'zod';
import { knownAccount, notReadable } from '../account.ts';
import { refusals } from '../answers.ts';
import type { Api, Parts } from '../parts.ts';
import { accountParams } from '../schemas.ts';

const common = {
  symbol: z.string(),
  side: z.enum(['buy', 'sell']),
  volume: z.string(),
  price: z.string(),
  stopLoss: z.string(),
  takeProfit: z.string(),
  magic: z.string(),
  comment: z.string(),
};

export function addPositions(api: Api, parts: Parts): void {
  api.get(
    '/v1/accounts/:account/positions',
    {
      schema: {
        summary: 'Open positions and working orders',
        params: accountParams,
        response: {
          200: z.object({
            positions: z
              .array(
                z.looseObject({ position: z.string(), ticket: z.string(), ...common, openedAt: z.number() }),
              )
              .readonly(),
            orders: z
              .array(z.looseObject({ order: z.string(), type: z.string(), ...common, placedAt: z.number() }))
              .readonly(),
          }),
          ...refusals(401, 404, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { account } = knownAccount(parts.accounts, request.params.account);
      const read = await parts.state.holdings(account);
      if (read.is === 'unavailable') throw notReadable(read.detail);
      return reply.send(read.value);
    },
  );
}
