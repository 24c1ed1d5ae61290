/**
 * GET /v1/accounts/{account}/events: the account's records as they come, each event's id its number, its name the
 * record's kind. `Last-Event-ID` (or `?after=`) resumes without a gap; without either it begins with what comes next.
 */
import { z } from 'zod';
import { knownAccount } from '../account.ts';
import { refusals } from '../answers.ts';
import type { EventStream } from '../event-streams.ts';
import type { Api, Parts } from '../parts.ts';
import { orRefuse } from '../reading.ts';
import { accountParams, afterSchema } from '../schemas.ts';

const PAGE = 200;
/** Looks again after this time even if nothing woke it. */
const LOOK_AGAIN_MS = 5000;

export function addEvents(api: Api, parts: Parts): void {
  api.get(
    '/v1/accounts/:account/events',
    {
      schema: {
        summary: 'Numbered records as server-sent events',
        params: accountParams,
        querystring: z.object({ after: afterSchema.optional() }),
        headers: z.looseObject({ 'last-event-id': afterSchema.optional() }),
        response: { 200: z.string(), ...refusals(401, 404, 422, 429, 503) },
      },
    },
    async (request, reply) => {
      const { account } = knownAccount(parts.accounts, request.params.account);
      await orRefuse(parts.hub.start());
      const from = request.headers['last-event-id'] ?? request.query.after ?? parts.hub.lastNumber(account);
      // A position that Redis never gave is refused before the stream begins.
      await orRefuse(parts.hub.after(account, from, 1));
      const stream = parts.streams.open(reply);
      await pass(parts, account, from, stream);
      return reply;
    },
  );
}

/** Sends page after page, and waits for news at the end, until the client leaves or is too slow. */
async function pass(parts: Parts, account: string, from: number, stream: EventStream): Promise<void> {
  let position = from;
  let wake = (): void => undefined;
  const stopListening = parts.hub.onNews((arrived) => {
    if (arrived === account) wake();
  });
  stream.onEnded(() => {
    stopListening();
    wake();
  });
  while (await stream.ready()) {
    const news = new Promise<void>((resolve) => {
      const cancel = parts.host.after(LOOK_AGAIN_MS, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });
    try {
      const records = await parts.hub.after(account, position, PAGE);
      for (const record of records) {
        stream.send({ event: record.kind, id: String(record.number), data: record });
        position = record.number;
      }
      if (records.length === PAGE) {
        wake();
        continue;
      }
    } catch (error) {
      parts.log.warn({ err: error, account }, 'an event stream ends: records cannot be read');
      stream.end('closing', error instanceof Error ? error.message : String(error));
    }
    await news;
  }
  wake();
}
