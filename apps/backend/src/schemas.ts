/** Shapes that several answers share, for their checks and for /openapi.json. */
import { OUTCOMES } from '@holdfast/ha-core';
import { z } from 'zod';

export const accountParams = z.object({ account: z.string().describe('A configured account') });

export const signalStateSchema = z.enum(['accepted', 'sent', 'unknown', 'suspended', ...OUTCOMES]);

export const stepSchema = z
  .looseObject({
    state: z.string(),
    at: z.number().describe('Wall clock, ms since 1970'),
    epoch: z.number(),
    by: z.string(),
    reason: z.string().optional(),
  })
  .meta({ id: 'Step' });

const decimalText = z.string().describe('A decimal string');

export const resultSchema = z
  .looseObject({
    number: z.number().describe('Place in the account’s records'),
    signalId: z.string(),
    outcome: z.enum(OUTCOMES),
    reason: z.string().describe('Stable reason code'),
    detail: z.string().optional(),
    magic: z.string(),
    action: z.string(),
    symbol: z.string(),
    side: z.string().optional(),
    volume: decimalText.optional(),
    filledVolume: decimalText.optional(),
    price: decimalText.optional(),
    tickets: z.looseObject({
      order: z.string().optional(),
      position: z.string().optional(),
      deals: z.array(z.string()).readonly().optional(),
    }),
    acceptedAt: z.number(),
    at: z.number(),
    epoch: z.number(),
  })
  .meta({ id: 'Result' });

/** A numbered record of any kind: `result`, `deal`, `order`, `correction`. */
export const recordSchema = z
  .looseObject({
    number: z.number(),
    kind: z.enum(['result', 'deal', 'order', 'correction']),
    account: z.string(),
  })
  .meta({ id: 'Record' });

/** A change of leader, as the Redis function that made it wrote it. */
export const leaderSchema = z
  .object({
    epoch: z.string(),
    at: z.number().describe('Wall clock, ms since 1970'),
    from: z.string().nullable(),
    to: z.string(),
    cause: z.string().describe('first, handed_over, beat_stopped or process_dead'),
    why: z.string().nullable().describe('Why the one before left: stopping, switchover or moved_back'),
    goneMs: z.number().nullable().describe('Since the one before was last heard of, or released it'),
  })
  .meta({ id: 'LeaderChange' });

/** A record number as it comes in a query or a header. */
export const afterSchema = z
  .string()
  .regex(/^\d{1,15}$/, 'expected a record number, 0 for the beginning')
  .transform(Number)
  .describe('Only what comes after this number');

export const limitSchema = z
  .string()
  .regex(/^([1-9]\d{0,2}|1000)$/, 'expected a number from 1 to 1000')
  .transform(Number)
  .describe('At most so many');
