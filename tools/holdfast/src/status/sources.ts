/**
 * Where the status comes from: a backend's `/v1/status` (records that the engines act on), and each engine's own
 * `/status` for when no backend answers. Fields that are not there read as not known.
 */
import type { Configuration } from '@holdfast/configuration';
import { endpointName } from '@holdfast/redis';
import { z } from 'zod';
import { leaderSchema } from '../engine/leaders.ts';
import { askHttp } from './http-json.ts';

const LIMIT_MS = 1500;

/** The newest comparison of what we hold with what the terminal lists, as numbers of rows. */
const comparisonSchema = z.object({
  at: z.number(),
  matched: z.number(),
  oursMissing: z.number(),
  brokerExtra: z.number(),
  differing: z.number(),
});

const backendSchema = z.looseObject({
  degraded: z.boolean(),
  degradedBecause: z.array(z.string()).default([]),
  accounts: z.array(
    z.looseObject({
      account: z.string(),
      active: z.string().nullable(),
      epoch: z.string(),
      connection: z.string(),
      pending: z.number(),
      unknown: z.number(),
      lastResult: z.unknown(),
      pause: z.looseObject({ by: z.string(), reason: z.string(), at: z.number() }).nullable().default(null),
      leaders: z.array(leaderSchema).default([]),
      reconciliation: comparisonSchema.nullable().default(null),
      unavailable: z.string().optional(),
    }),
  ),
});

const engineSchema = z.looseObject({
  accounts: z.array(
    z.looseObject({
      account: z.string(),
      role: z.string(),
      holder: z.string(),
      epoch: z.string(),
      sessions: z.array(z.string()),
      active: z
        .looseObject({
          open: z.number(),
          waiting: z.number(),
          unknown: z.array(z.unknown()),
          connection: z.string(),
        })
        .optional(),
    }),
  ),
});

export type Comparison = z.output<typeof comparisonSchema>;
export type BackendView = z.output<typeof backendSchema>;
export type EngineView = z.output<typeof engineSchema>;

/** The first backend that answers; undefined when none does. Never rejects. */
export async function readBackend(values: Configuration, apiKey: string): Promise<BackendView | undefined> {
  const views = await Promise.all(
    values.backends.map(async ({ listen }) => {
      const url = `http://${endpointName(listen)}/v1/status`;
      const answer = await askHttp({ url, limitMs: LIMIT_MS, secret: apiKey });
      const view = answer.is === 'answered' ? backendSchema.safeParse(answer.body) : undefined;
      return view?.success === true ? view.data : undefined;
    }),
  );
  const read = views.filter((view) => view !== undefined);
  return read.find((view) => view.accounts.every(({ unavailable }) => unavailable === undefined)) ?? read[0];
}

/** Each engine's own view, by its name; engines that do not answer are missing. Never rejects. */
export async function readEngines(values: Configuration): Promise<ReadonlyMap<string, EngineView>> {
  const views = new Map<string, EngineView>();
  await Promise.all(
    values.engines.map(async ({ name, health }) => {
      const answer = await askHttp({ url: `http://${endpointName(health)}/status`, limitMs: LIMIT_MS });
      const view = answer.is === 'answered' ? engineSchema.safeParse(answer.body) : undefined;
      if (view?.success === true) views.set(name, view.data);
    }),
  );
  return views;
}
