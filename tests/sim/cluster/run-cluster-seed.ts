/**
 * One seed of Redis alone: a first start, then single faults with a full recovery after each, or a pair in which the second
 * strikes in the recovery of the first; checked all the way, and in the end everything is whole again.
 */
import { Broken } from '../checkers/broken.ts';
import { holds } from '../checkers/promotable.ts';
import { redisFault, REDIS_FAULTS, type RedisFault } from '../redis/faults.ts';
import { pick, type Stage } from '../redis/fault.ts';
import { picture } from '../redis/picture.ts';
import { missing, primaryOf } from '../redis/wholeness.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { mayStopTrading, struckTogether } from './pairs.ts';

export type ClusterSeedOptions = {
  readonly kinds?: readonly RedisFault[];
  readonly trace?: boolean;
};

export type ClusterSeedOutcome = {
  readonly seed: number;
  readonly broken: string | undefined;
  readonly faults: readonly RedisFault[];
  /** It stopped trading, and a person would have to decide: only where that is said to be possible. */
  readonly stopped: boolean;
  readonly story: readonly string[];
  readonly events: number;
  readonly hash: number;
  readonly acknowledged: number;
  readonly read: number;
  readonly virtualMs: number;
  /** From the last healing until all was whole. */
  readonly recoveryMs: number;
};

const FIRST_WITHIN_MS = 10_000;
const CUT = 'replica cut from the other machines';
/** A single fault that leaves two nodes and two Sentinels: writing goes on before it is healed. */
const ONE_GONE: ReadonlySet<RedisFault> = new Set([
  'primary killed',
  'primary machine lost',
  'replica killed',
  'replica machine lost',
  CUT,
]);
const GOES_ON_WITHIN_MS = 2500;
/** A client pauses for a sixth of this between two writes at most. */
const ACKNOWLEDGED_WITHIN_MS = 1000;
const LOOK_EVERY_MS = 50;
/** A Sentinel that was frozen for more than two seconds, or whose clock jumped, does not act for half a minute. */
const WHOLE_WITHIN_MS = 20_000;
const WHOLE_AFTER_TILT_MS = 60_000;

