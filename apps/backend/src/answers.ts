/**
 * What the interface answers when it refuses: one shape for all, with a stable code for programs, a sentence for
 * people, and each wrong field with its value and what was expected.
 */
import type { FieldError } from '@holdfast/ha-core';
import { z } from 'zod';

export type ErrorCode =
  | 'malformed_json'
  | 'unauthorized'
  | 'route_not_found'
  | 'unknown_account'
  | 'unknown_signal'
  | 'unknown_webhook'
  | 'method_not_allowed'
  | 'id_conflict'
  | 'magic_collision'
  | 'body_too_large'
  | 'unsupported_media_type'
  | 'invalid_signal'
  | 'invalid_alert'
  | 'invalid_query'
  | 'too_many_requests'
  | 'memory_full'
  | 'memory_high'
  | 'not_stored'
  | 'not_ready'
  | 'unknown_wish'
  | 'invalid_wish'
  | 'too_many_wishes'
  | 'acceptance_unknown'
  | 'records_broken'
  | 'bad_request'
  | 'internal';

export const errorSchema = z
  .object({
    error: z.object({
      code: z.string().describe('Stable, for programs'),
      message: z.string().describe('For people'),
      fields: z.array(z.object({ field: z.string(), value: z.string(), expected: z.string() })),
      id: z.string().optional().describe('The signal id that it is about'),
      reason: z.string().optional().describe('Stable detail of the code, such as why an alert was refused'),
    }),
  })
  .meta({ id: 'Error' });

export type ErrorBody = z.output<typeof errorSchema>;

/** A refusal on its way to the client. Thrown by routes, turned into the answer by the error handler. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  readonly fields: readonly FieldError[];
  readonly extra: RefusalExtra;
  constructor(
    status: number,
    code: ErrorCode,
    message: string,
    fields: readonly FieldError[] = [],
    extra: RefusalExtra = {},
  ) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.extra = extra;
  }
}

export type RefusalExtra = {
  readonly id?: string;
  readonly reason?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** The body of a refusal. */
export function errorBody(refusal: Refusal): ErrorBody {
  const { id, reason } = refusal.extra;
  return {
    error: {
      code: refusal.code,
      message: refusal.message,
      fields: refusal.fields.map((field) => ({ ...field })),
      ...(id === undefined ? {} : { id }),
      ...(reason === undefined ? {} : { reason }),
    },
  };
}

/** The refusals that a route may give, for its OpenAPI page. */
export function refusals<const Status extends number>(
  ...statuses: Status[]
): Record<Status, typeof errorSchema> {
  return Object.fromEntries(statuses.map((status) => [status, errorSchema])) as Record<
    Status,
    typeof errorSchema
  >;
}
