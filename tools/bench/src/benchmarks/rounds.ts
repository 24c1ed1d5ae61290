/**
 * Interleaved rounds: in each every contestant is measured once in every setting, in an order that turns by one from
 * round to round, so that whatever else the machine does falls on all of them alike.
 */
import type { LoopOptions, Timings } from '../load/closed-loop.ts';
import { type Measure, measureOf, type Series } from '../report/figures.ts';

export type Setting = LoopOptions & { readonly name: string; readonly brokerMs: number };

export type Contestant = {
  readonly name: string;
  readonly isFloor: boolean;
  /** `tag` begins every signal id of this one measurement and of no other. */
  readonly measure: (setting: Setting, tag: string) => Promise<Timings>;
  /** Called before it is measured and after, where it must not run beside the others. */
  readonly wake?: () => Promise<void>;
  readonly rest?: () => void;
};

export type RoundsOptions = {
  readonly contestants: readonly Contestant[];
  readonly settings: readonly Setting[];
  readonly rounds: number;
  readonly tell: (line: string) => void;
};

/** Measures everything, and tells each round as it ends. */
export async function runRounds(options: RoundsOptions): Promise<Series[]> {
  const { contestants, settings, rounds, tell } = options;
  const measured = new Map<string, Measure[]>();
  const keyOf = (setting: Setting, contestant: Contestant): string => `${setting.name}\n${contestant.name}`;
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, setting] of settings.entries()) {
      const said: string[] = [];
      for (let turn = 0; turn < contestants.length; turn += 1) {
        const contestant = contestants[(turn + round) % contestants.length];
        if (contestant === undefined) continue;
        await contestant.wake?.();
        const timings = await contestant.measure(setting, `r${round}s${index}c${turn}`);
        contestant.rest?.();
        const measure = measureOf(timings);
        const key = keyOf(setting, contestant);
        measured.set(key, [...(measured.get(key) ?? []), measure]);
        said.push(`${contestant.name} ${measure.p50Ms.toFixed(2)} ms ${Math.round(measure.perSecond)}/s`);
      }
      tell(`round ${round + 1} of ${rounds}, ${setting.name}: ${said.join('; ')}`);
    }
  }
  return settings.flatMap((setting) =>
    contestants.map((contestant) => ({
      setting: setting.name,
      contestant: contestant.name,
      isFloor: contestant.isFloor,
      rounds: measured.get(keyOf(setting, contestant)) ?? [],
    })),
  );
}
