/** The faults of a seed: which, when and for how long. One at a time, each healed before the next begins. */
import { later, pick } from '../redis/fault.ts';
import { REDIS_FAULTS, redisFault, type RedisFault } from '../redis/faults.ts';
import { primaryOf } from '../redis/wholeness.ts';
import { ACCOUNT, type System } from './system.ts';

/** Longer than a lease, so that another engine has taken over. */
const TAKEOVER_MS = 2500;

export type PlannedFault = {
  readonly name: string;
  /** Strikes; the returned function heals it. It must not run the world: whoever calls it does. */
  readonly strike: (system: System) => () => Promise<void> | void;
};

const ENGINE_FAULTS = [
  'engine crash',
  'engine freeze',
  'engine crash at an intent',
  'engine freeze at an intent',
  'links break',
  'partition',
  'terminal crash',
  'terminal links down',
  'broker down',
  'drop reply',
  'drop request',
  'delay',
  'requote',
  'lists lag',
  'crash at a point',
  'wall clock step',
] as const;

type EngineFault = (typeof ENGINE_FAULTS)[number];
export type FaultKind = EngineFault | RedisFault;

/** All of them; the Redis machines' own too. */
export const ALL_FAULTS: readonly FaultKind[] = [...ENGINE_FAULTS, ...REDIS_FAULTS];

/** Draws one fault. Striking it returns how it is healed. */
export function drawFault(random: () => number, only: readonly FaultKind[] = ALL_FAULTS): PlannedFault {
  const kind = pick(random, only);
  const engineFault = ENGINE_FAULTS.find((fault) => fault === kind);
  return {
    name: kind,
    strike: (system) =>
      engineFault === undefined
        ? strikeRedis(kind as RedisFault, system, random)
        : strike(engineFault, system, random),
  };
}

function strikeRedis(kind: RedisFault, system: System, random: () => number): () => Promise<void> {
  const { world, wire, machines, names } = system;
  const note = (detail: string): void => world.note(`FAULT ${kind}: ${detail}`);
  return redisFault(kind)({ world, wire, machines, clients: [...names.engines, 'client-1'], random, note });
}

function strike(kind: EngineFault, system: System, random: () => number): () => Promise<void> | void {
  const { world, wire, redis, broker } = system;
  const engine = pick(random, system.names.engines);
  const terminal = pick(random, system.names.terminals);
  const nothing = (): void => undefined;
  const note = (detail: string): void => world.note(`FAULT ${kind}: ${detail}`);
  const times = 1 + Math.floor(random() * 2);
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
    case 'links break': {
      const [one, other] = [
        engine,
        pick(random, [terminal, primaryOf(system.machines), ...system.names.engines]),
      ];
      note(`${one} and ${other}`);
      wire.breakBetween(one, other);
      return nothing;
    }
    case 'partition': {
      const other = pick(random, [
        terminal,
        primaryOf(system.machines),
        ...system.names.engines.filter((name) => name !== engine),
      ]);
      const oneWay = random() < 0.4;
      note(`${engine} ${oneWay ? '->' : '<->'} ${other}`);
      wire.cut(engine, other, oneWay ? 'one way' : undefined);
      return () => wire.heal(engine, other);
    }
    case 'terminal crash':
      note(terminal);
      system.crash(terminal);
      return () => system.restart(terminal);
    case 'terminal links down':
      note(terminal);
      broker.addFault({ kind: 'links_down', terminal, forMs: 200 + Math.floor(random() * 2000) });
      return nothing;
    case 'broker down':
      note(terminal);
      broker.addFault({
        kind: 'broker_down',
        terminal,
        forMs: 200 + Math.floor(random() * 2000),
        syncMs: Math.floor(random() * 500),
      });
      return nothing;
    case 'drop reply': {
      const executeAfterMs = Math.floor(random() * 800);
      note(`${terminal}, carried out after ${executeAfterMs} ms`);
      broker.addFault({
        kind: 'drop_reply',
        terminal,
        times,
        retcode: pick(random, [10012, 10031]),
        executeAfterMs,
      });
      return nothing;
    }
    case 'drop request':
      note(terminal);
      broker.addFault({ kind: 'drop_request', terminal, times, retcode: pick(random, [10012, 10031]) });
      return nothing;
    case 'delay':
      note(terminal);
      broker.addFault({ kind: 'delay', terminal, times, delayMs: Math.floor(random() * 4000) });
      return nothing;
    case 'requote':
      note(terminal);
      broker.addFault({ kind: 'requote', terminal, times: times + 1 });
      return nothing;
    case 'lists lag':
      note(terminal);
      broker.addFault({ kind: 'lists_lag', terminal, lagMs: Math.floor(random() * 1500), forMs: 1500 });
      return nothing;
    case 'crash at a point': {
      const point = pick(random, ['before_intent', 'after_intent', 'after_send', 'after_result'] as const);
      note(`${terminal} ${point}`);
      broker.addFault({ kind: 'crash', terminal, point });
      return nothing;
    }
    case 'wall clock step': {
      const name = pick(random, [...system.names.engines, ...redis.names]);
      const byMs = Math.floor((random() - 0.5) * 60);
      note(`${name} by ${byMs} ms`);
      system.process(name).stepWallClock(byMs);
      return () => system.process(name).stepWallClock(-byMs);
    }
  }
}

/** Crashes or freezes an engine right when the next intent is on the primary: before it can know. */
function strikeAtIntent(system: System, crash: boolean): () => Promise<void> {
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

/** Calls back once, with the engine that holds the lease, when an intent appears on the primary. */
function onNextIntent(system: System, strike_: (holder: string) => void): () => void {
  const read = (): { intents: number; holder: string } => {
    const { keys } = system.redis.state(primaryOf(system.machines)).disk.data;
    const [intents, lease] = ['intents', 'lease'].map((name) => keys.get(`hf:{${ACCOUNT}}:${name}`));
    return {
      intents: intents?.is === 'hash' ? intents.fields.size : 0,
      holder: (lease?.is === 'hash' ? lease.fields.get('holder') : undefined) ?? '',
    };
  };
  let before = read().intents;
  let watching = true;
  system.world.onEvent(() => {
    if (!watching) return;
    const { intents, holder } = read();
    if (intents > before && holder !== '') {
      watching = false;
      strike_(holder);
    }
    before = intents;
  });
  return () => {
    watching = false;
  };
}
