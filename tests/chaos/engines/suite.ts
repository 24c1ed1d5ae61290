/** The runs one after the other on one system: prints a line each, keeps the story of every bad one. */
import { appendFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import {
  createPlan,
  type Desk,
  FAULTS,
  failuresOf,
  faultNamed,
  type Links,
  lineOf,
  monotonicMs,
  notWhole,
  oneRun,
  openDesk,
  PAIR,
  type RunResult,
  type System,
  systemIn,
  untilNothingMissing,
  whyNot,
} from '@holdfast/drill';
import type { Place } from '../launch/launch.ts';
import type { Arguments } from './arguments.ts';
import { startTestCluster, type TestCluster } from './cluster.ts';
import { createLinks } from './links.ts';

export type SuiteOptions = {
  readonly args: Arguments;
  readonly folder: string;
  readonly place: Place;
  /** True once nobody wants more runs. */
  readonly stopping: () => boolean;
};

export type Results = {
  readonly seed: number;
  readonly faults: readonly string[];
  readonly accounts: number;
  readonly perSecond: number;
  readonly runs: readonly RunResult[];
  /** Runs that the test itself could not finish, in words. */
  readonly broken: readonly string[];
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
  readonly minutes: number;
  /** Load of the machine in the minute before: other work makes every time longer. */
  readonly loadBefore: number;
};

const WHOLE_WITHIN_MS = 60_000;
/** Then the system cannot be built at all, and further tries say nothing new. */
const FAILED_IN_A_ROW_MAX = 3;

type Stage = {
  readonly cluster: TestCluster;
  readonly system: System;
  readonly desk: Desk;
  readonly links: Links | undefined;
};

/** Runs until the runs or the minutes are over. */
export async function runSuite(options: SuiteOptions): Promise<Results> {
  const { args, place, stopping } = options;
  const startedMs = monotonicMs();
  const [loadBefore = 0] = loadavg();
  const offer = { simulator: true, links: place === 'namespaces', own: true };
  const wanted =
    args.faults.length === 0 ? FAULTS : args.faults.filter((name) => name !== PAIR).map(faultNamed);
  const skipped = wanted.flatMap((fault) => {
    const why = whyNot(fault, offer);
    return why === undefined ? [] : [{ name: fault.name, why }];
  });
  for (const { name, why } of skipped) console.log(`skipped ${name}: ${why}`);
  const possible = (fault: (typeof FAULTS)[number]): boolean => whyNot(fault, offer) === undefined;
  const pairs = args.faults.length === 0 || args.faults.includes(PAIR);
  const plan = createPlan(args.seed, wanted.filter(possible), pairs ? FAULTS.filter(possible) : []);
  const runs: RunResult[] = [];
  const broken: string[] = [];
  mkdirSync(args.out, { recursive: true });
  const log = join(args.out, 'runs.jsonl');
  writeFileSync(log, '');
  const endMs = args.minutes === undefined ? Number.POSITIVE_INFINITY : startedMs + args.minutes * 60_000;
  let story: string[] = [];
  const tell = (text: string): void =>
    void story.push(`${new Date().toISOString()} ${monotonicMs().toFixed(1)} ${text}`);
  let stage: Stage | undefined;
  let built = 0;
  const end = async (): Promise<void> => {
    const ending = stage;
    stage = undefined;
    ending?.desk.close();
    await ending?.cluster.stop();
  };
  const keep = (name: string, head: string): void => {
    const folder = join(args.out, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'story.txt'), `${head}\n\n${story.join('\n')}\n`);
    if (stage !== undefined)
      cpSync(join(stage.system.folder, 'logs'), join(folder, 'logs'), { recursive: true });
    console.log(`  the story and the logs of all processes: ${folder}`);
  };
  let failedInARow = 0;
  for (let number = args.from; number < args.from + args.runs; number += 1) {
    if (stopping() || monotonicMs() > endMs) break;
    const planned = plan(number);
    story = [];
    tell(`run ${number}: ${planned.fault.name}: ${planned.fault.what}`);
    try {
      stage ??= await build(options, (built += 1), tell);
      const result = await oneRun({ ...stage, decides: true, tell }, planned);
      failedInARow = 0;
      runs.push(result);
      appendFileSync(log, `${JSON.stringify(result)}\n`);
      console.log(lineOf(result));
      const failures = failuresOf(result);
      if (failures.length > 0) {
        console.log(failures.map((one) => `  ${one}`).join('\n'));
        keep(`run-${args.seed}-${number}`, failures.join('\n'));
      }
      // What is spoilt now would fail the runs after it, too.
      if (failures.length > 0) await end();
    } catch (error) {
      if (stopping()) break;
      const said = `run ${number} ${planned.fault.name}: ${error instanceof Error ? error.message : String(error)}`;
      broken.push(said);
      console.log(`BROKEN ${said}`);
      keep(`broken-${args.seed}-${number}`, said);
      failedInARow += 1;
      await end();
      if (failedInARow === FAILED_IN_A_ROW_MAX) break;
    }
  }
  await end();
  return {
    seed: args.seed,
    faults: args.faults,
    accounts: args.accounts,
    perSecond: args.perSecond,
    runs,
    broken,
    skipped,
    minutes: (monotonicMs() - startedMs) / 60_000,
    loadBefore: Math.round(loadBefore * 10) / 10,
  };
}

async function build(options: SuiteOptions, number: number, tell: (text: string) => void): Promise<Stage> {
  const { args, place } = options;
  const folder = join(options.folder, `system-${number}`);
  const cluster = await startTestCluster({ folder, place, accounts: args.accounts, tell });
  try {
    const system = systemIn(cluster.folder);
    const links = place === 'namespaces' ? await createLinks(system.parts) : undefined;
    const missing = await untilNothingMissing({ limitMs: WHOLE_WITHIN_MS }, () => notWhole(system));
    if (missing !== undefined) throw new Error(`the system did not become whole: ${missing}`);
    const { accounts } = system;
    const prefix = `c${number}-`;
    const desk = await openDesk({ system, accounts, perSecond: args.perSecond, prefix, isAlone: true });
    return { cluster, system, desk, links };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}
