/** `holdfast leaders`: the last changes of leader of each account, with cause and duration. */
import { Command } from 'commander';
import { createApiClient } from '../api-client.ts';
import { LEADERS_HEADING, leaderCells, readLeaders } from '../engine/leaders.ts';
import { configOption, expectOne, type Place, readPlace, stateOption } from '../options.ts';
import { tellerOf } from '../screen.ts';
import { table } from '../status/table.ts';

type LeadersOptions = Place & { readonly account?: string; readonly json?: true };

/** The command. */
export function leadersCommand(): Command {
  return new Command('leaders')
    .description('show the last changes of leader: when, from whom to whom, why, how long nobody led')
    .addOption(stateOption())
    .addOption(configOption())
    .option('--account <account>', 'this account alone, all of them when left out')
    .option('--json', 'for programs: one JSON object a line')
    .action(async ({ account, json, ...place }: LeadersOptions, command: Command) => {
      const { configuration } = readPlace(place);
      const known = configuration.values.accounts.map((one) => one.account);
      expectOne('--account', account, known);
      const client = createApiClient(configuration);
      const tell = tellerOf(command);
      const rows: string[][] = [];
      for (const one of account === undefined ? known : [account]) {
        for (const row of (await readLeaders(client, one)).leaders) {
          if (json) tell(JSON.stringify({ account: one, ...row }));
          else rows.push(leaderCells(one, row));
        }
      }
      if (!json) tell(table([...LEADERS_HEADING], rows).join('\n'));
    });
}
