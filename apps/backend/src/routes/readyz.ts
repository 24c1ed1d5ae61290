/** GET /readyz: whether signals can be accepted right now; ready and degraded is ready, and says so. */
import { verdict } from '@holdfast/process';
import { z } from 'zod';
import type { Api, Parts } from '../parts.ts';

export function addReadyz(api: Api, parts: Parts): void {
  const response = { 200: z.string(), 503: z.string() };
  api.get('/readyz', { schema: { security: [], response } }, async (_request, reply) => {
    const { status, type, text } = verdict(parts.ready(), parts.degraded());
    return reply.code(status).type(type).serializer(String).send(text);
  });
}