/** Runs it. Never rejects: what a checker or the product throws is in the outcome. */
export async function runClusterSeed(
  seed: number,
  options: ClusterSeedOptions = {},
): Promise<ClusterSeedOutcome> {
  const cluster = startCluster({
    seed,
    profile: seed % 10 === 0 ? 'seed' : 'fast',
    trace: options.trace === true,
  });
  const { world, clients } = cluster;
  const struck: RedisFault[] = [];
  let broken: string | undefined;
  let stopped = false;
  let recoveryMs = 0;
  try {
    await awaitWhole(cluster, FIRST_WITHIN_MS, 'after the first start');
    const random = world.chance('faults');
    const pair = random() < 0.5;
    const rounds = pair ? 1 : 1 + Math.floor(random() * 2);
    for (let round = 0; round < rounds && !stopped; round += 1) {
      await world.run(world.now() + random() * 800);
      const drawn = [0, ...(pair ? [1] : [])].map(() => pick(random, options.kinds ?? REDIS_FAULTS));
      const kinds = struckTogether(drawn);
      struck.push(...kinds);
      await strike(cluster, kinds, random);
      const healedAtMs = world.now();
      stopped = await recover(cluster, kinds);
      recoveryMs = Math.max(recoveryMs, world.now() - healedAtMs);
    }
    if (!stopped) checkAtRest(cluster);
  } catch (error) {
    broken =
      error instanceof Broken
        ? error.message
        : `CRASH: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    world.note(`BROKEN ${broken}`);
    for (const line of picture(cluster.machines)) world.note(line);
  }
  for (const client of clients) client.stop();
  return {
    seed,
    broken,
    faults: struck,
    stopped,
    story: world.story(),
    ...world.fingerprint(),
    acknowledged: clients.reduce((sum, client) => sum + client.acknowledged(), 0),
    read: clients.reduce((sum, client) => sum + client.read(), 0),
    virtualMs: world.now(),
    recoveryMs,
  };
}

/** Strikes one fault, or two of which the second comes while the first is there or right after it is healed. */
async function strike(cluster: Cluster, kinds: readonly RedisFault[], random: () => number): Promise<void> {
  const { world, wire, machines, clients } = cluster;
  const stageOf = (kind: RedisFault): Stage => ({
    world,
    wire,
    machines,
    clients: clients.map(({ name }) => name),
    random,
    note: (detail) => world.note(`FAULT ${kind}: ${detail}`),
  });
  const run = (ms: number): Promise<boolean> => world.run(world.now() + ms);
  const settle = async (heal: () => Promise<void>): Promise<void> => {
    world.note('HEAL');
    let healed = false;
    void heal().then(() => {
      healed = true;
    });
    await world.run(() => healed, 20_000);
  };
  const [first, second] = kinds;
  if (first === undefined) return;
  const healFirst = redisFault(first)(stageOf(first));
  if (second === undefined) {
    const lastsMs = 100 + random() * 3000;
    await run(lastsMs);
    if (lastsMs > GOES_ON_WITHIN_MS) checkGoesOn(cluster, first);
    return settle(healFirst);
  }
  const afterHealing = random() < 0.5;
  await run(random() * (afterHealing ? 3000 : 1500));
  if (afterHealing) {
    await settle(healFirst);
    await run(random() ** 2 * 1500);
  }
  const healSecond = redisFault(second)(stageOf(second));
  await run(100 + random() * 2500);
  const healings = afterHealing
    ? [healSecond]
    : random() < 0.5
      ? [healFirst, healSecond]
      : [healSecond, healFirst];
  for (const heal of healings) await settle(heal);
}

/**
 * While one node or its machine is gone, and nothing else, what is written is acknowledged: the set shrinks, or another leads.
 * Later only where a machine is short of processors and the node is silent: one that died is known by its connections.
 */
function checkGoesOn({ world, clients, detects, pressed }: Cluster, kind: RedisFault): void {
  if (!detects || !ONE_GONE.has(kind) || (pressed && kind === CUT)) return;
  const late = clients.find((client) => client.acknowledgedAtMs() < world.now() - ACKNOWLEDGED_WITHIN_MS);
  if (late === undefined) return;
  const sinceMs = Math.round(world.now() - late.acknowledgedAtMs());
  throw new Broken('LIVENESS', `${late.name} had nothing acknowledged for ${sinceMs} ms with one node gone`);
}

/** Until all is whole again; true where it stays stopped and may. */
async function recover(cluster: Cluster, kinds: readonly RedisFault[]): Promise<boolean> {
  try {
    await awaitWhole(cluster, WHOLE_WITHIN_MS, `after ${kinds.join(' and ')}`);
    return false;
  } catch (error) {
    if (error instanceof Broken && error.invariant === 'LIVENESS' && mayStopTrading(kinds)) return true;
    throw error;
  }
}

/** Whole, and each client had something acknowledged since. Throws after `withinMs`. */
async function awaitWhole(cluster: Cluster, withinMs: number, when: string): Promise<void> {
  const { world, machines, clients } = cluster;
  const fromMs = world.now();
  let endMs = fromMs + withinMs;
  const tilts = (): boolean =>
    machines.sentinels.some((name) => machines.redis.sentinel(name).tiltSinceMs > 0);
  const open = (): string | undefined =>
    missing(machines) ?? clients.find((client) => client.acknowledgedAtMs() < fromMs)?.name;
  let what = open();
  while (what !== undefined) {
    // One that was frozen finds that out only when it goes on.
    if (tilts()) endMs = Math.max(endMs, fromMs + WHOLE_AFTER_TILT_MS);
    if (world.now() >= endMs)
      throw new Broken('LIVENESS', `not whole within ${endMs - fromMs} ms ${when}: ${what}`);
    await world.run(world.now() + LOOK_EVERY_MS);
    what = open();
  }
}

/** Nothing is lost, nobody but the set can be promoted, and no acknowledged write had to be written again. */
function checkAtRest({ machines, checker, clients }: Cluster): void {
  const { data } = machines.redis.state(primaryOf(machines)).disk;
  const lost = checker.writes().find((write) => !holds(data, write));
  if (lost !== undefined) throw new Broken('I1', `${lost.what} is lost`);
  const client = clients.find((one) => one.missing() > 0);
  if (client !== undefined)
    throw new Broken('I1', `${client.name} had to write ${client.missing()} acknowledged writes again`);
}
