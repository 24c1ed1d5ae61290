/** The shape of GET /v1/status, for its check in tests and for /openapi.json. */
import { z } from 'zod';
import { recordSchema, resultSchema } from './schemas.ts';

const nodeSchema = z.looseObject({
  name: z.string(),
  kind: z.string(),
  role: z.string(),
  pid: z.number(),
  endpoint: z.string(),
  healthy: z.boolean().describe('False when it has been silent for three seconds'),
  at: z.number(),
  detail: z.unknown(),
});

const heldBackSchema = z.object({
  signalId: z.string().describe('The signal of the first alert'),
  firstAt: z.number(),
  lastAt: z.number(),
  times: z.number().describe('How often it came again within the window'),
});

const accountSchema = z.object({
  account: z.string(),
  active: z.string().nullable().describe('The engine that leads it'),
  epoch: z.string(),
  connection: z.string(),
  terminal: z.string().nullable().describe('The terminal with the trading role'),
  pending: z.number(),
  unknown: z.number(),
  unknownSignals: z.array(z.string()).readonly(),
  lastNumber: z.number(),
  lastResult: recordSchema.nullable(),
  results: z.array(resultSchema).readonly().describe('The last results, newest first'),
  heldBack: z.array(heldBackSchema).readonly().describe('Alerts held back as repeats, newest first'),
  unavailable: z.string().optional(),
});

export const statusSchema = z
  .object({
    cluster: z.string(),
    profile: z.string(),
    backend: z.string().describe('Which backend answers'),
    at: z.number(),
    degraded: z.boolean(),
    degradedBecause: z.array(z.string()).readonly(),
    redis: z.object({
      primary: z.string().nullable(),
      replicas: z
        .array(z.object({ endpoint: z.string(), lagBytes: z.number(), online: z.boolean() }))
        .readonly(),
      inSync: z.array(z.string()).readonly(),
      usedMemoryPercent: z.number(),
    }),
    acceptance: z.object({
      count: z.number(),
      p50Ms: z.number().nullable(),
      p99Ms: z.number().nullable(),
      repeating: z.number().describe('Writes of unknown outcome that are being repeated'),
    }),
    nodes: z.array(nodeSchema).readonly(),
    accounts: z.array(accountSchema).readonly(),
  })
  .meta({ id: 'Status' });
