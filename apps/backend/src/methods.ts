/** Answers 405, naming what is allowed, where a path is known and the method is not. */
import type { FastifyInstance, HTTPMethods } from 'fastify';
import { Refusal } from './answers.ts';

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Watches the routes as they are added; `add` then adds the refusals for all their other methods. */
export function refuseOtherMethods(server: FastifyInstance): { readonly add: () => void } {
  const known = new Map<string, Set<string>>();
  let watching = true;
  server.addHook('onRoute', (route) => {
    if (!watching) return;
    const methods = known.get(route.url) ?? new Set();
    for (const method of [route.method].flat()) methods.add(method);
    known.set(route.url, methods);
  });
  const add = (): void => {
    watching = false;
    for (const [url, methods] of known) {
      const allow = [...methods].sort().join(', ');
      server.route({
        method: METHODS.filter((method) => !methods.has(method)),
        url,
        schema: { hide: true },
        // Before a body is read: this path will not look at it.
        onRequest: (request, _reply, done) =>
          done(
            new Refusal(
              405,
              'method_not_allowed',
              `${request.method} is not allowed here`,
              [{ field: '(method)', value: request.method, expected: allow }],
              { headers: { allow } },
            ),
          ),
        handler: (_request, reply) => reply.send(),
      });
    }
  };
  return { add };
}
