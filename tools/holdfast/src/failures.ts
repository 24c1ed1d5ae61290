/** What went wrong, in words for a terminal, and the exit code that says which kind it was. */
import { ConfigurationError } from '@holdfast/configuration';
import { CannotStart, PortsTaken, StateDamaged } from '@holdfast/local-cluster';
import { CommanderError, InvalidArgumentError } from 'commander';

/** A command could not do what it was asked for; the message is all that the user needs. */
export class CommandFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandFailed';
  }
}

/** Tells the error on stderr, unless that was done already, and returns the exit code: 2 for a wrong command line, else 1. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof InvalidArgumentError) return tell(error.message, 2);
  const expected = [CommandFailed, CannotStart, PortsTaken, StateDamaged, ConfigurationError];
  if (error instanceof Error && expected.some((kind) => error instanceof kind)) return tell(error.message, 1);
  return tell(error instanceof Error ? (error.stack ?? error.message) : String(error), 1);
}

function tell(message: string, exitCode: number): number {
  process.stderr.write(`${message}\n`);
  return exitCode;
}
