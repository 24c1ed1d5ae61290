/**
 * Keeps processes running: starts each after those that it needs, restarts what dies, stops all in order.
 *
 * - A unit is started again after its delay; the delay doubles while it keeps dying young, and starts over once it
 *   was ready for a while.
 * - A unit that waits for another one that does not come starts all the same after a limit: losing one part must not
 *   keep the others down.
 * - Stopping goes wave by wave: SIGTERM, a limit, SIGKILL, each by pid. Nothing is started once stopping began.
 */
import type { Host } from '@holdfast/ha-core';
import type { NodeState } from '../state/cluster-record.ts';

export type Command = readonly [string, ...string[]];

/** A process that was started. */
export type Child = {
  readonly pid: number;
  /** Resolves once, when it has ended; how, in words. */
  readonly ended: Promise<string>;
  readonly signal: (signal: 'SIGTERM' | 'SIGKILL') => void;
};

export type Unit = {
  readonly name: string;
  /** Names of the units that should be ready first. */
  readonly after: readonly string[];
  /** Lower waves stop first, within a wave all at once; asked when stopping begins. */
  readonly stopWave: () => number;
  readonly stopWithinMs: number;
  readonly restartDelayMs: number;
  /** Prepares one start and says what to run. A rejection is a failed start. */
  readonly launch: () => Promise<Command>;
  /** Undefined when it serves, else what is missing. Settles within a second or two; never rejects. */
  readonly ready: () => Promise<string | undefined>;
};

export type UnitView = {
  readonly name: string;
  readonly state: NodeState;
  readonly pid: number | undefined;
  readonly restarts: number;
  /** Why it is not running, in words; empty while it is. */
  readonly detail: string;
};

export type SupervisorOptions = {
  readonly units: readonly Unit[];
  readonly host: Host;
  /** Starts a process; throws when it cannot. */
  readonly spawn: (name: string, command: Command) => Child;
  /** Told of each change of a unit, before anything else happens: right after a start with its pid. */
  readonly onChange: (view: UnitView) => void;
  /** How long a unit waits for those that it should come after. */
  readonly waitForOthersMs?: number;
};

export type Supervisor = {
  readonly views: () => readonly UnitView[];
  /** Stops all in order; resolves when no process is left. Further calls join the first; `hurry` cuts the limits short. */
  readonly stop: (hurry?: boolean) => Promise<void>;
};

const WAIT_FOR_OTHERS_MS = 10_000;
const READY_POLL_MS = 100;
const DELAY_MOST_MS = 15_000;
/** A unit that was ready this long has not died young. */
const HELD_MS = 3000;
const HURRY_MS = 300;

type Slot = {
  readonly unit: Unit;
  state: NodeState;
  child: Child | undefined;
  restarts: number;
  detail: string;
  youngDeaths: number;
  readyAtMs: number | undefined;
  wake: () => void;
};

