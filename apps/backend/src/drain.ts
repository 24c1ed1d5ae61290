/** Once the backend is leaving, each answer asks its client to close the connection. */
import type { FastifyInstance } from 'fastify';

export type Drain = { readonly begin: () => void };

/** Adds it to every route of this server; call it before routes are added. */
export function closeWhenLeaving(server: FastifyInstance): Drain {
  let begun = false;
  server.addHook('onSend', (_request, reply, _payload, done) => {
    if (begun) void reply.header('connection', 'close');
    done();
  });
  return {
    begin: () => {
      begun = true;
    },
  };
}
