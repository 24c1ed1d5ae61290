/**
 * A process of a world: its Host, and what can happen to it. Everything that calls into it from outside (timers,
 * links, replies) goes through `enter`:
 * - running: the call happens now;
 * - frozen (SIGSTOP): it waits, in order, until the process goes on;
 * - dead: it never happens.
 */
import type { Host } from '@holdfast/ha-core';
import { createChance } from './chance.ts';
import type { World } from './world.ts';

export type MachineClock = {
  startedMs: number;
  /** Milliseconds of this machine per millisecond of the world. */
  readonly rate: number;
  /** The date that the machine believes, against the world's; stepped by `stepWallClock`. */
  wallOffsetMs: number;
};

export type VirtualProcess = {
  readonly name: string;
  /** Processes on one machine share clocks and are cut off together. */
  readonly machine: string;
  readonly host: Host;
  readonly state: () => 'running' | 'frozen' | 'dead';
  readonly enter: (run: () => void) => void;
  /** Ends it at once, as kill -9 does. What listens for the death (links, ports) is told in order. */
  readonly crash: () => void;
  readonly freeze: () => void;
  readonly resume: () => void;
  /** Moves the wall clock of its machine by so many milliseconds. */
  readonly stepWallClock: (byMs: number) => void;
  /** Moves the monotonic clock of its machine: back, by how long a virtual machine was suspended with its clock. */
  readonly stepMonotonicClock: (byMs: number) => void;
  readonly onDeath: (listener: () => void) => void;
};

/** Wall clock of the world's beginning: 2026-01-05, a Monday, 00:00 UTC. */
export const WORLD_WALL_MS = 1_767_571_200_000;

/** Made by `World.start`. */
export function createProcess(
  world: World,
  name: string,
  machine: string,
  clock: MachineClock,
): VirtualProcess {
  const random = createChance(world.seed, `process ${name} ${world.now()}`);
  const label = `timer ${name}`;
  const deathListeners: (() => void)[] = [];
  let held: (() => void)[] = [];
  let state: 'running' | 'frozen' | 'dead' = 'running';

  const enter = (run: () => void): void => {
    if (state === 'running') run();
    else if (state === 'frozen') held.push(run);
  };

  const host: Host = {
    monotonicMs: () => clock.startedMs + world.now() * clock.rate,
    wallMs: () => Math.floor(WORLD_WALL_MS + world.now() * clock.rate) + clock.wallOffsetMs,
    after: (delayMs, run) => {
      let cancelled = false;
      const cancel = world.after(
        delayMs / clock.rate,
        () =>
          enter(() => {
            if (!cancelled) run();
          }),
        label,
      );
      return () => {
        cancelled = true;
        cancel();
      };
    },
    random,
  };

  return {
    name,
    machine,
    host,
    state: () => state,
    enter,
    crash: () => {
      if (state === 'dead') return;
      state = 'dead';
      held = [];
      for (const listener of deathListeners.splice(0)) listener();
    },
    freeze: () => {
      if (state === 'running') state = 'frozen';
    },
    resume: () => {
      if (state !== 'frozen') return;
      state = 'running';
      const waiting = held;
      held = [];
      for (const run of waiting) world.after(0, () => enter(run), `resumed ${name}`);
    },
    stepWallClock: (byMs) => {
      clock.wallOffsetMs += byMs;
    },
    stepMonotonicClock: (byMs) => {
      clock.startedMs += byMs;
    },
    onDeath: (listener) => {
      if (state === 'dead') listener();
      else deathListeners.push(listener);
    },
  };
}
