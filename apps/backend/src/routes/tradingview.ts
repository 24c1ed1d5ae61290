/**
 * POST /v1/webhooks/tradingview/{token}: an alert in, a durable signal out. TradingView waits three seconds, so every
 * answer is given within two and a half. The token is a secret: it is in no message and no log line.
 */
import { LIMITS, type Signal, signalSchema, fieldErrors } from '@holdfast/ha-core';
import { z } from 'zod';
import type { AcceptedAnswer } from '../acceptance.ts';
import { Refusal, refusals } from '../answers.ts';
import type { Api, Parts, Webhook } from '../parts.ts';
import { findByToken } from '../authorization.ts';
import { tooMany } from '../require-key.ts';
import { signalStateSchema } from '../schemas.ts';
import { readAlert } from '../tradingview/alert-fields.ts';
import { AlertRefused } from '../tradingview/alert-refused.ts';
import { type AlertSignal, alertSignal } from '../tradingview/alert-signal.ts';
import { type AlertIdentity, alertIdentity } from '../tradingview/identity.ts';

/** Of TradingView's three seconds, with room for the way back. */
const WITHIN_MS = 2500;
const WINDOW_WITHIN_MS = 1000;

const alertAnswer = z
  .object({
    id: z.string(),
    account: z.string(),
    state: signalStateSchema,
    magic: z.string(),
    acceptedAt: z.number(),
    repeat: z.boolean().describe('True when this alert was known already: nothing was stored again'),
    number: z.number().optional(),
    heldBack: z
      .object({ firstAt: z.number(), times: z.number() })
      .optional()
      .describe('The alert came again within the duplicate window'),
    notes: z.array(z.string()).readonly().describe('What of the alert is not passed on'),
  })
  .meta({ id: 'AlertAnswer' });

type HeldBack = { readonly firstAt: number; readonly times: number };

export function addTradingview(api: Api, parts: Parts): void {
  const find = findByToken(parts.webhooks.map((webhook) => ({ token: webhook.token, holder: webhook })));
  api.post(
    '/v1/webhooks/tradingview/:token',
    {
      onRequest: (request, _reply, done) => {
        const webhook = find(request.params.token);
        if (webhook === undefined) {
          done(new Refusal(404, 'unknown_webhook', 'there is no webhook with this token'));
          return;
        }
        const taken = parts.rateLimit.take(`webhook:${webhook.configuration.name}`);
        done(taken.is === 'empty' ? tooMany(taken.afterMs) : undefined);
      },
      validatorCompiler: () => (value) => ({ value }),
      schema: {
        summary: 'An alert of TradingView',
        security: [],
        params: z.object({ token: z.string() }),
        body: z.string().describe('JSON or plain text; see docs/webhooks.md'),
        response: {
          200: alertAnswer,
          202: alertAnswer,
          ...refusals(404, 409, 413, 415, 422, 429, 503, 504),
        },
      },
    },
    async (request, reply) => {
      const webhook = find(request.params.token);
      if (webhook === undefined)
        throw new Refusal(404, 'unknown_webhook', 'there is no webhook with this token');
      const startedMs = parts.host.monotonicMs();
      const { alert, identity } = judge(webhook, request.body ?? '');
      const { id, heldBack } = await identify(parts, webhook, identity);
      const leftMs = Math.max(200, WITHIN_MS - (parts.host.monotonicMs() - startedMs));
      const answer = await accept(parts, webhook, alert, id, leftMs);
      if (heldBack !== undefined) {
        parts.log.info(
          {
            signalId: id,
            account: answer.account,
            webhook: webhook.configuration.name,
            times: heldBack.times,
          },
          'an alert was held back as a repeat',
        );
      }
      return reply
        .code(answer.repeat ? 200 : 202)
        .send({ ...answer, ...(heldBack === undefined ? {} : { heldBack }), notes: alert.notes });
    },
  );
}

function judge(webhook: Webhook, body: string): { alert: AlertSignal; identity: AlertIdentity } {
  try {
    const fields = readAlert(body);
    const alert = alertSignal(fields, { ...webhook.configuration, margin: webhook.margin });
    return { alert, identity: alertIdentity(webhook.configuration.name, fields, alert) };
  } catch (error) {
    if (!(error instanceof AlertRefused)) throw error;
    throw new Refusal(422, 'invalid_alert', error.message, error.fields, { reason: error.reason });
  }
}

/**
 * The signal's id. A repeat within the window gets the first's, and is accepted under it once more: should the first
 * never have been stored, then now it is.
 */
async function identify(
  parts: Parts,
  webhook: Webhook,
  identity: AlertIdentity,
): Promise<{ id: string; heldBack?: HeldBack }> {
  if (identity.by !== 'window') return { id: identity.id };
  const { account, duplicateWindowMs } = webhook.configuration;
  const { fingerprint, candidate } = identity;
  const seen = await parts.inbox.alert(account, fingerprint, candidate, duplicateWindowMs, WINDOW_WITHIN_MS);
  if (seen.is === 'first') return { id: seen.id };
  if (seen.is === 'held_back') {
    return { id: seen.id, heldBack: { firstAt: seen.firstAt, times: seen.times - 1 } };
  }
  const isFull = seen.is === 'not_stored' && seen.why === 'out_of_memory';
  throw new Refusal(503, isFull ? 'memory_full' : 'not_stored', `nothing was stored: ${seen.detail}`, [], {
    headers: { 'retry-after': '1' },
  });
}

function accept(
  parts: Parts,
  webhook: Webhook,
  alert: AlertSignal,
  id: string,
  deadlineMs: number,
): Promise<AcceptedAnswer> {
  const signal: Signal = { ...alert.signal, id };
  const parsed = signalSchema.safeParse(signal);
  if (!parsed.success) {
    const fields = fieldErrors(parsed.error, signal);
    throw new Refusal(422, 'invalid_alert', 'the alert makes no valid signal', fields, {
      reason: 'invalid_signal',
    });
  }
  const account = parts.accounts.get(webhook.configuration.account);
  if (account === undefined)
    throw new Error(`webhook ${webhook.configuration.name}: its account is not configured`);
  const ttlMs = signal.action === 'close' ? LIMITS.closeTtlMs : webhook.configuration.ttlMs;
  return parts.accept(account, parsed.data, { ttlMs, deadlineMs });
}
