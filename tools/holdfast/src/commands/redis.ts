/** `holdfast redis recover`: a person's override of a cold start, with what it may cost said first. */
import { realHost } from '@holdfast/process';
import { Command } from 'commander';
import { configOption, type Place, readPlace, stateOption } from '../options.ts';
import { recoverRedis } from '../redis/recover.ts';
import { tellerOf } from '../screen.ts';

type RecoverOptions = Place & { readonly acceptLoss?: true };

/** The command with its verb. */
export function redisCommand(): Command {
  return new Command('redis').description('what only a person may decide about Redis').addCommand(
    new Command('recover')
      .description(
        'make the newest node that is there the primary, where the wardens wait for nodes that are not; says first what may be lost',
      )
      .addOption(stateOption())
      .addOption(configOption())
      .option('--accept-loss', 'do it, and give up what only the missing nodes may hold')
      .action(async ({ acceptLoss, ...place }: RecoverOptions, command: Command) => {
        const { configuration } = readPlace(place);
        await recoverRedis(realHost, configuration, acceptLoss === true, tellerOf(command));
      }),
  );
}
