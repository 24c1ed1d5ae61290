/** What the commands of service managers and people have in common: where a program is, and how a command ends that fails. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The command line is wrong; the message says how. */
export class WrongArguments extends Error {}

type ErrorClass = abstract new (...given: never[]) => Error;

/**
 * Runs a command; never rejects. What it throws goes to standard error, and the exit code becomes 2 for `WrongArguments` and 1
 * for all else. The message alone is told of what people can mend: of `WrongArguments`, TypeError (which parseArgs throws)
 * and the classes that `told` names; the stack of the rest.
 */
export async function runCommand(
  main: () => void | Promise<void>,
  told: readonly ErrorClass[] = [],
): Promise<void> {
  try {
    await main();
  } catch (error) {
    const isTold = [WrongArguments, TypeError, ...told].some((one) => error instanceof one);
    const said =
      error instanceof Error ? ((isTold ? undefined : error.stack) ?? error.message) : String(error);
    process.stderr.write(`${said}\n`);
    process.exitCode = error instanceof WrongArguments ? 2 : 1;
  }
}

/** The path of a program on PATH; undefined when there is none that may be run. */
export function programOnPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
