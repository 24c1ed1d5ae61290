/**
 * `holdfast reconcile`: the engine that leads an account reads the terminal's lists now, and the report is printed. It changes
 * nothing at the broker. Ends with 1 when something of ours is missing, differs, or is unknown.
 */
import { realHost } from '@holdfast/process';
import { Command } from 'commander';
import { z } from 'zod';
import { type ApiClient, createApiClient, goodBody } from '../api-client.ts';
import { CommandFailed } from '../failures.ts';
import { configOption, expectOne, type Place, readPlace, stateOption } from '../options.ts';
import { tellerOf } from '../screen.ts';
import { table } from '../status/table.ts';
import { ANSWERED_WITHIN_MS, makeWish } from '../wish.ts';

type ReconcileOptions = Place & { readonly account?: string; readonly json?: true };

const reportSchema = z.looseObject({
  terminal: z.string(),
  at: z.number(),
  since: z.number(),
  matched: z.number(),
  oursMissing: z.number(),
  brokerExtra: z.number(),
  differing: z.number(),
  unknown: z.array(z.looseObject({ signalId: z.string(), ageMs: z.number() })),
  rows: z.array(
    z.looseObject({ what: z.string(), ticket: z.string(), finding: z.string(), detail: z.string() }),
  ),
});

type Report = z.output<typeof reportSchema>;

const FINDINGS: Readonly<Record<string, string>> = {
  ours_missing: 'ours, missing at the broker',
  broker_extra: 'not ours, left alone',
  differing: 'differing',
};

/** The command. */
export function reconcileCommand(): Command {
  return new Command('reconcile')
    .description('compare what we hold with what the terminal lists, now; changes nothing at the broker')
    .addOption(stateOption())
    .addOption(configOption())
    .option('--account <account>', 'this account alone, all of them when left out')
    .option('--json', 'for programs: one JSON object a line')
    .action(async ({ account, json, ...place }: ReconcileOptions, command: Command) => {
      const { configuration } = readPlace(place);
      const known = configuration.values.accounts.map((one) => one.account);
      expectOne('--account', account, known);
      const client = createApiClient(configuration);
      const tell = tellerOf(command);
      const wrong: string[] = [];
      for (const one of account === undefined ? known : [account]) {
        const report = await reportOf(client, one);
        tell(json ? JSON.stringify({ account: one, ...report }) : textOf(one, report));
        if (report.oursMissing + report.differing + report.unknown.length > 0) wrong.push(one);
      }
      if (wrong.length > 0)
        throw new CommandFailed(`${wrong.join(', ')}: not all that is ours is as we hold it`);
    });
}

async function reportOf(client: ApiClient, account: string): Promise<Report> {
  const wish = { what: 'reconcile', reason: 'a person asks' };
  const answer = await makeWish(realHost, client, account, wish);
  if (answer === undefined)
    throw new CommandFailed(`${account}: no engine has compared within ${ANSWERED_WITHIN_MS / 1000} s`);
  const body = goodBody(await client.get(`/v1/accounts/${encodeURIComponent(account)}/reconciliation`));
  const { report } = z.looseObject({ report: reportSchema.nullable() }).parse(body);
  if (report === null) throw new CommandFailed(`${account}: there is no report yet`);
  return report;
}

function textOf(account: string, report: Report): string {
  const { terminal, at, since, matched, oursMissing, brokerExtra, differing, unknown } = report;
  const head = `${account} at ${terminal}, ${new Date(at).toISOString()}: ${matched} matched, ${oursMissing} of ours missing, ${brokerExtra} not ours, ${differing} differing, ${unknown.length} unknown (missing and differing since ${new Date(since).toISOString()})`;
  const rows = [
    ...report.rows.map(({ what, ticket, finding, detail }) => [
      what,
      ticket,
      FINDINGS[finding] ?? finding,
      detail,
    ]),
    ...unknown.map(({ signalId, ageMs }) => [
      'signal',
      signalId,
      'unknown',
      `for ${Math.round(ageMs / 1000)} s`,
    ]),
  ];
  if (rows.length === 0) return head;
  return [head, ...table(['what', 'ticket', 'finding', 'detail'], rows)].join('\n');
}
