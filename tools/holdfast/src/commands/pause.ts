/**
 * `holdfast pause` and `resume`: maintenance. Nothing is sent to the terminal, signals are accepted and wait, the lease is
 * kept. The pause stands in Redis: it outlives engines and takeovers, until somebody resumes.
 */
import { realHost } from '@holdfast/process';
import { Command } from 'commander';
import { createApiClient } from '../api-client.ts';
import { CommandFailed } from '../failures.ts';
import { configOption, expectOne, type Place, readPlace, stateOption } from '../options.ts';
import { tellerOf } from '../screen.ts';
import { ANSWERED_WITHIN_MS, makeWish } from '../wish.ts';

type PauseOptions = Place & { readonly account?: string; readonly reason: string };

/** The command `pause`. */
export function pauseCommand(): Command {
  return maintenance(
    'pause',
    'hold accounts still: signals are accepted and wait, nothing is sent',
    'maintenance',
  );
}

/** The command `resume`. */
export function resumeCommand(): Command {
  return maintenance('resume', 'let paused accounts go on', 'maintenance is over');
}

function maintenance(what: 'pause' | 'resume', description: string, reason: string): Command {
  return new Command(what)
    .description(description)
    .addOption(stateOption())
    .addOption(configOption())
    .option('--account <account>', 'this account alone, all of them when left out')
    .option('--reason <text>', 'why, for everyone who looks', reason)
    .action(async (options: PauseOptions, command: Command) => {
      const { configuration } = readPlace(options);
      const known = configuration.values.accounts.map(({ account }) => account);
      expectOne('--account', options.account, known);
      const client = createApiClient(configuration);
      const tell = tellerOf(command);
      const wish = { what, reason: options.reason };
      const accounts = options.account === undefined ? known : [options.account];
      const silent: string[] = [];
      await Promise.all(
        accounts.map(async (account) => {
          const answer = await makeWish(realHost, client, account, wish);
          if (answer === undefined) silent.push(account);
          else
            tell(`${account}: ${what === 'pause' ? 'paused' : 'resumed'} at ${answer.by}: ${answer.detail}`);
        }),
      );
      if (silent.length === 0) return;
      throw new CommandFailed(
        `${silent.join(', ')}: the ${what} is in force, but no engine has said so within ${ANSWERED_WITHIN_MS / 1000} s; the next one that leads obeys it`,
      );
    });
}
