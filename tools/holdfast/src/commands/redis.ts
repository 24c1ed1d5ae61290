/** `holdfast redis recover`: a person's override of a cold start, with what it may cost said first. */
import { resolve } from 'node:path';
import { readState } from '@holdfast/local-cluster';
import { realHost } from '@holdfast/process';
import { Command } from 'commander';
import { stateOption } from '../options.ts';
import { recoverRedis } from '../redis/recover.ts';
import { tellerOf } from '../screen.ts';

type RecoverOptions = { readonly state: string; readonly acceptLoss?: true };

/** The command with its verb. */
export function redisCommand(): Command {
  return new Command('redis').description('what only a person may decide about Redis').addCommand(
    new Command('recover')
      .description(
        'make the newest node that is there the primary, where the wardens wait for nodes that are not; says first what may be lost',
      )
      .addOption(stateOption())
      .option('--accept-loss', 'do it, and give up what only the missing nodes may hold')
      .action(async ({ state, acceptLoss }: RecoverOptions, command: Command) => {
        const { configuration } = readState(resolve(state));
        await recoverRedis(realHost, configuration, acceptLoss === true, tellerOf(command));
      }),
  );
}
