/** Redis alone on virtual time: three machines with their wardens, and two clients that write; no engine, no broker. */
import { profile, type ProfileName } from '@holdfast/ha-core';
import { createWire, createWorld, type Wire, type World } from '@holdfast/simulation';
import { createPromotionChecker, type PromotionChecker } from '../checkers/promotable.ts';
import { type Machines, startMachines } from '../redis/machines.ts';
import { startWriterClient, type WriterClient } from './writer-client.ts';

export type Cluster = {
  /** Whether its wardens detect, or leave that to Sentinel's own timer. */
  readonly detects: boolean;
  /** A machine of it is short of processors for a while. */
  readonly pressed: boolean;
  readonly world: World;
  readonly wire: Wire;
  readonly machines: Machines;
  readonly clients: readonly WriterClient[];
  readonly checker: PromotionChecker;
};

export type ClusterOptions = {
  readonly seed: number;
  readonly profile: ProfileName;
  readonly trace: boolean;
};

/** A spell without enough processors: in one of so many seeds, begun and over by then, on each machine with this chance. */
const PRESSED_EVERY = 4;
const PRESSED_FROM_MS = 2000;
const PRESSED_FOR_MS = 8000;
const PRESSED_CHANCE = 0.5;

/** By the seed, on a stream of its own: which machines are short of processors, and when. */
function drawPressure(world: World, seed: number): ((machine: string) => boolean) | undefined {
  if (seed % PRESSED_EVERY !== 0) return undefined;
  const random = world.chance('pressure');
  const fromMs = random() * PRESSED_FROM_MS;
  const untilMs = fromMs + random() * PRESSED_FOR_MS;
  const machines = [1, 2, 3].map((index) => `redis-${index}`).filter(() => random() < PRESSED_CHANCE);
  if (machines.length === 0) return undefined;
  world.note(`${machines.join(', ')} short of processors until ${Math.round(untilMs)} ms`);
  return (machine) => machines.includes(machine) && world.now() >= fromMs && world.now() < untilMs;
}

/** Starts all of it. What a checker finds is thrown out of `world.run`. */
export function startCluster(options: ClusterOptions): Cluster {
  const world = createWorld(options.seed, { trace: options.trace });
  const wire = createWire(world);
  let machines: Machines | undefined;
  let failed: unknown;
  const checker = createPromotionChecker(() => machines);
  const guarded =
    <Args extends readonly unknown[]>(check: (...args: Args) => void) =>
    (...args: Args): void => {
      try {
        check(...args);
      } catch (error) {
        failed ??= error;
      }
    };
  const onPrimary = guarded(checker.onPrimary);
  const pressed = drawPressure(world, options.seed);
  machines = startMachines({
    world,
    wire,
    profile: options.profile,
    ...(pressed === undefined ? {} : { pressed }),
    onPrimary: (name, data) => {
      world.note(`${name} is primary now`);
      onPrimary(name, data);
    },
  });
  const clients = ['client-1', 'client-2'].map((name) =>
    startWriterClient(world, machines, name, guarded(checker.told)),
  );
  world.onEvent(() => {
    checker.always();
    if (failed !== undefined) throw failed;
  });
  const detects = profile(options.profile).wardenProbeMs > 0;
  return { detects, pressed: pressed !== undefined, world, wire, machines, clients, checker };
}
