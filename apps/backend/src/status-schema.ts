/** The shape of GET /v1/status, for its check in tests and for /openapi.json. */
import { z } from 'zod';
import { reconciliationSchema } from './reconciliation-report.ts';
import { refusedTerminalSchema } from './refused-terminals.ts';
import { leaderSchema, recordSchema, resultSchema } from './schemas.ts';

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
  pause: z
    .object({ id: z.string(), by: z.string(), reason: z.string(), at: z.number() })
    .nullable()
    .describe('Who holds the account still and why; null while nobody does'),
  leaders: z.array(leaderSchema).readonly().describe('The last changes of leader, newest first'),
  reconciliation: reconciliationSchema
    .nullable()
    .describe('The newest comparison with the terminal, its first 20 rows; null before there was one'),
  refusedTerminals: z
    .array(refusedTerminalSchema)
    .readonly()
    .describe('Terminals that are logged in as somebody else: not traded through'),
  unavailable: z.string().optional(),
});

const names = z.array(z.string()).readonly();

const redisSchema = z.object({
  primary: z.string().nullable(),
  replicas: z
    .array(z.object({ endpoint: z.string(), lagBytes: z.number(), online: z.boolean() }))
    .readonly()
    .describe('As the primary lists them'),
  level: z
    .enum(['full', 'degraded', 'none'])
    .describe('full: every replica must have a write; degraded: one alone; none: nothing is acknowledged'),
  term: z.number().describe('Grows with every change of primary'),
  change: z.number().describe('Counts the changes of the set within a term'),
  members: names.describe('Nodes that may be promotable'),
  inSync: names.describe('Replicas that an acknowledgement needs'),
  usedMemoryPercent: z.number(),
  toldBy: z.string().nullable().describe('The warden whose view the rest is; null while none answers'),
  nodes: z
    .array(
      z.object({
        name: z.string(),
        endpoint: z.string(),
        role: z.string(),
        of: z.string().nullable(),
        link: z.string().nullable(),
        offset: z.number().nullable(),
        lagBytes: z.number().nullable(),
        lagMs: z.number().nullable(),
        priority: z.number().nullable().describe('100 when Sentinel may promote it; a primary has 0'),
        inSync: z.boolean(),
      }),
    )
    .readonly(),
  sentinels: z
    .array(z.object({ name: z.string(), endpoint: z.string(), names: z.string().nullable(), down: names }))
    .readonly(),
  quorum: z
    .object({ answering: z.number(), needed: z.number() })
    .nullable()
    .describe('Sentinels that answer, and that must before one may promote; null while no warden answers'),
  wardens: z
    .array(
      z.object({
        name: z.string(),
        node: z.string(),
        endpoint: z.string(),
        answers: z.boolean(),
        detail: z.string(),
      }),
    )
    .readonly(),
  waits: z
    .looseObject({ why: z.string(), missing: names })
    .nullable()
    .describe('Why nobody is primary, where only a person can decide'),
  failovers: z
    .array(
      z.object({
        from: z.string(),
        to: z.string(),
        term: z.number().nullable(),
        cause: z.string(),
        by: z.string(),
        asked: z.boolean(),
        tookMs: z.number().nullable(),
        at: z.number(),
      }),
    )
    .readonly()
    .describe('The last changes of primary, newest first'),
});

export const statusSchema = z
  .object({
    cluster: z.string(),
    profile: z.string(),
    backend: z.string().describe('Which backend answers'),
    at: z.number(),
    degraded: z.boolean(),
    degradedBecause: z.array(z.string()).readonly(),
    redis: redisSchema,
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
