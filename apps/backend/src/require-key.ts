/** Refuses requests without the API key, and more of them than the key's bound, before a body is read. */
import type { FastifyInstance } from 'fastify';
import { Refusal } from './answers.ts';
import { bearerToken, secretCheck } from './authorization.ts';
import type { Parts } from './parts.ts';

/** Adds the check to every route of this instance. */
export function requireKey(api: FastifyInstance, parts: Pick<Parts, 'apiKey' | 'rateLimit'>): void {
  const check = secretCheck(parts.apiKey);
  api.addHook('onRequest', (request, _reply, done) => {
    const token = bearerToken(request.headers.authorization);
    if (token === undefined || !check(token)) {
      const problem = token === undefined ? 'an API key is needed' : 'the API key is wrong';
      const expected = 'Authorization: Bearer <key>';
      done(
        new Refusal(401, 'unauthorized', problem, [{ field: 'Authorization', value: '(hidden)', expected }], {
          headers: { 'www-authenticate': 'Bearer' },
        }),
      );
      return;
    }
    const taken = parts.rateLimit.take('key');
    if (taken.is === 'empty') done(tooMany(taken.afterMs));
    else done();
  });
}

/** The refusal of a request beyond the bound, with the time after which another may come. */
export function tooMany(afterMs: number): Refusal {
  return new Refusal(429, 'too_many_requests', `too many requests; again in ${afterMs} ms`, [], {
    headers: { 'retry-after': String(Math.max(1, Math.ceil(afterMs / 1000))) },
  });
}
