/** Who leads an account, and the last changes of leader, as a backend reads them from Redis. */
import { z } from 'zod';
import { type ApiClient, goodBody } from '../api-client.ts';

/** A change of leader in the answers of a backend. */
export const leaderSchema = z.looseObject({
  epoch: z.string(),
  at: z.number(),
  from: z.string().nullable(),
  to: z.string(),
  cause: z.string(),
  why: z.string().nullable(),
  goneMs: z.number().nullable(),
});

const leadersSchema = z.looseObject({
  active: z.string().nullable(),
  epoch: z.string(),
  leaders: z.array(leaderSchema),
});

export type LeaderRow = z.output<typeof leaderSchema>;

/** Reads them, newest first. Throws CommandFailed when no backend can tell. */
export async function readLeaders(
  client: ApiClient,
  account: string,
): Promise<z.output<typeof leadersSchema>> {
  return leadersSchema.parse(
    goodBody(await client.get(`/v1/accounts/${encodeURIComponent(account)}/leaders`)),
  );
}

export const LEADERS_HEADING = ['account', 'time', 'from', 'to', 'epoch', 'cause', 'nobody led for'] as const;

/** A change as a row of a table. */
export function leaderCells(account: string, row: LeaderRow): string[] {
  const cause = CAUSES[row.cause] ?? row.cause;
  return [
    account,
    new Date(row.at).toISOString(),
    row.from ?? '',
    row.to,
    row.epoch,
    row.why === null ? cause : `${cause}: ${row.why.replace('_', ' ')}`,
    row.goneMs === null ? '' : `${row.goneMs} ms`,
  ];
}

const CAUSES: Readonly<Record<string, string>> = {
  first: 'first',
  handed_over: 'handed over',
  beat_stopped: 'beat stopped',
  process_dead: 'process died',
};
