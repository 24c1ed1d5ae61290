/** The faults of a seed: which, when and for how long. One at a time, each healed before the next begins. */
import { ACCOUNT, type System } from './system.ts';

/** Longer than a lease, so that another engine has taken over. */
const TAKEOVER_MS = 2500;

export type PlannedFault = {
  readonly name: string;
  readonly strike: (system: System) => () => Promise<void> | void;
};

const pick = <Item>(random: () => number, items: readonly Item[]): Item => {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
};

/** The Redis node that takes writes now; the first when none says so. */
export function primaryOf(system: System): string {
  const { redis } = system;
  const primaries = redis.names.filter((name) => {
    const state = redis.state(name);
    return state.process.state() === 'running' && state.primary === undefined;
  });
  return (
    primaries.sort((a, b) => redis.state(b).replicas.size - redis.state(a).replicas.size)[0] ?? 'redis-1'
  );
}

export const ALL_FAULTS = [
  'engine crash',
  'engine freeze',
  'engine crash at an intent',
  'engine freeze at an intent',
  'redis primary kill',
  'redis primary lost behind a slow link',
  'redis replica kill',
  'redis replica freeze',
  'redis primary freeze',
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

export type FaultKind = (typeof ALL_FAULTS)[number];

/** The kinds that are drawn by default: all of them. */
export const FAULTS: readonly FaultKind[] = ALL_FAULTS;

/** Draws one fault. Striking it returns how it is healed. */
export function drawFault(random: () => number, only: readonly FaultKind[] = FAULTS): PlannedFault {
  const kind = pick(random, only);
  return { name: kind, strike: (system) => strike(kind, system, random) };
}

function strike(kind: FaultKind, system: System, random: () => number): () => Promise<void> | void {
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
    case 'redis primary lost behind a slow link':
      return losePrimary(system, random, note);
    case 'redis primary kill':
    case 'redis replica kill': {
      const primary = primaryOf(system);
      const name =
        kind === 'redis primary kill'
          ? primary
          : pick(
              random,
              redis.names.filter((other) => other !== primary),
            );
      note(name);
      redis.kill(name);
      return () => restartAsReplica(system, name);
    }
    case 'redis replica freeze':
    case 'redis primary freeze': {
      const primary = primaryOf(system);
      const replicas = redis.names.filter((other) => other !== primary);
      const name = kind === 'redis primary freeze' ? primary : pick(random, replicas);
      note(name);
      redis.process(name).freeze();
      return () => redis.process(name).resume();
    }
    case 'links break': {
      const [one, other] = [engine, pick(random, [terminal, primaryOf(system), ...system.names.engines])];
      note(`${one} and ${other}`);
      wire.breakBetween(one, other);
      return nothing;
    }
    case 'partition': {
      const other = pick(random, [
        terminal,
        primaryOf(system),
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
    await world.run(() => struck !== undefined, 2000);
    unwatch();
    await world.run(world.now() + TAKEOVER_MS);
    if (struck === undefined) return;
    if (crash) await system.restart(struck);
    else system.process(struck).resume();
  };
}

/** Calls back once, with the engine that holds the lease, when an intent appears on the primary. */
function onNextIntent(system: System, strike_: (holder: string) => void): () => void {
  const read = (): { intents: number; holder: string } => {
    const { keys } = system.redis.state(primaryOf(system)).disk.data;
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

/** One replica hears of everything late; then the primary's machine is gone, and what was under way with it. */
function losePrimary(
  system: System,
  random: () => number,
  note: (detail: string) => void,
): () => Promise<void> {
  const { world, wire, redis } = system;
  const primary = primaryOf(system);
  const slow = pick(
    random,
    redis.names.filter((name) => name !== primary),
  );
  const byMs = 20 + Math.floor(random() * 250);
  note(`${slow} is ${byMs} ms late, then ${primary} is lost`);
  wire.slow(primary, slow, byMs);
  let lost = false;
  world.after(300 + random() * 700, () => {
    for (const name of redis.names) if (name !== primary) wire.breakBetween(primary, name);
    redis.kill(primary);
    wire.slow(primary, slow, 0);
    lost = true;
  });
  return async () => {
    await world.run(() => lost, 2000);
    restartAsReplica(system, primary);
  };
}

/**
 * A killed node comes back as a replica of the primary that the Sentinels name: the place of the start gate. While they
 * name the node itself it waits.
 */
function restartAsReplica(system: System, name: string): void {
  const { redis, world } = system;
  const own = redis.endpoints[redis.names.indexOf(name)];
  const named = redis.sentinelViews.map((view) => view.primary);
  const primary = redis.endpoints.find(
    ({ host, port }) => named.filter((other) => other === `${host}:${port}`).length * 2 > named.length,
  );
  if (primary === undefined || primary === own) {
    world.after(100, () => restartAsReplica(system, name), `gate of ${name}`);
  } else redis.restart(name, primary);
}
