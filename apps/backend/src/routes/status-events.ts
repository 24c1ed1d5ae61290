/** GET /v1/status/events: the status as server-sent events, once a second and on change; for the console. */
import { z } from 'zod';
import { refusals } from '../answers.ts';
import type { Api, Parts } from '../parts.ts';

export function addStatusEvents(api: Api, parts: Parts): void {
  api.get(
    '/v1/status/events',
    { schema: { summary: 'The cluster, live', response: { 200: z.string(), ...refusals(401, 429) } } },
    (_request, reply) => {
      parts.statusStream.add(parts.streams.open(reply));
    },
  );
}
