/** Cut links: between the engines, from an engine to Redis, from the terminals to an engine. Only in a network of one's own. */
import type { System } from '../system/system.ts';
import { type Cut, type Fault, leadingEngine, type Mend, otherEngine, type World } from './fault.ts';

const CUT_MS = 2500;
const needs = ['links'] as const;

async function cut(world: World, what: string, cuts: readonly Cut[]): Promise<Mend> {
  const { links } = world;
  if (links === undefined) throw new Error('links cannot be cut here');
  world.tell(`cut: ${what}`);
  await links.cut(cuts);
  return async () => {
    world.tell('links mended');
    await links.mend();
  };
}

function engine(system: System, name: string): System['engines'][number] {
  const found = system.engines.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no engine is called ${name}`);
  return found;
}

/** Both engines dial each other: two connections. */
const peerLink = ({ system }: World): readonly Cut[] =>
  system.engines.map(({ peer }) => ({ port: peer.port, way: 'both' }));

const toRedis = ({ system }: World, of: string): readonly Cut[] =>
  system.redis.map(({ port }) => ({ of, port, way: 'both' }));

export const LINK_FAULTS: readonly Fault[] = [
  {
    name: 'peer-link-cut',
    what: 'the engines no longer hear each other',
    rows: '36',
    needs,
    holdMs: CUT_MS,
    pairs: true,
    strike: (world) => cut(world, 'the link between the engines', peerLink(world)),
  },
  {
    name: 'peer-link-one-way',
    what: 'the engine that stands by no longer hears the one that leads; the other way it works',
    rows: '36',
    needs,
    holdMs: CUT_MS,
    strike: (world) => {
      const leading = engine(world.system, leadingEngine(world));
      const other = engine(world.system, otherEngine(world));
      return cut(world, `what ${leading.name} says to ${other.name}`, [
        { port: other.peer.port, way: 'to' },
        { port: leading.peer.port, way: 'from' },
      ]);
    },
  },
  {
    name: 'engine-cut-from-redis',
    what: 'the engine that leads no longer reaches Redis; all else does',
    rows: '36',
    needs,
    holdMs: CUT_MS,
    pairs: true,
    strike: (world) => {
      const name = leadingEngine(world);
      return cut(world, `${name} from Redis`, toRedis(world, name));
    },
  },
  {
    name: 'engine-alone',
    what: 'the engine that leads hears neither Redis nor the other engine, only its terminals: two act',
    rows: '36',
    needs,
    holdMs: CUT_MS,
    strike: (world) => {
      const name = leadingEngine(world);
      return cut(world, `${name} from Redis and the other engine`, [
        ...toRedis(world, name),
        ...peerLink(world),
      ]);
    },
  },
  {
    name: 'engine-isolated',
    what: 'the engine that leads is cut off from everything',
    rows: '34, 36',
    needs,
    holdMs: CUT_MS,
    strike: (world) => {
      const { name, bridge, peer } = engine(world.system, leadingEngine(world));
      return cut(world, `${name} from everything`, [
        { of: name, way: 'both' },
        { port: bridge.port, way: 'both' },
        { port: peer.port, way: 'both' },
      ]);
    },
  },
  {
    name: 'terminals-cut-from-engine',
    what: 'the terminals no longer hear the engine that leads; engines and Redis do',
    rows: '42, 44',
    needs,
    stops: true,
    holdMs: CUT_MS,
    strike: (world) => {
      const { name, bridge } = engine(world.system, leadingEngine(world));
      return cut(world, `the terminals from ${name}`, [{ port: bridge.port, way: 'both' }]);
    },
  },
];
