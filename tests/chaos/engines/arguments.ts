/** The command line of the suite, checked: what is wrong is said with what was expected. */
import { parseArgs } from 'node:util';

export type Arguments = {
  readonly runs: number;
  readonly minutes: number | undefined;
  readonly seed: number;
  /** The first run of the plan, to ask for one bad run again. */
  readonly from: number;
  readonly faults: readonly string[];
  readonly accounts: number;
  /** Signals a second on each account. */
  readonly perSecond: number;
  readonly report: string | undefined;
  /** Results of earlier runs (results.json), to be reported together with this one's. */
  readonly add: readonly string[];
  /** Folder for the lines and the stories of bad runs. */
  readonly out: string;
  readonly loopback: boolean;
};

export const USAGE = `usage: npm run chaos:engines -- [--runs N] [--minutes M] [--seed S] [--from RUN] [--faults a,b]
  [--accounts N] [--per-second N] [--report docs/chaos-engines.md [--add FILE]…] [--out FOLDER] [--loopback]`;

/** The command line is wrong; the message says how. */
export class WrongArguments extends Error {}

/** Reads the arguments; throws WrongArguments. */
export function readArguments(args: readonly string[]): Arguments {
  const text = { type: 'string' } as const;
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        runs: text,
        minutes: text,
        seed: text,
        from: text,
        faults: text,
        accounts: text,
        'per-second': text,
        report: text,
        add: { type: 'string', multiple: true },
        out: text,
        loopback: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    throw new WrongArguments(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
  const number = (name: string, given: string | undefined, least: number): number | undefined => {
    if (given === undefined) return undefined;
    const value = Number(given);
    if (Number.isFinite(value) && value >= least) return value;
    throw new WrongArguments(`--${name} ${given}: expected a number from ${least} on`);
  };
  const minutes = number('minutes', values.minutes, 0);
  return {
    runs: number('runs', values.runs, 0) ?? (minutes === undefined ? 60 : Number.POSITIVE_INFINITY),
    minutes,
    seed: number('seed', values.seed, 0) ?? 1,
    from: number('from', values.from, 0) ?? 0,
    faults: values.faults === undefined ? [] : values.faults.split(',').filter((name) => name !== ''),
    accounts: number('accounts', values.accounts, 1) ?? 6,
    perSecond: number('per-second', values['per-second'], 1) ?? 8,
    report: values.report,
    add: values.add ?? [],
    out: values.out ?? 'dist/chaos-engines',
    loopback: values.loopback,
  };
}
