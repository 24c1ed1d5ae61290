/**
 * One run: the system is whole and writers write; the fault strikes; the outage is measured; everything is mended and
 * whole again; the writers fall silent, and the checker judges all that they were told.
 */
import type { Verdict } from './checker/checker.ts';
import { judgeRun } from './checker/judge-run.ts';
import { monotonicMs, pause, within } from '@holdfast/drill';
import type { Stage } from './faults/fault.ts';
import type { Cluster } from './hosts/cluster.ts';
import type { Cuts } from './hosts/cuts.ts';
import type { TestNetwork } from './hosts/network.ts';
import { mend, untilWhole } from './hosts/whole.ts';
import {
  countFailovers,
  firstAcknowledged,
  longest,
  longestGap,
  outages,
  type Strike,
  wrongFailover,
} from './measures.ts';
import type { Planned } from './plan.ts';
import type { Story } from './story.ts';
import type { Writers } from './writers/writers.ts';

export type RunSetting = {
  readonly cluster: Cluster;
  readonly network: TestNetwork;
  readonly cuts: Cuts;
  readonly writers: Writers;
  readonly story: Story;
  /** Counts the times that the hosts were built; data does not outlive them. */
  readonly built: number;
};

export type RunResult = {
  readonly run: number;
  readonly built: number;
  readonly seed: number;
  readonly fault: string;
  readonly what: string;
  readonly verdict: Verdict;
  /** From the strike (or from the mending, where the fault stops the service) to the first acknowledgement, in ms. */
  readonly outageMs: number | undefined;
  /** The same for the client that had to wait longest. */
  readonly slowestMs: number | undefined;
  /** The longest time without any acknowledgement between the strike and the end, in ms. */
  readonly gapMs: number;
  readonly failovers: number;
  /** More or fewer changes of primary than the fault allows, in words. */
  readonly wrongFailover: string | undefined;
  readonly worstMs: number | undefined;
  /** From the mending until all was whole, in ms. */
  readonly wholeAfterMs: number | undefined;
  /** Nodes whose folder had to be emptied by a person before they would start. */
  readonly emptied: readonly string[];
  /** Everything that breaks a promise, in words; empty when all is well. */
  readonly faults: readonly string[];
  readonly tookMs: number;
  /** The moment of the strike, on the clock of the story. */
  readonly zeroMs: number;
};

const WARM_ACKS = 20;
const WARM_WITHIN_MS = 15_000;
const SERVED_WITHIN_MS = 20_000;
const MENDED_WITHIN_MS = 30_000;
const WHOLE_WITHIN_MS = 60_000;
/** Writes go on for a moment after all is mended: what is lost by a late demotion shows then. */
const TAIL_MS = 200;

/** Runs it. Rejects only when the test itself cannot go on. */
export async function oneRun(setting: RunSetting, planned: Planned): Promise<RunResult> {
  const { cluster, cuts, writers, story } = setting;
  const { fault } = planned;
  const startedMs = monotonicMs();
  const account = `run-${planned.number}`;
  const faults: string[] = [];
  const marks: Strike[] = [];
  const ends: (() => Promise<void> | void)[] = [];
  const cutOff = new Set<string>();
  const fail = (what: string): void => {
    faults.push(what);
    story.event('tests', `FAULT: ${what}`);
  };
  const mark = async (what: string, deed: () => Promise<void> | void): Promise<void> => {
    story.event('tests', what);
    const strike = { beganMs: monotonicMs(), doneMs: Number.POSITIVE_INFINITY };
    marks.push(strike);
    await deed();
    strike.doneMs = monotonicMs();
    story.event('tests', `done after ${(strike.doneMs - strike.beganMs).toFixed(0)} ms`);
  };
  const served = async (limitMs: number): Promise<boolean> => {
    const from = marks.at(-1)?.doneMs ?? startedMs;
    const names = writers.names.filter((name) => !cutOff.has(name));
    const all = (): true | undefined => {
      const told = writers.told(account);
      return names.every((name) => firstAcknowledged(told, from, name) !== undefined) ? true : undefined;
    };
    return (await within({ limitMs, everyMs: 5 }, all)) !== undefined;
  };

  story.begin();
  const roles = await cluster.roles();
  writers.write(account);
  const warm = (): true | undefined =>
    writers.told(account).filter(({ outcome }) => outcome === 'acknowledged').length >= WARM_ACKS
      ? true
      : undefined;
  if ((await within({ limitMs: WARM_WITHIN_MS, everyMs: 10 }, warm)) === undefined) {
    fail(`no ${WARM_ACKS} acknowledgements within ${WARM_WITHIN_MS} ms before the fault`);
  }
  const stage: Stage = {
    ...setting,
    roles,
    random: planned.random,
    strikes: mark,
    untilAcknowledged: (limitMs = SERVED_WITHIN_MS) => served(limitMs),
    onEnd: (end) => void ends.push(end),
    cutOff: (client) => void cutOff.add(writers.on(client)),
    mend: () => mend(cluster, cuts, story),
  };
  try {
    await fault.strike(stage);
  } catch (error) {
    fail(`the fault could not be done: ${messageOf(error)}`);
  }
  if (fault.serves && !(await served(SERVED_WITHIN_MS))) {
    fail(`no acknowledgement within ${SERVED_WITHIN_MS} ms while the fault lasts`);
  }
  await pause(fault.holdMs ?? 0);
  for (const end of ends) await end();

  const struck = [...marks];
  const mendedMs = monotonicMs();
  await mark('mends', () => undefined);
  await mend(cluster, cuts, story).catch((error: unknown) => story.event('tests', messageOf(error)));
  const waited = new Set(cutOff);
  cutOff.clear();
  if (!(await served(MENDED_WITHIN_MS))) {
    fail(`no acknowledgement within ${MENDED_WITHIN_MS} ms after everything was mended`);
  }
  const whole = await untilWhole(cluster, story, WHOLE_WITHIN_MS);
  const wholeAfterMs = monotonicMs() - mendedMs;
  if (whole.primary === undefined) fail(`not whole after ${WHOLE_WITHIN_MS} ms: ${whole.missing}`);
  else story.event('tests', `whole, primary is ${whole.primary.name}`);
  await pause(TAIL_MS);
  await writers.pause();
  const endMs = monotonicMs();
  const told = writers.told(account);

  const { verdict, faults: found } = await judgeRun(cluster, whole.primary, told, account);
  for (const one of found) fail(one);
  const counted = countFailovers(story.linesOf('sentinel-'));
  const names = writers.names.filter((name) => !waited.has(name));
  const measured = (fault.serves ? struck : marks.slice(-1)).map((strike) => outages(told, strike, names));
  const gapMs = longestGap(told, struck[0]?.beganMs ?? startedMs, endMs);
  const stall = fault.measures === 'longest stall';
  return {
    run: planned.number,
    built: setting.built,
    seed: planned.seed,
    fault: fault.name,
    what: fault.what,
    verdict,
    outageMs: stall ? gapMs : longest(measured.map(({ first }) => first)),
    slowestMs: stall ? gapMs : longest(measured.map(({ slowest }) => slowest)),
    gapMs,
    failovers: counted,
    wrongFailover: wrongFailover(fault.failover, counted, Math.max(1, struck.length)),
    worstMs: fault.worstMs,
    wholeAfterMs: whole.primary === undefined ? undefined : wholeAfterMs,
    emptied: whole.emptied,
    faults,
    tookMs: monotonicMs() - startedMs,
    zeroMs: struck[0]?.beganMs ?? mendedMs,
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
