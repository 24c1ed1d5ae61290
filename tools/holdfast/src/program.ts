/** The commands and their options, put together. */
import { Command, type OutputConfiguration } from 'commander';
import { doctorCommand } from './commands/doctor.ts';
import { downCommand } from './commands/down.ts';
import { drillCommand } from './commands/drill.ts';
import { historyCommand } from './commands/history.ts';
import { leadersCommand } from './commands/leaders.ts';
import { pauseCommand, resumeCommand } from './commands/pause.ts';
import { reconcileCommand } from './commands/reconcile.ts';
import { redisCommand } from './commands/redis.ts';
import { resolveCommand } from './commands/resolve.ts';
import { signalCommand } from './commands/signal.ts';
import { statusCommand } from './commands/status.ts';
import { switchoverCommand } from './commands/switchover.ts';
import { upCommand } from './commands/up.ts';

/** The whole command line; errors are thrown, so that one place turns them into exit codes. `output` is for tests. */
export function createProgram(output: OutputConfiguration = {}): Command {
  const program = new Command('holdfast')
    .description('A high-availability trade engine for MetaTrader 5')
    .exitOverride()
    .configureOutput(output)
    .showHelpAfterError('(holdfast --help shows what there is)');
  const commands = [
    upCommand(),
    downCommand(),
    statusCommand(),
    signalCommand(),
    historyCommand(),
    leadersCommand(),
    switchoverCommand(),
    pauseCommand(),
    resumeCommand(),
    resolveCommand(),
    reconcileCommand(),
    redisCommand(),
    doctorCommand(),
    drillCommand(),
  ];
  for (const command of commands) program.addCommand(throwing(command, program));
  return program;
}

/** Makes a command and those below it throw where commander would end the process. */
function throwing(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent).exitOverride();
  for (const below of command.commands) throwing(below, command);
  return command;
}
