/** The commands and their options, put together. */
import { Command } from 'commander';
import { downCommand } from './commands/down.ts';
import { statusCommand } from './commands/status.ts';
import { upCommand } from './commands/up.ts';

/** The whole command line; errors are thrown, so that one place turns them into exit codes. */
export function createProgram(): Command {
  const program = new Command('holdfast')
    .description('A high-availability trade engine for MetaTrader 5')
    .exitOverride()
    .showHelpAfterError('(holdfast --help shows what there is)');
  for (const command of [upCommand(), downCommand(), statusCommand()]) {
    program.addCommand(command.exitOverride().copyInheritedSettings(program));
  }
  return program;
}
