/** Processes that die, freeze and come back: rows 1 to 3 and 5 to 11. */
import { pause, within } from '@holdfast/drill';
import type { Member } from '../hosts/cluster.ts';
import { nodeView } from '../hosts/views.ts';
import { cutAofTail } from './aof.ts';
import { type Fault, type Stage, WORST_MS } from './fault.ts';

const one = (stage: Stage, members: readonly Member[]): Member => stage.random.pick(members);

async function strikeDead(stage: Stage, members: readonly Member[]): Promise<void> {
  await stage.strikes(`kill -9 ${members.map(({ name }) => name).join(', ')}`, async () => {
    await Promise.all(members.map((member) => member.kill()));
  });
}

const strikeFrozen = (stage: Stage, member: Member): Promise<void> =>
  stage.strikes(`SIGSTOP ${member.name}`, () => member.child()?.freeze());

/** Starts a node that was just killed, as a service manager without any delay would. */
async function restart(stage: Stage, member: Member): Promise<void> {
  await member.start();
  stage.story.event('tests', `started ${member.name}`);
}

export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: 'kill-primary',
    row: '1',
    what: 'kill -9 of the primary',
    failover: 'must',
    serves: true,
    worstMs: WORST_MS.death,
    pairs: true,
    strike: (stage) => strikeDead(stage, [stage.roles.primary]),
  },
  {
    name: 'freeze-short',
    row: '2',
    what: 'the primary stands still for 0.2 s',
    failover: 'must not',
    serves: true,
    measures: 'longest stall',
    worstMs: WORST_MS.silence,
    strike: async (stage) => {
      await strikeFrozen(stage, stage.roles.primary);
      await pause(200);
      stage.roles.primary.child()?.resume();
    },
  },
  {
    name: 'freeze',
    row: '3',
    what: 'the primary stands still for 3 s, then goes on',
    failover: 'must',
    serves: true,
    worstMs: WORST_MS.silence,
    pairs: true,
    strike: async (stage) => {
      await strikeFrozen(stage, stage.roles.primary);
      await stage.untilAcknowledged(3000);
      await pause(Math.max(0, 3000 - 500));
      stage.roles.primary.child()?.resume();
      stage.story.event('tests', `resumed ${stage.roles.primary.name}`);
      // It must not take anything until it is demoted.
      await pause(500);
    },
  },
  {
    name: 'restart-tail-cut',
    row: '5',
    what: 'the primary dies and is started at once with the tail of its AOF cut off',
    failover: 'may',
    serves: true,
    strike: async (stage) => {
      const { primary } = stage.roles;
      await strikeDead(stage, [primary]);
      cutAofTail(primary, stage.random.whole(500, 20_000), stage.story);
      await restart(stage, primary);
    },
  },
  {
    name: 'restart-empty',
    row: '6',
    what: 'the primary dies and is started at once with an empty folder',
    failover: 'may',
    serves: true,
    strike: async (stage) => {
      const { primary } = stage.roles;
      await strikeDead(stage, [primary]);
      primary.disk?.wipe();
      await restart(stage, primary);
    },
  },
  {
    name: 'kill-replica',
    row: '7',
    what: 'kill -9 of a replica, which comes back later',
    failover: 'must not',
    serves: true,
    worstMs: WORST_MS.replica,
    pairs: true,
    strike: (stage) => strikeDead(stage, [one(stage, stage.roles.replicas)]),
  },
  {
    name: 'freeze-replica',
    row: '7',
    what: 'a replica stands still',
    failover: 'must not',
    serves: true,
    pairs: true,
    strike: (stage) => strikeFrozen(stage, one(stage, stage.roles.replicas)),
  },
  {
    name: 'kill-both-replicas',
    row: '8',
    what: 'kill -9 of both replicas: nothing may be acknowledged until one is back',
    failover: 'must not',
    serves: false,
    holdMs: 500,
    strike: (stage) => strikeDead(stage, stage.roles.replicas),
  },
  {
    name: 'kill-primary-and-replica',
    row: '9',
    what: 'kill -9 of the primary and a replica at once',
    failover: 'may',
    serves: false,
    holdMs: 1500,
    strike: (stage) => strikeDead(stage, [stage.roles.primary, one(stage, stage.roles.replicas)]),
  },
  {
    name: 'rolling',
    row: '10',
    what: 'the primary dies, another takes over; when the first is back, the second dies at once',
    failover: 'must',
    serves: true,
    strike: async (stage) => {
      const { primary } = stage.roles;
      await strikeDead(stage, [primary]);
      await stage.untilAcknowledged();
      await restart(stage, primary);
      await within({ limitMs: 5000, everyMs: 5 }, async () =>
        (await nodeView(primary.at, stage.cluster.files.password)).is === 'silent' ? undefined : true,
      );
      await pause(stage.random.whole(0, 300));
      const { primary: second } = await stage.cluster.roles();
      await strikeDead(stage, [second]);
    },
  },
  {
    name: 'kill-sentinel',
    row: '11',
    what: 'kill -9 of one Sentinel',
    failover: 'must not',
    serves: true,
    measures: 'longest stall',
    worstMs: WORST_MS.planned,
    holdMs: 500,
    pairs: true,
    strike: (stage) => strikeDead(stage, [one(stage, stage.cluster.of('sentinel'))]),
  },
  {
    name: 'kill-two-sentinels',
    row: '11',
    what: 'kill -9 of two Sentinels',
    failover: 'must not',
    serves: true,
    measures: 'longest stall',
    worstMs: WORST_MS.planned,
    holdMs: 1000,
    strike: (stage) => strikeDead(stage, stage.random.shuffled(stage.cluster.of('sentinel')).slice(0, 2)),
  },
  {
    name: 'freeze-sentinel',
    row: '12',
    what: 'a Sentinel stands still for 3 s',
    failover: 'must not',
    serves: true,
    measures: 'longest stall',
    worstMs: WORST_MS.planned,
    holdMs: 3000,
    strike: (stage) => strikeFrozen(stage, one(stage, stage.cluster.of('sentinel'))),
  },
  {
    name: 'tilt-then-kill',
    row: '12',
    what: 'a Sentinel is in TILT after a pause, then the primary dies',
    failover: 'must',
    serves: true,
    worstMs: WORST_MS.silence,
    strike: async (stage) => {
      const sentinel = one(stage, stage.cluster.of('sentinel'));
      sentinel.child()?.freeze();
      await pause(3000);
      sentinel.child()?.resume();
      await pause(500);
      await strikeDead(stage, [stage.roles.primary]);
    },
  },
  {
    name: 'kill-warden',
    row: '11',
    what: 'kill -9 of one warden',
    needs: ['wardens'],
    failover: 'must not',
    serves: true,
    measures: 'longest stall',
    worstMs: WORST_MS.planned,
    holdMs: 500,
    pairs: true,
    strike: (stage) => strikeDead(stage, [one(stage, stage.cluster.of('warden'))]),
  },
  {
    name: 'kill-wardens-then-primary',
    row: '11',
    what: 'all wardens are dead, then the primary dies: Sentinel alone fails over',
    needs: ['wardens'],
    failover: 'must',
    serves: true,
    strike: async (stage) => {
      await Promise.all(stage.cluster.of('warden').map((warden) => warden.kill()));
      await pause(300);
      await strikeDead(stage, [stage.roles.primary]);
    },
  },
];
