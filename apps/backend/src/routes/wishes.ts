/**
 * POST /v1/accounts/{account}/wishes: what a person asks of the engine that leads the account. 202 once it is durable; the
 * engine's answer is read with GET …/wishes/{id}, whichever engine gives it.
 */
import { fieldErrors, LIMITS } from '@holdfast/ha-core';
import { type StoredWish, type Wish, WISHES, type Wishing } from '@holdfast/redis';
import { z } from 'zod';
import { knownAccount, notReadable } from '../account.ts';
import { Refusal, refusals } from '../answers.ts';
import type { Api, Parts } from '../parts.ts';
import { accountParams } from '../schemas.ts';

const REASON_MAX = 500;
const ARGS_MAX = 8;

const idSchema = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'expected 1 to 64 of A-Z a-z 0-9 . _ -');
const text = z.string().trim().min(1, 'expected some words').max(REASON_MAX);

const wishSchema = z.strictObject({
  id: idSchema.describe('The same again with the same id is a repeat'),
  what: z.enum(WISHES),
  by: text.describe('Who asks'),
  reason: text.describe('Why: shown to others'),
  args: z
    .record(z.string().regex(/^[a-zA-Z]{1,32}$/), z.string().max(REASON_MAX))
    .refine((args) => Object.keys(args).length <= ARGS_MAX, `expected at most ${ARGS_MAX}`)
    .default({}),
});

const answerSchema = z.object({
  is: z.enum(['done', 'refused']),
  detail: z.string(),
  by: z.string().describe('The engine that says so'),
  epoch: z.string(),
  at: z.number(),
});

const shownSchema = z
  .object({
    id: z.string(),
    what: z.string(),
    by: z.string(),
    reason: z.string(),
    args: z.record(z.string(), z.string()),
    at: z.number().describe('Wall clock of its acceptance'),
    answer: answerSchema.optional().describe('Missing while no engine has answered'),
  })
  .meta({ id: 'Wish' });

export function addWishes(api: Api, parts: Parts): void {
  api.post(
    '/v1/accounts/:account/wishes',
    {
      validatorCompiler: () => (value) => ({ value }),
      schema: {
        summary: 'Ask something of the engine that leads the account',
        params: accountParams,
        body: wishSchema,
        response: {
          202: shownSchema,
          200: shownSchema,
          ...refusals(400, 401, 404, 409, 413, 415, 422, 429, 503, 504),
        },
      },
    },
    async (request, reply) => {
      const { account } = knownAccount(parts.accounts, request.params.account);
      const parsed = wishSchema.safeParse(request.body);
      if (!parsed.success) {
        throw new Refusal(
          422,
          'invalid_wish',
          'the wish is not valid',
          fieldErrors(parsed.error, request.body),
        );
      }
      const wish: Wish = parsed.data;
      const answer = await parts.wishes.wish(account, wish, LIMITS.acceptanceDeadlineMs);
      if (answer.is !== 'accepted' && answer.is !== 'repeat') throw refusalOf(answer, wish.id);
      parts.log.info({ account, wish: wish.id, what: wish.what, by: wish.by, reason: wish.reason }, 'wish');
      const given = answer.is === 'repeat' && answer.answer !== undefined ? { answer: answer.answer } : {};
      return reply
        .code(answer.is === 'accepted' ? 202 : 200)
        .send({ ...wish, args: { ...wish.args }, at: answer.at, ...given });
    },
  );
  api.get(
    '/v1/accounts/:account/wishes/:id',
    {
      schema: {
        summary: 'What became of a wish',
        params: accountParams.extend({ id: z.string() }),
        response: { 200: shownSchema, ...refusals(401, 404, 429, 503) },
      },
    },
    async (request, reply) => {
      const { account } = knownAccount(parts.accounts, request.params.account);
      const read = await parts.wishes.read(account);
      if (read.is === 'unavailable') throw notReadable(read.detail);
      const { id } = request.params;
      const found = [...read.value.waiting, ...read.value.answered].find((wish) => wish.id === id);
      if (found === undefined) throw unknownWish(account, id);
      return reply.send(shown(found));
    },
  );
}

const shown = (wish: StoredWish): z.output<typeof shownSchema> => ({ ...wish, args: { ...wish.args } });

function unknownWish(account: string, id: string): Refusal {
  return new Refusal(404, 'unknown_wish', `the account ${account} has no wish ${JSON.stringify(id)}`, [
    {
      field: 'id',
      value: JSON.stringify(id),
      expected: 'the id of a wish; the last 50 answered ones are kept',
    },
  ]);
}

function refusalOf(answer: Exclude<Wishing, { is: 'accepted' | 'repeat' }>, id: string): Refusal {
  const again = { headers: { 'retry-after': '1' } };
  switch (answer.is) {
    case 'conflict':
      return new Refusal(
        409,
        'id_conflict',
        `the id ${id} belongs to another wish; a new one needs a new id`,
        [{ field: 'id', value: JSON.stringify(id), expected: 'an id that no other wish of the account has' }],
      );
    case 'full':
      return new Refusal(429, 'too_many_wishes', 'too many wishes wait for an engine already', [], again);
    case 'not_stored':
      return new Refusal(503, 'not_stored', `nothing was stored: ${answer.detail}`, [], again);
    case 'unknown':
      return new Refusal(
        504,
        'acceptance_unknown',
        `it is not certain whether the wish ${id} was stored; send the same again with the same id`,
      );
  }
}
