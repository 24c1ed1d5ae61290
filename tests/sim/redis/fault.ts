/** A fault of the Redis machines: what happens, and how it is healed. */
import type { Wire, World } from '@holdfast/simulation';
import type { Machines } from './machines.ts';
import { primaryOf } from './wholeness.ts';

export type Stage = {
  readonly world: World;
  readonly wire: Wire;
  readonly machines: Machines;
  /** Machines of those who write. */
  readonly clients: readonly string[];
  readonly random: () => number;
  /** Adds a line to the story. */
  readonly note: (detail: string) => void;
};

/** Strikes; the returned function heals it, and settles when all that was stopped is told to run again. */
export type Fault = (stage: Stage) => () => Promise<void>;

export const pick = <Item>(random: () => number, items: readonly Item[]): Item => {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
};

/** The processes of a machine: its node, its Sentinel, its warden. */
export function processesOn({ redis, sentinels, wardens }: Machines, machine: string): string[] {
  const index = redis.names.indexOf(machine);
  return [machine, sentinels[index] ?? '', wardens[index] ?? ''];
}

/** Who is primary now, and the others. */
export function roles({ machines }: Stage): { primary: string; replicas: readonly string[] } {
  const primary = primaryOf(machines);
  return { primary, replicas: machines.redis.names.filter((name) => name !== primary) };
}

/**
 * Wardens of machines that are in sight of another one, or that have made their node not promotable. One that ends or freezes right
 * after its machine was cut off, before it has done so, is a second fault that nobody else can know of: ARCHITECTURE section 5
 * tells it ("does not cover").
 */
export function wardensToLose({ machines, wire }: Stage): readonly string[] {
  const { wardens, redis } = machines;
  const found = wardens.filter((_, index) => {
    const own = redis.names[index] ?? '';
    const others = redis.names.filter((name) => name !== own);
    const isInSight = others.some((other) => !wire.isCut(own, other) && !wire.isCut(other, own));
    return isInSight || redis.state(own).settings['replica-priority'] === 0;
  });
  // Where all are cut off from each other nothing is acknowledged.
  return found.length > 0 ? found : wardens;
}

/** Of these nodes those whose warden is not frozen: for the same reason as above, the other way round. */
export function watched({ machines }: Stage, names: readonly string[]): readonly string[] {
  const { wardens, redis } = machines;
  return names.filter(
    (name) => machines.process(wardens[redis.names.indexOf(name)] ?? '')?.state() !== 'frozen',
  );
}

/** Starts what does not run, after a pause as of a service manager. */
export async function startAgain(stage: Stage, names: readonly string[], pauseMs = 0): Promise<void> {
  const { world, machines } = stage;
  if (pauseMs > 0) await later(world, pauseMs);
  await Promise.all(names.map((name) => machines.start(name)));
}

/** Waits for so long of the world's time. */
export function later(world: World, ms: number): Promise<void> {
  return new Promise((resolve) => {
    world.after(ms, resolve, 'later');
  });
}
