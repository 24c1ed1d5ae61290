/** What the command lines of the suites have in common. */

/** The command line is wrong; the message says how. */
export class WrongArguments extends Error {}

/** A number from `least` on; undefined where none was given. Throws WrongArguments. */
export function numberOf(name: string, given: string | undefined, least: number): number | undefined {
  if (given === undefined) return undefined;
  const value = Number(given);
  if (Number.isFinite(value) && value >= least) return value;
  throw new WrongArguments(`--${name} ${given}: expected a number from ${least} on`);
}

/** Runs `parse`; what it throws becomes WrongArguments, with the usage. */
export function orUsage<Parsed>(usage: string, parse: () => Parsed): Parsed {
  try {
    return parse();
  } catch (error) {
    throw new WrongArguments(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}
