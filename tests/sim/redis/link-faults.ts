/** Faults of the network between the Redis machines and to those who write: cut, one way, slow, broken, flapping. */
import { type Fault, later, pick, roles, type Stage, watched } from './fault.ts';

type Pair = readonly [string, string];

function cut(stage: Stage, pairs: readonly Pair[], oneWay: boolean): () => Promise<void> {
  const { wire, note } = stage;
  note(`cut ${pairs.map(([from, to]) => `${from} ${oneWay ? '->' : '<->'} ${to}`).join(', ')}`);
  for (const [from, to] of pairs) wire.cut(from, to, oneWay ? 'one way' : undefined);
  return () => {
    for (const [from, to] of pairs) wire.heal(from, to);
    return Promise.resolve();
  };
}

const from = (one: string, others: readonly string[]): readonly Pair[] =>
  others.filter((other) => other !== one).map((other) => [one, other]);

const to = (one: string, others: readonly string[]): readonly Pair[] =>
  from(one, others).map(([near, far]) => [far, near]);

const machine = (stage: Stage): string => pick(stage.random, stage.machines.redis.names);

/** A replica hears of everything late, so that what a Sentinel has seen of it is old; then the primary is lost. */
function loseBehindSlowLink(stage: Stage): () => Promise<void> {
  const { world, wire, machines, random, note } = stage;
  const { primary, replicas } = roles(stage);
  const slow = pick(random, replicas);
  const byMs = 20 + Math.floor(random() * 250);
  note(`${slow} is ${byMs} ms late, then ${primary} is lost with all that was under way`);
  wire.slow(primary, slow, byMs);
  const lost = later(world, 300 + random() * 700).then(() => {
    for (const name of replicas) wire.breakBetween(primary, name);
    machines.crash(primary);
    wire.slow(primary, slow, 0);
  });
  return async () => {
    await lost;
    await later(world, 2000);
    await machines.start(primary);
  };
}

/** A link goes and comes ten times a second. */
function flap(stage: Stage): () => Promise<void> {
  const { world, wire, random, note } = stage;
  const { primary, replicas } = roles(stage);
  const other = pick(random, replicas);
  note(`${primary} <-> ${other} flaps`);
  let over = false;
  const run = async (): Promise<void> => {
    while (!over) {
      wire.cut(primary, other);
      await later(world, 30 + random() * 60);
      wire.heal(primary, other);
      await later(world, 30 + random() * 60);
    }
  };
  const running = run();
  return () => {
    over = true;
    return running;
  };
}

export const LINK_FAULTS = {
  'two machines cut': (stage) => {
    const one = machine(stage);
    const other = pick(
      stage.random,
      stage.machines.redis.names.filter((name) => name !== one),
    );
    return cut(stage, [[one, other]], false);
  },
  'two machines cut one way': (stage) => {
    const one = machine(stage);
    const other = pick(
      stage.random,
      stage.machines.redis.names.filter((name) => name !== one),
    );
    return cut(stage, [[one, other]], true);
  },
  'primary cut from the other machines': (stage) =>
    cut(stage, from(roles(stage).primary, roles(stage).replicas), false),
  'primary hears nothing from the other machines': (stage) =>
    cut(stage, to(roles(stage).primary, roles(stage).replicas), true),
  'primary is not heard by the other machines': (stage) =>
    cut(stage, from(roles(stage).primary, roles(stage).replicas), true),
  'primary cut from everybody': (stage) =>
    cut(stage, from(roles(stage).primary, [...roles(stage).replicas, ...stage.clients]), false),
  'primary cut from the clients': (stage) => cut(stage, from(roles(stage).primary, stage.clients), false),
  'client cut off with the primary': (stage) => {
    const client = pick(stage.random, stage.clients);
    const { primary, replicas } = roles(stage);
    return cut(stage, [...from(primary, replicas), ...from(client, replicas)], false);
  },
  'replica cut from the other machines': (stage) => {
    const replica = pick(stage.random, watched(stage, roles(stage).replicas));
    return cut(stage, from(replica, stage.machines.redis.names), false);
  },
  'all machines cut from each other': (stage) => {
    const [one = '', two = '', three = ''] = stage.machines.redis.names;
    return cut(stage, [...from(one, [two, three]), [two, three]], false);
  },
  'links of two machines break': (stage) => {
    const one = machine(stage);
    const other = pick(
      stage.random,
      stage.machines.redis.names.filter((name) => name !== one),
    );
    stage.note(`${one} and ${other}`);
    stage.wire.breakBetween(one, other);
    return () => Promise.resolve();
  },
  'slow link to a replica': (stage) => {
    const { primary, replicas } = roles(stage);
    const replica = pick(stage.random, replicas);
    const byMs = Math.floor(stage.random() ** 2 * 1200);
    stage.note(`${primary} to ${replica} by ${byMs} ms`);
    stage.wire.slow(primary, replica, byMs);
    return () => {
      stage.wire.slow(primary, replica, 0);
      return Promise.resolve();
    };
  },
  'primary lost behind a slow link': loseBehindSlowLink,
  'link to a replica flaps': flap,
} satisfies Readonly<Record<string, Fault>>;
