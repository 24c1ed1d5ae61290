/** Faults of processes: killed, frozen, started again at once, started with nothing on the disk; one or several together. */
import {
  type Fault,
  later,
  pick,
  processesOn,
  roles,
  type Stage,
  startAgain,
  wardensToLose,
} from './fault.ts';

/** A Redis node is started again after this, by whatever manages services. */
const RESTART_MS = 2000;
/** A frozen Sentinel that goes on after more than two seconds does not act for half a minute. */
const FREEZE_MS = [50, 4000] as const;

function kill(stage: Stage, names: readonly string[], restartMs = RESTART_MS): () => Promise<void> {
  stage.note(`kill ${names.join(', ')}`);
  for (const name of names) stage.machines.crash(name);
  return () => startAgain(stage, names, restartMs);
}

/** Freezes for a time of its own, whatever the time to the healing is. */
function freeze(stage: Stage, names: readonly string[]): () => Promise<void> {
  const { world, random, machines, note } = stage;
  const [least, most] = FREEZE_MS;
  const ms = least + random() ** 2 * (most - least);
  note(`freeze ${names.join(', ')} for ${Math.round(ms)} ms`);
  const frozen = names.flatMap((name) => machines.process(name) ?? []);
  for (const process of frozen) process.freeze();
  const over = later(world, ms).then(() => {
    for (const process of frozen) process.resume();
  });
  return () => over;
}

/** Killed and there again before anybody can be sure. */
function restart(stage: Stage, names: readonly string[], empty: boolean): () => Promise<void> {
  const { world, random, machines, note } = stage;
  const ms = 5 + random() * (random() < 0.5 ? 60 : 900);
  note(`restart ${names.join(', ')} after ${Math.round(ms)} ms${empty ? ' with an empty disk' : ''}`);
  for (const name of names) machines.crash(name);
  const over = later(world, ms).then(() => Promise.all(names.map((name) => machines.start(name, { empty }))));
  return async () => void (await over);
}

const all = ({ machines }: Stage): readonly string[] => machines.redis.names;

export const PROCESS_FAULTS = {
  'primary killed': (stage) => kill(stage, [roles(stage).primary]),
  'primary machine lost': (stage) => kill(stage, processesOn(stage.machines, roles(stage).primary)),
  'primary frozen': (stage) => freeze(stage, [roles(stage).primary]),
  'primary machine frozen': (stage) => freeze(stage, processesOn(stage.machines, roles(stage).primary)),
  'primary restarted at once': (stage) => restart(stage, [roles(stage).primary], false),
  'primary restarted empty': (stage) => restart(stage, [roles(stage).primary], true),
  'replica killed': (stage) => kill(stage, [pick(stage.random, roles(stage).replicas)]),
  'replica machine lost': (stage) =>
    kill(stage, processesOn(stage.machines, pick(stage.random, roles(stage).replicas))),
  'replica frozen': (stage) => freeze(stage, [pick(stage.random, roles(stage).replicas)]),
  'replica machine frozen': (stage) =>
    freeze(stage, processesOn(stage.machines, pick(stage.random, roles(stage).replicas))),
  'replica restarted at once': (stage) => restart(stage, [pick(stage.random, roles(stage).replicas)], false),
  'replica restarted empty': (stage) => restart(stage, [pick(stage.random, roles(stage).replicas)], true),
  'both replicas killed': (stage) => kill(stage, roles(stage).replicas),
  'both replicas frozen': (stage) => freeze(stage, roles(stage).replicas),
  'primary and a replica killed': (stage) => {
    const { primary, replicas } = roles(stage);
    return kill(stage, [primary, pick(stage.random, replicas)]);
  },
  'all nodes killed': (stage) => kill(stage, all(stage), stage.random() * 500),
  'all machines lost': (stage) =>
    kill(
      stage,
      all(stage).flatMap((name) => processesOn(stage.machines, name)),
      stage.random() * 500,
    ),
  'warden killed': (stage) => kill(stage, [pick(stage.random, wardensToLose(stage))], 0),
  'warden frozen': (stage) => freeze(stage, [pick(stage.random, wardensToLose(stage))]),
  'all wardens killed': (stage) => kill(stage, stage.machines.wardens, 0),
  'all wardens killed, then the primary': (stage) => {
    const wardens = kill(stage, stage.machines.wardens, 0);
    const primary = later(stage.world, stage.random() * 1500).then(() => kill(stage, [roles(stage).primary]));
    return async () => {
      await wardens();
      await (await primary)();
    };
  },
  'sentinel killed': (stage) => kill(stage, [pick(stage.random, stage.machines.sentinels)], 0),
  'sentinel frozen': (stage) => freeze(stage, [pick(stage.random, stage.machines.sentinels)]),
  'two sentinels killed': (stage) => kill(stage, stage.machines.sentinels.slice(1), 0),
  'sentinel killed, then the primary': (stage) => {
    const sentinel = kill(stage, [pick(stage.random, stage.machines.sentinels)], 0);
    const primary = later(stage.world, stage.random() * 1500).then(() => kill(stage, [roles(stage).primary]));
    return async () => {
      await sentinel();
      await (await primary)();
    };
  },
} satisfies Readonly<Record<string, Fault>>;
