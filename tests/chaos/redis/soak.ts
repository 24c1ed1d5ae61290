/** No fault at all, for minutes, under processes that burn the processors: nothing may fail over, nothing be refused. */
import type { Arguments } from './arguments.ts';
import { removeAccount } from './checker/evidence.ts';
import { judgeRun } from './checker/judge-run.ts';
import { monotonicMs, pause } from '@holdfast/drill';
import { startBurners } from './hosts/load.ts';
import { untilWhole } from './hosts/whole.ts';
import { countFailovers, longestGap } from './measures.ts';
import { type Base, createSetting } from './setting.ts';

export type Soaked = {
  readonly minutes: number;
  readonly burners: number;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly refused: number;
  readonly failovers: number;
  readonly longestGapMs: number;
  readonly faults: readonly string[];
  readonly text: string;
};

/** Data is judged and forgotten in pieces of this length. */
const PIECE_MS = 20_000;
const WHOLE_WITHIN_MS = 30_000;

/** Soaks, then judges. */
export async function soak(
  base: Base,
  args: Arguments,
  minutes: number,
  stopping: () => boolean,
): Promise<Soaked> {
  const setting = await createSetting(base, args);
  const { cluster, writers, story } = setting;
  const endBurners = startBurners(args.burners);
  const startedMs = monotonicMs();
  const endMs = startedMs + minutes * 60_000;
  const faults: string[] = [];
  const sums = { acknowledged: 0, unknown: 0, refused: 0, failovers: 0, longestGapMs: 0 };
  for (let piece = 0; monotonicMs() < endMs && !stopping(); piece += 1) {
    story.begin();
    const account = `soak-${piece}`;
    writers.write(account);
    const fromMs = monotonicMs();
    while (monotonicMs() < Math.min(fromMs + PIECE_MS, endMs) && !stopping()) await pause(200);
    const untilMs = monotonicMs();
    await writers.pause();
    const told = writers.told(account);
    const failovers = countFailovers(story.linesOf('sentinel-'));
    const whole = await untilWhole(cluster, story, WHOLE_WITHIN_MS);
    const { verdict, faults: found } = await judgeRun(cluster, whole.primary, told, account);
    sums.acknowledged += verdict.acknowledged;
    sums.unknown += verdict.unknown;
    sums.refused += verdict.notStored;
    sums.failovers += failovers;
    sums.longestGapMs = Math.max(sums.longestGapMs, longestGap(told, fromMs, untilMs));
    if (verdict.notStored > 0) faults.push(`${verdict.notStored} were refused without a fault`);
    faults.push(...found, ...(failovers === 0 ? [] : [`${failovers} failovers without a fault`]));
    if (failovers > 0 || verdict.notStored > 0 || found.length > 0)
      console.log(`its story: ${story.keep(args.out, account, fromMs, `${args.burners} burners`)}`);
    console.log(
      `${((monotonicMs() - startedMs) / 60_000).toFixed(1)} min: acknowledged ${sums.acknowledged}, unknown ${sums.unknown}, refused ${sums.refused}, failovers ${sums.failovers}, longest gap ${sums.longestGapMs.toFixed(0)} ms`,
    );
    writers.forget();
    // Signals of which no engine makes an end would fill the memory, and then opens are refused, as they should be.
    if (whole.primary !== undefined) await removeAccount(whole.primary, cluster.files.password, account);
  }
  endBurners();
  const took = (monotonicMs() - startedMs) / 60_000;
  await setting.end();
  const text = `soak of ${took.toFixed(1)} minutes with ${args.burners} burners: ${sums.acknowledged} acknowledged, ${sums.unknown} unknown, ${sums.refused} refused, ${sums.failovers} failovers, longest gap ${sums.longestGapMs.toFixed(0)} ms${faults.map((one) => `\n  WRONG: ${one}`).join('')}`;
  return { minutes: took, burners: args.burners, ...sums, faults, text };
}
