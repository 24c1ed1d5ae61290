/** GET /livez: speaks of the loop's progress only, never of Redis. */
import { z } from 'zod';
import type { Api, Parts } from '../parts.ts';

export function addLivez(api: Api, parts: Parts): void {
  const response = { 200: z.string(), 503: z.string() };
  api.get('/livez', { schema: { security: [], response } }, async (_request, reply) => {
    const why = parts.alive();
    const status = why === undefined ? 200 : 503;
    return reply
      .code(status)
      .type('text/plain')
      .serializer(String)
      .send(`${why ?? 'ok'}\n`);
  });
}
