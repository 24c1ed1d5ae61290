/**
 * A world: virtual time, one queue of events, seeded chance. Everything that happens in it is an event; between two
 * events every promise that can settle does, so the product's own async loops run in it unchanged. The same seed
 * and the same scenario give the same events, byte for byte (world.test.ts).
 *
 * How promises are let run: an event runs in a tick of Node's own tick queue, and the tick of the next one is asked
 * for from a microtask. Node starts such a tick only when its queue of microtasks is empty, however long the chains
 * of awaits are. It costs about half a microsecond; a macrotask would cost twenty times that.
 */
import { createChance } from './chance.ts';
import { createEventQueue, type WorldEvent } from './event-queue.ts';
import { createProcess, type MachineClock, type VirtualProcess } from './virtual-process.ts';

export type World = {
  readonly seed: number;
  /** Milliseconds since the world began. No part of the product sees this clock; each has its own. */
  readonly now: () => number;
  /** The scenario's own stream of chance. */
  readonly random: () => number;
  /** A further stream, by name. */
  readonly chance: (name: string) => () => number;
  /** Runs once after `delayMs`, whatever happens to any process. Returns a function that cancels it. */
  readonly after: (delayMs: number, run: () => void, label?: string) => () => void;
  /** Starts a process: its Host has the clocks of its machine. A name may be used again after its death. */
  readonly start: (name: string, machine?: string) => VirtualProcess;
  /** Adds a line to the story, which is what a failing seed prints. */
  readonly note: (line: string) => void;
  /** Called after each event and all that followed from it; what it throws ends the run. */
  readonly onEvent: (check: () => void) => void;
  /**
   * Runs until the given time, or until the predicate holds (then true; false when `limitMs` of virtual time passed
   * or nothing is left to happen). Rejects with whatever an event or a checker threw.
   */
  readonly run: (until: number | (() => boolean), limitMs?: number) => Promise<boolean>;
  readonly story: () => readonly string[];
  /** How many events ran, and a hash over the time and label of each: equal for equal runs. */
  readonly fingerprint: () => { readonly events: number; readonly hash: number };
};

export type WorldOptions = {
  /** Adds a line to the story for every event. */
  readonly trace?: boolean;
  /** The dates of two machines differ by this at most, in milliseconds. */
  readonly wallSkewMs?: number;
};

/** After so many events the run lets the real event loop turn once, so that a test runner can breathe. */
const EVENTS_BETWEEN_TURNS = 20_000;

const SETTLED = Promise.resolve();

/** A new world at time 0. */
export function createWorld(seed: number, options: WorldOptions = {}): World {
  const queue = createEventQueue();
  const story: string[] = [];
  const checks: (() => void)[] = [];
  const clocks = createChance(seed, 'clocks');
  const machines = new Map<string, MachineClock>();
  let nowMs = 0;
  let order = 0;
  let events = 0;
  let hash = 2166136261;

  const after = (delayMs: number, run: () => void, label = ''): (() => void) => {
    order += 1;
    const event: WorldEvent = { atMs: nowMs + Math.max(0, delayMs), order, label, run };
    queue.push(event);
    return () => {
      event.run = undefined;
    };
  };

  const note = (line: string): void => {
    story.push(`${nowMs.toFixed(3).padStart(11)} ${line}`);
  };

  const take = (event: WorldEvent): void => {
    const { run } = event;
    nowMs = event.atMs;
    events += 1;
    hash = Math.imul(hash ^ Math.round(nowMs * 1000), 16777619);
    hash = Math.imul(hash ^ labelHash(event.label), 16777619);
    if (options.trace === true) note(`event ${event.order} ${event.label}`);
    event.run = undefined;
    run?.();
  };

  const run = (until: number | (() => boolean), limitMs = 600_000): Promise<boolean> => {
    const reached = typeof until === 'number' ? () => false : until;
    const endMs = typeof until === 'number' ? until : nowMs + limitMs;
    let turn = 0;
    return new Promise((resolve, reject) => {
      const schedule = (): void => process.nextTick(step);
      // A reaction of a promise: `queueMicrotask` would make an async resource each time.
      const soon = (): void => void SETTLED.then(schedule);
      const step = (): void => {
        try {
          if (events > 0) for (const check of checks) check();
          if (reached()) return resolve(true);
          const next = queue.peek();
          if (next === undefined || next.atMs > endMs) {
            nowMs = Math.max(nowMs, typeof until === 'number' || next !== undefined ? endMs : nowMs);
            return resolve(typeof until === 'number');
          }
          queue.pop();
          take(next);
        } catch (error) {
          return reject(error instanceof Error ? error : new Error(String(error)));
        }
        turn += 1;
        if (turn % EVENTS_BETWEEN_TURNS === 0) setImmediate(schedule);
        else soon();
      };
      soon();
    });
  };

  const world: World = {
    seed,
    now: () => nowMs,
    random: createChance(seed, 'scenario'),
    chance: (name) => createChance(seed, name),
    after,
    start: (name, machine = name) => {
      let clock = machines.get(machine);
      if (clock === undefined) {
        clock = machineClock(clocks, options.wallSkewMs ?? 50);
        machines.set(machine, clock);
      }
      return createProcess(world, name, machine, clock);
    },
    note,
    onEvent: (check) => checks.push(check),
    run,
    story: () => story,
    fingerprint: () => ({ events, hash: hash >>> 0 }),
  };
  return world;
}

const labelHashes = new Map<string, number>();

/** A hash of a label; labels are few and come again and again. */
function labelHash(label: string): number {
  let hash = labelHashes.get(label);
  if (hash === undefined) {
    hash = 0;
    for (let i = 0; i < label.length; i += 1) hash = Math.imul(hash ^ label.charCodeAt(i), 16777619);
    labelHashes.set(label, hash);
  }
  return hash;
}

/** Each machine booted at another time, runs up to 100 ppm fast or slow, and believes another date. */
function machineClock(random: () => number, wallSkewMs: number): MachineClock {
  return {
    startedMs: Math.floor(random() * 1e7),
    rate: 1 + (random() - 0.5) * 2e-4,
    wallOffsetMs: Math.floor((random() - 0.5) * wallSkewMs),
  };
}
