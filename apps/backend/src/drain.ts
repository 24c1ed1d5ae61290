/** Counts requests under way, and once the backend is leaving asks clients to close their connections. */
import type { FastifyInstance } from 'fastify';

export type Drain = {
  readonly underWay: () => number;
  readonly begin: () => void;
  readonly begun: () => boolean;
};

/** Adds the counting to every route of this server; call it before routes are added. */
export function countRequests(server: FastifyInstance): Drain {
  let underWay = 0;
  let begun = false;
  server.addHook('onRequest', (_request, reply, done) => {
    underWay += 1;
    reply.raw.once('close', () => {
      underWay -= 1;
    });
    if (begun) void reply.header('connection', 'close');
    done();
  });
  return {
    underWay: () => underWay,
    begun: () => begun,
    begin: () => {
      begun = true;
    },
  };
}
