/** The command line of the suite, checked: what is wrong is said with what was expected. */
import { parseArgs } from 'node:util';
import { numberOf, orUsage, WrongArguments } from '../launch/arguments.ts';

export type Arguments = {
  readonly runs: number;
  readonly minutes: number | undefined;
  readonly seed: number;
  readonly faults: readonly string[];
  readonly profile: 'fast' | 'seed';
  /** The first run of the plan, to ask for one bad run again. */
  readonly from: number;
  /** One run of stock Sentinel after so many of ours; 0 for none. */
  readonly stockEvery: number;
  readonly wardens: boolean;
  readonly perSecond: number;
  readonly soakMinutes: number | undefined;
  readonly burners: number;
  readonly report: string | undefined;
  /** Results of earlier runs (results.json) and a soak (soak.json), to be reported together with this one's. */
  readonly add: readonly string[];
  /** Folder for the results and the stories of bad runs. */
  readonly out: string;
  readonly allStories: boolean;
  readonly loopback: boolean;
};

export const USAGE = `usage: npm run chaos:redis -- [--runs N] [--minutes M] [--seed S] [--faults a,b] [--profile fast|seed]
  [--stock-every N] [--report docs/chaos-redis.md [--add FILE]…] [--out FOLDER] [--from RUN] [--per-second N]
  [--no-wardens] [--all-stories] [--loopback] [--soak-minutes M --burners N]`;

/** Reads the arguments; throws WrongArguments. */
export function readArguments(args: readonly string[]): Arguments {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = orUsage(USAGE, () =>
    parseArgs({
      args: [...args],
      options: {
        runs: text,
        minutes: text,
        seed: text,
        faults: text,
        profile: text,
        from: text,
        'stock-every': text,
        'per-second': text,
        'soak-minutes': text,
        burners: text,
        report: text,
        add: { type: 'string', multiple: true },
        out: text,
        'no-wardens': flag,
        'all-stories': flag,
        loopback: flag,
      },
    }),
  );
  const profile = values.profile ?? 'fast';
  if (profile !== 'fast' && profile !== 'seed') {
    throw new WrongArguments(`--profile ${profile}: expected fast or seed`);
  }
  const minutes = numberOf('minutes', values.minutes, 0);
  return {
    runs: numberOf('runs', values.runs, 0) ?? (minutes === undefined ? 60 : Number.POSITIVE_INFINITY),
    minutes,
    seed: numberOf('seed', values.seed, 0) ?? 1,
    faults: values.faults === undefined ? [] : values.faults.split(',').filter((name) => name !== ''),
    profile,
    from: numberOf('from', values.from, 0) ?? 0,
    stockEvery: numberOf('stock-every', values['stock-every'], 0) ?? 0,
    wardens: !values['no-wardens'],
    perSecond: numberOf('per-second', values['per-second'], 1) ?? 100,
    soakMinutes: numberOf('soak-minutes', values['soak-minutes'], 0),
    burners: numberOf('burners', values.burners, 0) ?? 0,
    report: values.report,
    add: values.add ?? [],
    out: values.out ?? 'dist/chaos-redis',
    allStories: values['all-stories'],
    loopback: values.loopback,
  };
}
