/** `holdfast status`: how the cluster is, for people, for programs (`--json`), once or again and again (`--watch`). */
import { sleep } from '@holdfast/ha-core';
import { realHost } from '@holdfast/process';
import { Command } from 'commander';
import { configOption, type Place, readPlace, stateOption } from '../options.ts';
import { draw, tellerOf, terminalOptions } from '../screen.ts';
import { gatherStatus } from '../status/gather-status.ts';
import { showStatus } from '../status/show-status.ts';

type StatusOptions = Place & { readonly json?: true; readonly watch?: true };

const WATCH_EVERY_MS = 1000;

/** The command. */
export function statusCommand(): Command {
  return new Command('status')
    .description('show nodes and accounts')
    .addOption(stateOption())
    .addOption(configOption())
    .option('--json', 'for programs: one JSON object (with --watch: one a line)')
    .option('--watch', 'again every second, until Ctrl-C')
    .action(async (options: StatusOptions, command: Command) => {
      const tell = tellerOf(command);
      do {
        const status = await gatherStatus(readPlace(options));
        if (options.json) tell(JSON.stringify(status, null, options.watch ? 0 : 2));
        else if (options.watch) draw(showStatus(status, terminalOptions()));
        else tell(showStatus(status, terminalOptions()).join('\n'));
        if (options.watch) await sleep(realHost, WATCH_EVERY_MS);
      } while (options.watch);
    });
}
