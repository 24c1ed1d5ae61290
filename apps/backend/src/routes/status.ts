/** GET /v1/status: the cluster as this backend sees it. */
import type { z } from 'zod';
import { refusals } from '../answers.ts';
import type { Api, Parts } from '../parts.ts';
import { statusSchema } from '../status-schema.ts';

export function addStatus(api: Api, parts: Parts): void {
  api.get(
    '/v1/status',
    { schema: { summary: 'The cluster', response: { 200: statusSchema, ...refusals(401, 429) } } },
    async (_request, reply) => reply.send((await parts.status.read()) as z.output<typeof statusSchema>),
  );
}