/** Starts supervising at once. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { host } = options;
  const startedMs = host.monotonicMs();
  const slots = options.units.map(
    (unit): Slot => ({
      unit,
      state: 'waiting',
      child: undefined,
      restarts: 0,
      detail: '',
      youngDeaths: 0,
      readyAtMs: undefined,
      wake: () => undefined,
    }),
  );
  let stopping = false;
  let hurried = false;
  let stopped: Promise<void> | undefined;

  const change = (slot: Slot, state: NodeState, detail: string): void => {
    slot.state = state;
    slot.detail = detail;
    options.onChange(viewOf(slot));
  };

  /** Waits, until time is up or `wake` is called. */
  const pause = (slot: Slot, delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = host.after(delayMs, resolve);
      slot.wake = () => {
        cancel();
        resolve();
      };
    });

  const waitForOthers = async (slot: Slot): Promise<void> => {
    const limitMs = options.waitForOthersMs ?? WAIT_FOR_OTHERS_MS;
    for (;;) {
      const missing = slots.filter(
        (other) => slot.unit.after.includes(other.unit.name) && other.readyAtMs === undefined,
      );
      if (stopping || missing.length === 0 || host.monotonicMs() - startedMs >= limitMs) return;
      const detail = `waits for ${missing.map(({ unit }) => unit.name).join(', ')}`;
      if (detail !== slot.detail) change(slot, 'waiting', detail);
      await pause(slot, READY_POLL_MS);
    }
  };

  const awaitReady = async (slot: Slot, child: Child): Promise<void> => {
    while (!stopping && slot.child === child) {
      const missing = await slot.unit.ready();
      if (stopping || slot.child !== child) return;
      if (missing === undefined) {
        slot.readyAtMs = host.monotonicMs();
        change(slot, 'running', '');
        return;
      }
      if (missing !== slot.detail) change(slot, 'starting', missing);
      await new Promise<void>((resolve) => void host.after(READY_POLL_MS, resolve));
    }
  };

  /** One start and its whole life; the reason of its end. */
  const runOnce = async (slot: Slot): Promise<string> => {
    let child: Child;
    try {
      change(slot, 'starting', '');
      const command = await slot.unit.launch();
      if (stopping) return '';
      child = options.spawn(slot.unit.name, command);
    } catch (error) {
      return `could not be started: ${error instanceof Error ? error.message : String(error)}`;
    }
    slot.child = child;
    slot.readyAtMs = undefined;
    change(slot, 'starting', '');
    void awaitReady(slot, child);
    const reason = await child.ended;
    slot.child = undefined;
    return reason;
  };

  const supervise = async (slot: Slot): Promise<void> => {
    await waitForOthers(slot);
    while (!stopping) {
      const reason = await runOnce(slot);
      if (stopping) return;
      const heldMs = slot.readyAtMs === undefined ? 0 : host.monotonicMs() - slot.readyAtMs;
      slot.youngDeaths = heldMs >= HELD_MS ? 0 : slot.youngDeaths + 1;
      slot.restarts += 1;
      const delayMs = restartDelayMs(slot.unit.restartDelayMs, slot.youngDeaths);
      const again = slot.youngDeaths > 1 ? `, ${slot.youngDeaths} times in a row` : '';
      change(slot, 'restarting', `${reason}${again}; starts again in ${(delayMs / 1000).toFixed(1)} s`);
      await pause(slot, delayMs);
    }
  };

  const stopOne = async (slot: Slot): Promise<void> => {
    const { child, unit } = slot;
    if (child !== undefined) {
      change(slot, 'stopping', '');
      child.signal('SIGTERM');
      const ended = child.ended.then(() => true);
      const untilMs = host.monotonicMs() + unit.stopWithinMs;
      const late = async (): Promise<false> => {
        while (host.monotonicMs() < untilMs && !hurried)
          await tick(host, Math.min(HURRY_MS, unit.stopWithinMs));
        return false;
      };
      if (!(await Promise.race([ended, late()]))) {
        child.signal('SIGKILL');
        await ended;
        slot.child = undefined;
        change(slot, 'stopped', `killed: did not stop within ${unit.stopWithinMs} ms`);
        return;
      }
    }
    slot.child = undefined;
    change(slot, 'stopped', '');
  };

  const stopAll = async (running: Promise<unknown>): Promise<void> => {
    for (const slot of slots) slot.wake();
    const placed = slots.map((slot) => ({ slot, wave: slot.unit.stopWave() }));
    const waves = [...new Set(placed.map(({ wave }) => wave))].sort((a, b) => a - b);
    for (const wave of waves) {
      await Promise.all(placed.filter((one) => one.wave === wave).map(({ slot }) => stopOne(slot)));
    }
    await running;
  };

  const running = Promise.all(slots.map(supervise));
  return {
    views: () => slots.map(viewOf),
    stop: (hurry = false) => {
      stopping = true;
      hurried ||= hurry;
      stopped ??= stopAll(running);
      return stopped;
    },
  };
}

/** The delay before the next start: as given after the first death, doubled with each further one in a row. */
export function restartDelayMs(firstMs: number, youngDeaths: number): number {
  return Math.min(Math.max(firstMs, DELAY_MOST_MS), firstMs * 2 ** Math.max(0, youngDeaths - 1));
}

function viewOf(slot: Slot): UnitView {
  const { unit, state, child, restarts, detail } = slot;
  return { name: unit.name, state, pid: child?.pid, restarts, detail };
}

function tick(host: Host, delayMs: number): Promise<void> {
  return new Promise((resolve) => void host.after(delayMs, resolve));
}
