/**
 * The runs one after the other: prints a line each, keeps and prints the story where something was lost or a limit was
 * broken, builds the hosts anew only where they could not be made whole, and takes a run of stock Sentinel in between.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import type { Arguments } from './arguments.ts';
import { monotonicMs } from '@holdfast/drill';
import { PAIR, possible } from './faults/table.ts';
import { oneRun, type RunResult } from './one-run.ts';
import { createPlan } from './plan.ts';
import type { Results } from './report/results.ts';
import { passedByFar } from './report/limits.ts';
import { type Base, createSetting, lacksOf, type Setting, withWardens } from './setting.ts';
import type { Stock } from './stock/stock.ts';
import { forgetOld, knowsSwitchover } from './upkeep.ts';

export type SuiteOptions = {
  readonly base: Base;
  readonly args: Arguments;
  readonly stock: Stock | undefined;
  /** True once nobody wants more runs. */
  readonly stopping: () => boolean;
};

const PRINTED_LINES = 150;
/** Then the hosts cannot be built at all, and further tries say nothing new. */
const FAILED_IN_A_ROW_MAX = 3;

/** Runs until the runs or the minutes are over. */
export async function runSuite({ base, args, stock, stopping }: SuiteOptions): Promise<Results> {
  const startedMs = monotonicMs();
  const [loadBefore = 0] = loadavg();
  let setting: Setting | undefined = await createSetting(base, args);
  const lacks = lacksOf(base, setting, withWardens(args) && (await knowsSwitchover(setting.cluster)));
  const { faults, skipped } = possible(args.faults, lacks);
  for (const { name, why } of skipped) console.log(`skipped ${name}: ${why}`);
  const pairs = args.faults.length === 0 || args.faults.includes(PAIR);
  const pairable = pairs ? possible([], lacks).faults.filter((fault) => fault.pairs === true) : [];
  const plan = createPlan(args.seed, faults, pairable);
  const runs: RunResult[] = [];
  const broken: string[] = [];
  const endMs = args.minutes === undefined ? Number.POSITIVE_INFINITY : startedMs + args.minutes * 60_000;
  console.log(
    `seed ${args.seed}, ${faults.length} faults, profile ${args.profile}${setting.cluster.wardens ? '' : ', WITHOUT wardens'}`,
  );

  // A line a run as it ends, so that a run of hours that is cut short is not for nothing.
  const log = join(args.out, 'runs.jsonl');
  writeFileSync(log, '');
  let failedInARow = 0;
  const end = async (): Promise<void> => {
    const ending = setting;
    setting = undefined;
    await ending?.end();
  };
  for (let number = args.from; number < args.from + args.runs; number += 1) {
    if (stopping() || monotonicMs() > endMs) break;
    const planned = plan(number);
    try {
      setting ??= await createSetting(base, args);
      const result = await oneRun(setting, planned);
      failedInARow = 0;
      runs.push(result);
      appendFileSync(log, `${JSON.stringify(result)}\n`);
      console.log(line(result));
      tellStory(base, args, result);
      if (result.wholeAfterMs === undefined) await end();
      else await forgetOld(setting, runs);
      if (stock !== undefined && (number + 1) % args.stockEvery === 0 && !stopping()) {
        console.log(await stock.next());
      }
    } catch (error) {
      if (stopping()) break;
      const said = `run ${number} ${planned.fault.name}: ${error instanceof Error ? error.message : String(error)}`;
      broken.push(said);
      console.log(`BROKEN ${said}\n${base.story.text(monotonicMs(), PRINTED_LINES)}`);
      failedInARow += 1;
      if (failedInARow === FAILED_IN_A_ROW_MAX) break;
      await end();
    }
  }
  await end();
  return {
    args,
    wardens: withWardens(args),
    place: base.network.place,
    skipped,
    runs,
    broken,
    stock: stock?.results() ?? [],
    minutes: (monotonicMs() - startedMs) / 60_000,
    loadBefore: Math.round(loadBefore * 10) / 10,
  };
}

function tellStory(base: Base, args: Arguments, result: RunResult): void {
  const bad = result.faults.length > 0 || result.wrongFailover !== undefined || passedByFar(result);
  const over = (result.outageMs ?? Number.POSITIVE_INFINITY) > (result.worstMs ?? Number.POSITIVE_INFINITY);
  if (!bad && !over && !args.allStories) return;
  const name = `${String(result.run).padStart(4, '0')}-${result.fault}`;
  const head = JSON.stringify({ ...result, verdict: { ...result.verdict } }, null, 2);
  const file = base.story.keep(join(args.out, 'stories'), name, result.zeroMs, head);
  if (bad) console.log(`${base.story.text(result.zeroMs, PRINTED_LINES)}\n`);
  console.log(`  story: ${file}`);
}

function line(result: RunResult): string {
  const ms = (value: number | undefined): string =>
    (value === undefined ? '—' : value.toFixed(0)).padStart(6);
  const { verdict } = result;
  const parts = [
    `run ${String(result.run).padStart(4)}`,
    result.fault.padEnd(26),
    `outage${ms(result.outageMs)}`,
    `slowest${ms(result.slowestMs)}`,
    `gap${ms(result.gapMs)}`,
    `failovers ${result.failovers}`,
    `whole${ms(result.wholeAfterMs)}`,
    `acknowledged ${verdict.acknowledged}`,
    `unknown ${verdict.unknown}`,
    `refused ${verdict.notStored}`,
    `${(result.tookMs / 1000).toFixed(1)} s`,
  ];
  const wrong = [...result.faults, ...(result.wrongFailover === undefined ? [] : [result.wrongFailover])];
  const emptied = result.emptied.length === 0 ? '' : `  (emptied ${result.emptied.join(', ')})`;
  return `${parts.join('  ')}${emptied}${wrong.map((one) => `\n  WRONG: ${one}`).join('')}`;
}
