/** GET /readyz: whether signals can be accepted right now; ready and degraded is ready, and says so. */
import { z } from 'zod';
import type { Api, Parts } from '../parts.ts';

export function addReadyz(api: Api, parts: Parts): void {
  const response = { 200: z.string(), 503: z.string() };
  api.get('/readyz', { schema: { security: [], response } }, async (_request, reply) => {
    const why = parts.ready();
    const status = why === undefined ? 200 : 503;
    const degraded = parts.degraded();
    const good = degraded === undefined ? 'ok' : `ok, DEGRADED: ${degraded}`;
    return reply
      .code(status)
      .type('text/plain')
      .serializer(String)
      .send(`${why ?? good}\n`);
  });
}
