/** Redis alone on virtual time: three machines with their wardens, and two clients that write; no engine, no broker. */
import { profile, type ProfileName } from '@holdfast/ha-core';
import { createWire, createWorld, type Wire, type World } from '@holdfast/simulation';
import { createPromotionChecker, type PromotionChecker } from '../checkers/promotable.ts';
import { type Machines, startMachines } from '../redis/machines.ts';
import { startWriterClient, type WriterClient } from './writer-client.ts';

export type Cluster = {
  /** Whether its wardens detect, or leave that to Sentinel's own timer. */
  readonly detects: boolean;
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
  machines = startMachines({
    world,
    wire,
    profile: options.profile,
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
  return { detects, world, wire, machines, clients, checker };
}
