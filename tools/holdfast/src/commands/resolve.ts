/**
 * `holdfast resolve`: a person says what became of a signal whose outcome the broker never confirmed. It ends with that, who
 * said it and why in its one result; nothing is sent again. A proof in the broker's records outranks what is said.
 */
import { RESOLUTIONS } from '@holdfast/ha-core';
import { realHost } from '@holdfast/process';
import { Command, Option } from 'commander';
import { createApiClient } from '../api-client.ts';
import { CommandFailed } from '../failures.ts';
import { configOption, expectOne, type Place, readPlace, stateOption } from '../options.ts';
import { tellerOf } from '../screen.ts';
import { ANSWERED_WITHIN_MS, makeWish } from '../wish.ts';

type ResolveOptions = Place & {
  readonly account: string;
  readonly outcome: string;
  readonly reason: string;
};

/** The command. */
export function resolveCommand(): Command {
  return new Command('resolve')
    .description('end a signal whose outcome is unknown, by what you have seen at the broker')
    .argument('<signal>', 'id of the signal')
    .addOption(stateOption())
    .addOption(configOption())
    .requiredOption('--account <account>', 'account of the signal')
    .addOption(
      new Option('--outcome <outcome>', 'what became of it').choices(RESOLUTIONS).makeOptionMandatory(),
    )
    .requiredOption('--reason <text>', 'how you know: it stands in the result')
    .action(async (signal: string, options: ResolveOptions, command: Command) => {
      const { configuration } = readPlace(options);
      const { account, outcome, reason } = options;
      expectOne(
        '--account',
        account,
        configuration.values.accounts.map((one) => one.account),
      );
      const wish = { what: 'resolve', reason, args: { signal, outcome } };
      const answer = await makeWish(realHost, createApiClient(configuration), account, wish);
      if (answer !== undefined) return tellerOf(command)(`${account}: ${answer.detail}`);
      throw new CommandFailed(
        `${account}: no engine has answered within ${ANSWERED_WITHIN_MS / 1000} s; the next one that leads does it`,
      );
    });
}
