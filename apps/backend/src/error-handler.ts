/** Turns every error into the one shape of answers.ts. What is not a client's fault is logged and hidden. */
import { shownValue } from '@holdfast/ha-core';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { type ErrorCode, errorBody, Refusal } from './answers.ts';
import type { Parts } from './parts.ts';
import { createQuietLog } from './quiet-log.ts';

/** Sets the handlers for errors and for unknown routes. */
export function answerErrors(server: FastifyInstance, parts: Pick<Parts, 'log' | 'host'>): void {
  const quiet = createQuietLog(parts.host, parts.log);
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const refusal = error instanceof Refusal ? error : refusalOf(error, request);
    if (refusal.status >= 500 && refusal.code === 'internal') {
      parts.log.error({ err: error, route: routeOf(request) }, 'a request failed');
    } else {
      const { id } = refusal.extra;
      const line = {
        code: refusal.code,
        status: refusal.status,
        route: routeOf(request),
        fields: refusal.fields,
      };
      quiet(refusal.code, { ...line, ...(id === undefined ? {} : { signalId: id }) }, refusal.message);
    }
    return send(reply, refusal);
  });
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/';
    return send(
      reply,
      new Refusal(404, 'route_not_found', `there is no ${request.method} ${shownValue(path).slice(1, -1)}`, [
        { field: '(path)', value: shownValue(path), expected: 'a path of /openapi.json' },
      ]),
    );
  });
}

function send(reply: FastifyReply, refusal: Refusal): FastifyReply {
  for (const [name, value] of Object.entries(refusal.extra.headers ?? {})) void reply.header(name, value);
  return reply
    .code(refusal.status)
    .type('application/json; charset=utf-8')
    .serializer((body: unknown) => JSON.stringify(body))
    .send(errorBody(refusal));
}

/** The pattern, never the URL itself: a webhook's URL holds its token. */
function routeOf(request: FastifyRequest): string {
  return `${request.method} ${request.routeOptions.url ?? '(unknown)'}`;
}

const BY_CODE: Readonly<Record<string, { status: number; code: ErrorCode; message: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { status: 413, code: 'body_too_large', message: 'the body is above 64 KiB' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: 'unsupported_media_type',
    message: 'expected Content-Type: application/json',
  },
};

function refusalOf(error: FastifyError, request: FastifyRequest): Refusal {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const fields = error.validation.map((issue) => {
      const field = issue.instancePath.slice(1).replaceAll('/', '.');
      const given = (request.query as Record<string, unknown>)[field];
      return {
        field: field === '' ? '(query)' : field,
        value: shownValue(given),
        expected: issue.message ?? '',
      };
    });
    return new Refusal(422, 'invalid_query', 'the query is not valid', fields);
  }
  const known = BY_CODE[error.code];
  if (known?.code === 'unsupported_media_type') {
    const value = shownValue(request.headers['content-type']);
    return new Refusal(known.status, known.code, known.message, [
      { field: 'Content-Type', value, expected: 'application/json' },
    ]);
  }
  if (known !== undefined) return new Refusal(known.status, known.code, known.message);
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) return new Refusal(status, 'bad_request', error.message);
  return new Refusal(500, 'internal', 'something went wrong here; it is in the log');
}
