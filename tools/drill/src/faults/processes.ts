/** Faults of our own processes: ended without a word, frozen, stopped as planned. */
import type { System } from '../system/system.ts';
import { askJson } from '../system/whole.ts';
import { byItself, type Fault, leadingEngine, type Mend, otherEngine, type World } from './fault.ts';

const FREEZE_PAST_LEASE_MS = 3000;

function kill(world: World, ...names: readonly string[]): Promise<Mend> {
  for (const name of names) {
    world.tell(`kill -9 ${name}`);
    world.system.signal(name, 'SIGKILL');
  }
  return Promise.resolve(byItself);
}

function freeze(world: World, name: string): Promise<Mend> {
  const { system, tell } = world;
  tell(`SIGSTOP ${name}`);
  system.signal(name, 'SIGSTOP');
  return Promise.resolve(() => {
    tell(`SIGCONT ${name}`);
    system.signal(name, 'SIGCONT');
    return Promise.resolve();
  });
}

/** Name of the Redis primary, as a backend sees it. Throws when none answers. */
async function primary(system: System): Promise<string> {
  for (const { url } of system.backends) {
    const status = (await askJson(`${url}/v1/status`, { authorization: `Bearer ${system.apiKey}` })) as
      | { readonly redis: { readonly primary: string | null } }
      | undefined;
    const said = status?.redis.primary;
    const found = system.redis.find(({ name, host, port }) => said === name || said === `${host}:${port}`);
    if (found !== undefined) return found.name;
  }
  throw new Error('no backend knows a Redis primary');
}

async function replica(world: World): Promise<string> {
  const of = await primary(world.system);
  return world.random.pick(world.system.redis.filter(({ name }) => name !== of)).name;
}

const ofKind = (world: World, kind: string): string =>
  world.random.pick(world.system.parts.filter((part) => part.kind === kind)).name;

export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: 'engine-killed',
    what: 'the engine that leads is ended with kill -9',
    rows: '33',
    pairs: true,
    strike: (world) => kill(world, leadingEngine(world)),
  },
  {
    name: 'standby-killed',
    what: 'the engine that stands by is ended with kill -9',
    rows: '33',
    pairs: true,
    strike: (world) => kill(world, otherEngine(world)),
  },
  {
    name: 'both-engines-killed',
    what: 'both engines are ended with kill -9 at the same moment',
    rows: '33',
    strike: (world) => kill(world, ...world.system.engines.map(({ name }) => name)),
  },
  {
    name: 'engine-frozen',
    what: 'the engine that leads stands still past its lease, then goes on with all that it was about to send',
    rows: '34',
    holdMs: FREEZE_PAST_LEASE_MS,
    pairs: true,
    strike: (world) => freeze(world, leadingEngine(world)),
  },
  {
    name: 'engine-frozen-short',
    what: 'the engine that leads stands still for 0.4 s, which is no failure',
    rows: '35',
    stops: true,
    holdMs: 400,
    strike: (world) => freeze(world, leadingEngine(world)),
  },
  {
    name: 'engine-stopped',
    what: 'the engine that leads is stopped as planned (SIGTERM) and hands over',
    rows: '37',
    pairs: true,
    strike: (world) => {
      const name = leadingEngine(world);
      world.tell(`SIGTERM ${name}`);
      world.system.signal(name, 'SIGTERM');
      return Promise.resolve(byItself);
    },
  },
  {
    name: 'engine-switchover',
    what: 'an account is handed over to the other engine on request',
    rows: '37',
    strike: async (world) => {
      const from = leadingEngine(world);
      const led = [...world.leaders].flatMap(([account, engine]) => (engine === from ? [account] : []));
      const account = world.random.pick(led);
      world.tell(`switchover of ${account} away from ${from}`);
      await world.switchOver(account, from);
      return byItself;
    },
  },
  {
    name: 'backend-killed',
    what: 'a backend is ended with kill -9; clients go on at the other one',
    rows: '–',
    pairs: true,
    strike: (world) => kill(world, ofKind(world, 'backend')),
  },
  {
    name: 'backends-killed',
    what: 'all backends are ended with kill -9 at the same moment',
    rows: '–',
    strike: (world) => kill(world, ...world.system.backends.map(({ name }) => name)),
  },
  {
    name: 'redis-primary-killed',
    what: 'the Redis primary is ended with kill -9',
    rows: '1',
    pairs: true,
    strike: async (world) => kill(world, await primary(world.system)),
  },
  {
    name: 'redis-primary-frozen',
    what: 'the Redis primary stands still for 3 s, then goes on',
    rows: '3',
    holdMs: FREEZE_PAST_LEASE_MS,
    strike: async (world) => freeze(world, await primary(world.system)),
  },
  {
    name: 'redis-replica-killed',
    what: 'a Redis replica is ended with kill -9',
    rows: '6',
    pairs: true,
    strike: async (world) => kill(world, await replica(world)),
  },
  {
    name: 'sentinel-frozen',
    what: 'a Sentinel stands still for 3 s',
    rows: '12',
    holdMs: FREEZE_PAST_LEASE_MS,
    strike: (world) => freeze(world, ofKind(world, 'sentinel')),
  },
  {
    name: 'sentinel-killed',
    what: 'a Sentinel is ended with kill -9 together with the Redis primary',
    rows: '13',
    strike: async (world) => kill(world, ofKind(world, 'sentinel'), await primary(world.system)),
  },
  {
    name: 'warden-killed',
    what: 'a warden is ended with kill -9',
    rows: '–',
    pairs: true,
    strike: (world) => kill(world, ofKind(world, 'warden')),
  },
];
