/**
 * `holdfast switchover`: planned changes that lose nothing. `engine`: the active engine finishes what is in flight and hands
 * the account to a standby. `redis`: the primary hands over to a replica of the in-sync set.
 */
import { realHost } from '@holdfast/process';
import { Argument, Command } from 'commander';
import { switchOverEngine } from '../engine/switch-over.ts';
import { configOption, type Place, readPlace, stateOption } from '../options.ts';
import { switchOverRedis } from '../redis/switch-over.ts';
import { tellerOf } from '../screen.ts';

type SwitchoverOptions = Place & { readonly account?: string; readonly to?: string };

/** The command. */
export function switchoverCommand(): Command {
  return new Command('switchover')
    .description('planned change of leadership, without losing a signal')
    .addArgument(new Argument('<what>', 'what to switch over').choices(['engine', 'redis']))
    .argument(
      '[which]',
      'engine: the account, as --account; redis: the node that takes over, chosen by Sentinel when left out',
    )
    .addOption(stateOption())
    .addOption(configOption())
    .option('--account <account>', 'engine: this account alone, all of them when left out')
    .option('--to <engine>', 'engine: the engine that takes over, any other when left out')
    .action(async (what: string, which: string | undefined, options: SwitchoverOptions, command: Command) => {
      const { configuration } = readPlace(options);
      const tell = tellerOf(command);
      if (what === 'redis') return switchOverRedis(realHost, configuration, options.to ?? which, tell);
      const { account = which, to } = options;
      return switchOverEngine(realHost, configuration, { account, to }, tell);
    });
}
