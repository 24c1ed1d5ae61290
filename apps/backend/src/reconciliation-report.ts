/** The newest report of RTS against the terminal's lists, as an engine has written it in RIS: its shape, and reading it. */
import { z } from 'zod';

export const reconciliationSchema = z
  .looseObject({
    cause: z.enum(['takeover', 'reconnect', 'schedule', 'request']),
    terminal: z.string(),
    at: z.number().describe('Wall clock, ms since 1970'),
    since: z.number().describe('Since when missing and differing rows were gathered'),
    matched: z.number(),
    oursMissing: z.number().describe('Rows that we held and the broker has no more'),
    brokerExtra: z.number().describe('Rows of nobody here: manual trades, other programs; left alone'),
    differing: z.number(),
    unknown: z
      .array(z.looseObject({ signalId: z.string(), ageMs: z.number() }))
      .readonly()
      .describe('Signals whose outcome the broker did not confirm'),
    rows: z
      .array(
        z.looseObject({
          what: z.enum(['position', 'order']),
          ticket: z.string(),
          finding: z.enum(['ours_missing', 'broker_extra', 'differing']),
          detail: z.string(),
        }),
      )
      .readonly()
      .describe('The first 200 rows; the counts are of all'),
  })
  .meta({ id: 'Reconciliation' });

export type Reconciliation = z.output<typeof reconciliationSchema>;

/** The report in an account's RIS; null before a terminal was connected. */
export function newestReconciliation(instance: Readonly<Record<string, unknown>>): Reconciliation | null {
  const read = reconciliationSchema.safeParse(instance['reconciliation']);
  return read.success ? read.data : null;
}
