/** Faults of engines, of their links, and of clocks. */
import { later, pick } from '../redis/fault.ts';
import { primaryOf } from '../redis/wholeness.ts';
import type { Heal } from './faults.ts';
import { ACCOUNT, type System } from './system.ts';

/** Longer than a lease, so that another engine has taken over. */
const TAKEOVER_MS = 2500;

export const ENGINE_FAULTS = [
  'engine crash',
  'engine freeze',
  'engine crash at an intent',
  'engine freeze at an intent',
  'engine freeze and its successor cut off',
  'links break',
  'slow links',
  'partition',
  'wall clock step',
  'wall clock jump',
] as const;

export type EngineFault = (typeof ENGINE_FAULTS)[number];

export type FaultStage = {
  readonly system: System;
  readonly random: () => number;
  /** Adds a line to the story. */
  readonly note: (detail: string) => void;
};

const nothing = (): void => undefined;

/** Strikes; the returned function heals it. */
export function strikeEngine(kind: EngineFault, stage: FaultStage): Heal {
  const { system, random, note } = stage;
  const { wire, redis } = system;
  const engine = pick(random, system.names.engines);
  switch (kind) {
    case 'engine crash':
      note(engine);
      system.crash(engine);
      return () => system.restart(engine);
    case 'engine freeze':
      note(engine);
      system.process(engine).freeze();
      return () => system.process(engine).resume();
    case 'engine crash at an intent':
    case 'engine freeze at an intent':
      note('the one that writes it');
      return strikeAtIntent(system, kind === 'engine crash at an intent');
    case 'engine freeze and its successor cut off':
      return freezeAndHide(stage);
    case 'links break': {
      const other = pick(random, partnersOf(system, engine, random));
      note(`${engine} and ${other}`);
      wire.breakBetween(engine, other);
      return nothing;
    }
    case 'slow links': {
      const other = pick(random, partnersOf(system, engine, random));
      const byMs = Math.floor(random() * 800);
      note(`${engine} and ${other} by ${byMs} ms`);
      wire.slow(engine, other, byMs);
      return () => wire.slow(engine, other, 0);
    }
    case 'partition': {
      const other = pick(random, partnersOf(system, engine, random));
      const oneWay = random() < 0.4;
      note(`${engine} ${oneWay ? '->' : '<->'} ${other}`);
      wire.cut(engine, other, oneWay ? 'one way' : undefined);
      return () => wire.heal(engine, other);
    }
    case 'wall clock step':
      return stepClock(stage, pick(random, [...system.names.engines, ...redis.names]), 30);
    case 'wall clock jump':
      return jumpClock(stage, pick(random, [...system.names.engines, ...system.names.terminals]));
  }
}

/** A terminal, the primary, another engine. */
function partnersOf(system: System, engine: string, random: () => number): string[] {
  const others = system.names.engines.filter((name) => name !== engine);
  return [pick(random, system.names.terminals), primaryOf(system.machines), ...others];
}

function stepClock({ system, random, note }: FaultStage, name: string, mostMs: number): Heal {
  const byMs = Math.floor((random() - 0.5) * 2 * mostMs);
  note(`${name} by ${byMs} ms`);
  system.process(name).stepWallClock(byMs);
  return () => system.process(name).stepWallClock(-byMs);
}

const JUMP_MS = 30_000;

/** A wall clock that somebody sets again and again, as two that disagree would: anywhere within half a minute, back in the end. */
function jumpClock({ system, random, note }: FaultStage, name: string): Heal {
  const { world } = system;
  let offMs = 0;
  let over = false;
  const set = (toMs: number): void => {
    system.process(name).stepWallClock(toMs - offMs);
    offMs = toMs;
  };
  const again = (): void => {
    if (over) return;
    const toMs = Math.floor((random() - 0.5) * 2 * JUMP_MS);
    note(`${name} is ${toMs} ms off`);
    set(toMs);
    world.after(50 + random() * 500, again, `clock of ${name}`);
  };
  again();
  return () => {
    over = true;
    set(0);
  };
}

/**
 * Two faults: the holder is frozen past its lease, and who takes over cannot raise its epoch at the terminals. When the old
 * holder goes on, only Redis and itself can stop it.
 */
function freezeAndHide({ system, note }: FaultStage): Heal {
  const { world, wire, names } = system;
  const holder = leaseOf(system).holder;
  if (!names.engines.includes(holder)) return nothing;
  note(holder);
  const pairs = names.engines
    .filter((name) => name !== holder)
    .flatMap((name) => names.terminals.map((terminal) => [name, terminal] as const));
  for (const [engine, terminal] of pairs) wire.cut(engine, terminal);
  system.process(holder).freeze();
  return async () => {
    await later(world, TAKEOVER_MS);
    system.process(holder).resume();
    await later(world, 1000);
    for (const [engine, terminal] of pairs) wire.heal(engine, terminal);
  };
}

/** Crashes or freezes an engine right when the next intent is on the primary: before it can know. */
function strikeAtIntent(system: System, crash: boolean): Heal {
  const { world } = system;
  let struck: string | undefined;
  const unwatch = onNextIntent(system, (holder) => {
    if (system.process(holder).state() !== 'running') return;
    struck = holder;
    world.note(`${holder} ${crash ? 'crashes' : 'freezes'} at its intent`);
    if (crash) system.crash(holder);
    else system.process(holder).freeze();
  });
  return async () => {
    for (let waitedMs = 0; struck === undefined && waitedMs < 2000; waitedMs += 20) await later(world, 20);
    unwatch();
    await later(world, TAKEOVER_MS);
    if (struck === undefined) return;
    if (crash) await system.restart(struck);
    else system.process(struck).resume();
  };
}

/** The lease as the primary has it. */
export function leaseOf(system: System): { readonly holder: string; readonly epoch: string } {
  const lease = system.redis.state(primaryOf(system.machines)).disk.data.keys.get(`hf:{${ACCOUNT}}:lease`);
  const field = (name: string): string => (lease?.is === 'hash' ? lease.fields.get(name) : undefined) ?? '';
  return { holder: field('holder'), epoch: field('epoch') };
}

/** Calls back once, with the engine that holds the lease, when an intent appears on the primary. */
function onNextIntent(system: System, strike: (holder: string) => void): () => void {
  const read = (): { intents: number; holder: string } => {
    const { keys } = system.redis.state(primaryOf(system.machines)).disk.data;
    const intents = keys.get(`hf:{${ACCOUNT}}:intents`);
    return { intents: intents?.is === 'hash' ? intents.fields.size : 0, holder: leaseOf(system).holder };
  };
  let before = read().intents;
  let watching = true;
  system.world.onEvent(() => {
    if (!watching) return;
    const { intents, holder } = read();
    if (intents > before && holder !== '') {
      watching = false;
      strike(holder);
    }
    before = intents;
  });
  return () => {
    watching = false;
  };
}
