/**
 * What a person asks of the engine that leads an account: posted once by its id, then followed until an engine has answered.
 * A wish that nobody has answered yet is durable: it is done when an engine leads again.
 */
import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { type Host, sleep } from '@holdfast/ha-core';
import { z } from 'zod';
import { type ApiClient, goodBody } from './api-client.ts';
import { CommandFailed } from './failures.ts';

const answerSchema = z.looseObject({
  is: z.enum(['done', 'refused']),
  detail: z.string(),
  by: z.string(),
  epoch: z.string(),
});

const wishSchema = z.looseObject({ id: z.string(), answer: answerSchema.optional() });

export type Answer = z.output<typeof answerSchema>;

export type NewWish = {
  readonly what: string;
  readonly reason: string;
  readonly args?: Readonly<Record<string, string>>;
};

const POLL_MS = 20;
/** Longer than a command is at a terminal at the outside. */
export const ANSWERED_WITHIN_MS = 40_000;

/** Makes the wish and waits for its answer for a while; undefined when it still waits then. Throws what is refused. */
export async function makeWish(
  host: Host,
  client: ApiClient,
  account: string,
  wish: NewWish,
): Promise<Answer | undefined> {
  const id = randomUUID();
  const path = `/v1/accounts/${encodeURIComponent(account)}/wishes`;
  const body = { id, by: userInfo().username, args: {}, ...wish };
  const endMs = host.monotonicMs() + ANSWERED_WITHIN_MS;
  let { answer } = wishSchema.parse(goodBody(await client.post(path, body)));
  while (answer === undefined && host.monotonicMs() < endMs) {
    await sleep(host, POLL_MS);
    const shown = await client.get(`${path}/${id}`);
    // While Redis changes its primary nothing can be read; the wish is durable all the same.
    if (shown.status !== 503) answer = wishSchema.parse(goodBody(shown)).answer;
  }
  if (answer?.is === 'refused')
    throw new CommandFailed(`${account}: refused by ${answer.by}: ${answer.detail}`);
  return answer;
}
