/** POST /v1/accounts/{account}/signals: 202 once the signal is durable (I1), 200 for a repeat. */
import { fieldErrors, type Signal, shownValue, signalSchema } from '@holdfast/ha-core';
import { z } from 'zod';
import { knownAccount } from '../account.ts';
import { Refusal, refusals } from '../answers.ts';
import type { Api, Parts } from '../parts.ts';
import { accountParams, signalStateSchema } from '../schemas.ts';

const acceptedSchema = z
  .object({
    id: z.string(),
    account: z.string(),
    state: signalStateSchema,
    magic: z.string().describe('What the broker knows the signal by'),
    acceptedAt: z.number().describe('Wall clock, ms since 1970'),
    repeat: z.boolean().describe('True when the id was known already: nothing was stored again'),
    number: z.number().optional().describe('Number of its result, once there is one'),
  })
  .meta({ id: 'Accepted' });

export function addSignals(api: Api, parts: Parts): void {
  api.post(
    '/v1/accounts/:account/signals',
    {
      // Checked in the handler: the id may come in a header, and every wrong field is told at once.
      validatorCompiler: () => (value) => ({ value }),
      schema: {
        summary: 'Ask for a trade',
        params: accountParams,
        headers: z.object({
          'idempotency-key': z.string().optional().describe('May carry the id instead of the body'),
        }),
        body: signalSchema,
        response: {
          202: acceptedSchema,
          200: acceptedSchema,
          ...refusals(400, 401, 404, 409, 413, 415, 422, 429, 503, 504),
        },
      },
    },
    async (request, reply) => {
      const account = knownAccount(parts.accounts, request.params.account);
      const signal = readSignal(request.body, request.headers['idempotency-key']);
      const answer = await parts.accept(account, signal);
      void reply.header(
        'location',
        `/v1/accounts/${account.account}/signals/${encodeURIComponent(signal.id)}`,
      );
      return reply.code(answer.repeat ? 200 : 202).send(answer);
    },
  );
}

/** The checked signal, its id from the body or from the header. Throws the Refusal that names every wrong field. */
function readSignal(body: unknown, header: string | undefined): Signal {
  const merged = header === undefined ? body : withId(body, header);
  const parsed = signalSchema.safeParse(merged);
  if (parsed.success) return parsed.data;
  const id = idOf(merged);
  throw new Refusal(
    422,
    'invalid_signal',
    'the signal is not valid',
    fieldErrors(parsed.error, merged),
    id === undefined ? {} : { id },
  );
}

function withId(body: unknown, header: string): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const id = (body as { id?: unknown }).id;
  if (id === undefined) return { ...body, id: header };
  if (id === header) return body;
  throw new Refusal(422, 'invalid_signal', 'the body and the Idempotency-Key header name different ids', [
    {
      field: 'Idempotency-Key',
      value: shownValue(header),
      expected: `the same id as in the body: ${shownValue(id)}`,
    },
  ]);
}

/** The id for the log, where there is a readable one. */
function idOf(body: unknown): string | undefined {
  const id = typeof body === 'object' && body !== null ? (body as { id?: unknown }).id : undefined;
  return typeof id === 'string' ? id.slice(0, 64) : undefined;
}
