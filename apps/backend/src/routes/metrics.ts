/** GET /metrics: this backend's metrics in Prometheus' text format. */
import { z } from 'zod';
import type { Api, Parts } from '../parts.ts';

export function addMetrics(api: Api, parts: Parts): void {
  api.get('/metrics', { schema: { security: [], response: { 200: z.string() } } }, async (_request, reply) =>
    reply
      .type(parts.metrics.contentType)
      .serializer(String)
      .send(await parts.metrics.text()),
  );
}
