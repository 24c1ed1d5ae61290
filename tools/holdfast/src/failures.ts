/** What went wrong, in words for a terminal, and the exit code that says which kind it was. */
import { ConfigurationError } from '@holdfast/configuration';
import { CannotStart, PortsTaken, StateDamaged } from '@holdfast/local-cluster';
import { CommanderError } from 'commander';

/** A command could not do what it was asked for; the message is all that the user needs. */
export class CommandFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandFailed';
  }
}

/** What the user is told: the message of what was expected to happen now and then, the whole trace of what was not. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const expected = [CommandFailed, CannotStart, PortsTaken, StateDamaged, ConfigurationError];
  return expected.some((kind) => error instanceof kind) ? error.message : (error.stack ?? error.message);
}

/** Tells the error, unless that was done already, and returns the exit code: 2 for a wrong command line, else 1. */
export function exitCodeOf(
  error: unknown,
  tell: (text: string) => void = (text) => void process.stderr.write(text),
): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  tell(`${messageOf(error)}\n`);
  return 1;
}
