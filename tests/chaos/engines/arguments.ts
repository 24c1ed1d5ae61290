/** The command line of the suite, checked: what is wrong is said with what was expected. */
import { parseArgs } from 'node:util';
import { numberOf, orUsage } from '../launch/arguments.ts';

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

/** Reads the arguments; throws WrongArguments. */
export function readArguments(args: readonly string[]): Arguments {
  const text = { type: 'string' } as const;
  const { values } = orUsage(USAGE, () =>
    parseArgs({
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
    }),
  );
  const minutes = numberOf('minutes', values.minutes, 0);
  return {
    runs: numberOf('runs', values.runs, 0) ?? (minutes === undefined ? 60 : Number.POSITIVE_INFINITY),
    minutes,
    seed: numberOf('seed', values.seed, 0) ?? 1,
    from: numberOf('from', values.from, 0) ?? 0,
    faults: values.faults === undefined ? [] : values.faults.split(',').filter((name) => name !== ''),
    accounts: numberOf('accounts', values.accounts, 1) ?? 6,
    perSecond: numberOf('per-second', values['per-second'], 1) ?? 8,
    report: values.report,
    add: values.add ?? [],
    out: values.out ?? 'dist/chaos-engines',
    loopback: values.loopback,
  };
}
