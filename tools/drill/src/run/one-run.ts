/**
 * One fault: the system is whole and signals flow; the fault strikes; each account's next executed signal is waited for;
 * the fault is mended; the load ends, every acknowledged signal gets its result, and the checker judges.
 */
import { randomUUID } from 'node:crypto';
import { monotonicMs, pause, untilNothingMissing, within } from '../clock.ts';
import type { Verdict } from '../checker/evidence.ts';
import type { Fault, Links, World } from '../faults/fault.ts';
import type { Random } from '../random.ts';
import type { System } from '../system/system.ts';
import { leaders, notWhole } from '../system/whole.ts';
import type { Desk } from './desk.ts';
import { drain } from './drain.ts';

export type Setting = {
  readonly system: System;
  readonly desk: Desk;
  readonly links: Links | undefined;
  /** Unknown signals are decided by the broker's ledger. */
  readonly decides: boolean;
  readonly tell: (text: string) => void;
};

export type RunResult = {
  readonly run: number;
  readonly seed: number;
  readonly fault: string;
  readonly what: string;
  /** From the fault, or from its end where nothing can be executed while it lasts, to the next executed signal. */
  readonly firstMs: number | undefined;
  /** The same of the account that waited longest; undefined when one had none within the limit. */
  readonly outageMs: number | undefined;
  readonly outages: Readonly<Record<string, number | null>>;
  readonly verdict: Verdict;
  /** From the fault until everything was whole again; undefined when that did not come. */
  readonly wholeMs: number | undefined;
  readonly notWhole: string | undefined;
  readonly tookMs: number;
};

const WHOLE_WITHIN_MS = 40_000;
const EXECUTED_WITHIN_MS = 30_000;
const DRAINED_WITHIN_MS = 30_000;
const CALM_BEFORE_MS = [200, 700] as const;
const CALM_AFTER_MS = 250;

/** Does it. Throws when the system was not whole before. */
export async function oneRun(
  setting: Setting,
  planned: { readonly number: number; readonly seed: number; readonly fault: Fault; readonly random: Random },
): Promise<RunResult> {
  const { system, desk, tell } = setting;
  const { fault, random } = planned;
  const beganMs = monotonicMs();
  const missing = await untilWhole(system);
  if (missing !== undefined) throw new Error(`not whole before the fault: ${missing}`);
  desk.client.forget();
  desk.load.forget();
  const world: World = {
    system,
    random,
    leaders: await leaders(system),
    links: setting.links,
    tell,
    switchOver: (account, from) => switchOver(desk, account, from),
  };
  desk.load.start();
  let struckMs: number;
  let times: Readonly<Record<string, number | null>>;
  try {
    await pause(random.whole(...CALM_BEFORE_MS));
    struckMs = monotonicMs();
    const mend = await fault.strike(world);
    times = await untilExecuted(desk, fault, struckMs, mend);
    await pause(CALM_AFTER_MS);
  } finally {
    await desk.load.stop();
  }
  const drained = await drain({ desk, limitMs: DRAINED_WITHIN_MS, decides: setting.decides, tell });
  const still = await untilWhole(system);
  const wholeMs = still === undefined ? monotonicMs() - struckMs : undefined;
  const verdict = desk.checker.judge({ told: desk.client.told(), ledger: desk.newLedger(), ...drained });
  const known = Object.values(times).filter((one) => one !== null);
  return {
    run: planned.number,
    seed: planned.seed,
    fault: fault.name,
    what: fault.what,
    firstMs: known.length === 0 ? undefined : Math.min(...known),
    outageMs: known.length < desk.accounts.length ? undefined : Math.max(...known),
    outages: times,
    verdict,
    wholeMs,
    notWhole: still,
    tookMs: monotonicMs() - beganMs,
  };
}

function untilWhole(system: System): Promise<string | undefined> {
  return untilNothingMissing({ limitMs: WHOLE_WITHIN_MS }, () => notWhole(system));
}

/** Mends whatever happens; the time of each account, null where it had no signal executed within the limit. */
async function untilExecuted(
  desk: Desk,
  fault: Fault,
  struckMs: number,
  mend: () => Promise<void>,
): Promise<Readonly<Record<string, number | null>>> {
  let isMended = false;
  try {
    if (fault.stops === true) {
      await pause(Math.max(0, struckMs + (fault.holdMs ?? 0) - monotonicMs()));
      await mend();
      isMended = true;
    }
    const fromMs = fault.stops === true ? monotonicMs() : struckMs;
    desk.load.probe();
    // What was sent before the fault was complete may have been executed before it: only what came later counts.
    const sentAfterMs = monotonicMs() - 1;
    const times = await executed(desk, Math.max(fromMs, sentAfterMs), fromMs);
    if (fault.holdMs !== undefined) await pause(Math.max(0, struckMs + fault.holdMs - monotonicMs()));
    return times;
  } finally {
    if (!isMended) await mend();
  }
}

async function executed(
  desk: Desk,
  sentAfterMs: number,
  fromMs: number,
): Promise<Readonly<Record<string, number | null>>> {
  const times: Record<string, number | null> = {};
  await within({ limitMs: EXECUTED_WITHIN_MS, everyMs: 5 }, () => {
    for (const { account } of desk.accounts) {
      const atMs = desk.load.executedAfter(account, sentAfterMs);
      times[account] = atMs === undefined ? null : atMs - fromMs;
    }
    return Object.values(times).includes(null) ? undefined : true;
  });
  return times;
}

const WISH_WITHIN_MS = 10_000;

async function switchOver(desk: Desk, account: string, from: string): Promise<void> {
  const wish = { id: randomUUID(), what: 'switchover', by: 'drill', reason: 'drill', args: { from } };
  const done = await within({ limitMs: WISH_WITHIN_MS, everyMs: 20 }, async () => {
    const { body } = await desk.client.post(`/v1/accounts/${account}/wishes`, wish);
    const { answer } = body as { readonly answer?: { readonly is: string; readonly detail: string } };
    return answer;
  });
  if (done?.is !== 'done') throw new Error(`switchover of ${account}: ${done?.detail ?? 'no answer'}`);
}
