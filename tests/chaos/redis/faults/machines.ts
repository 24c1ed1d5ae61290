/** Slow processors, slow, full and failing disks, damaged files: rows 25 to 28 and 30. */
import { pause } from '@holdfast/drill';
import { startBurners, throttle } from '../hosts/load.ts';
import type { Member } from '../hosts/cluster.ts';
import { cutAofTail, damageAof } from './aof.ts';
import { type Fault, type Stage, WORST_MS } from './fault.ts';

const replica = (stage: Stage): Member => stage.random.pick(stage.roles.replicas);

const fill = (stage: Stage, member: Member): Promise<void> =>
  stage.strikes(`${member.name}: its disk is full`, () => member.disk?.fill());

/** A replica dies, its file is damaged while it is down, and it is started again. */
async function damaged(stage: Stage, damage: (member: Member) => void): Promise<void> {
  const member = replica(stage);
  await stage.strikes(`kill -9 ${member.name}, to come back with a damaged file`, () => member.kill());
  damage(member);
  await stage.untilAcknowledged();
}

export const MACHINE_FAULTS: readonly Fault[] = [
  {
    name: 'slow-cpu',
    row: '25',
    what: 'the primary gets half of a processor, in slices of 50 ms, for 2 s',
    failover: 'may',
    serves: true,
    measures: 'longest stall',
    holdMs: 2000,
    strike: (stage) =>
      stage.strikes(`${stage.roles.primary.name}: half of a processor`, () =>
        stage.onEnd(throttle(stage.roles.primary, 50, 50)),
      ),
  },
  {
    name: 'burners',
    row: '25',
    what: 'six processes burn all processors for 3 s',
    failover: 'must not',
    serves: true,
    measures: 'longest stall',
    worstMs: WORST_MS.silence,
    holdMs: 3000,
    strike: (stage) => stage.strikes('six burners', () => stage.onEnd(startBurners(6))),
  },
  {
    name: 'slow-fsync',
    row: '26',
    what: 'every fsync of the primary takes 150 ms longer, for 2 s',
    needs: ['shim'],
    failover: 'may',
    serves: true,
    measures: 'longest stall',
    holdMs: 2000,
    pairs: true,
    strike: (stage) =>
      stage.strikes(`${stage.roles.primary.name}: fsync takes 150 ms longer`, () =>
        stage.roles.primary.shim?.slowFsync(150),
      ),
  },
  {
    name: 'slow-fsync-replica',
    row: '26',
    what: 'every fsync of a replica takes 400 ms longer, for 2 s',
    needs: ['shim'],
    failover: 'must not',
    serves: true,
    measures: 'longest stall',
    holdMs: 2000,
    strike: (stage) => {
      const member = replica(stage);
      return stage.strikes(`${member.name}: fsync takes 400 ms longer`, () => member.shim?.slowFsync(400));
    },
  },
  {
    name: 'disk-stall',
    row: '26',
    what: "the primary's disk stands still for 2 s",
    needs: ['image'],
    failover: 'may',
    serves: true,
    measures: 'longest stall',
    strike: async (stage) => {
      const { disk, name } = stage.roles.primary;
      await stage.strikes(`${name}: its disk stands still`, () => disk?.freeze());
      await pause(2000);
      await disk?.thaw();
    },
  },
  {
    name: 'disk-full-primary',
    row: '27',
    what: "the primary's disk is full",
    needs: ['disk'],
    failover: 'may',
    serves: true,
    pairs: true,
    strike: (stage) => fill(stage, stage.roles.primary),
  },
  {
    name: 'disk-full-replica',
    row: '27',
    what: "a replica's disk is full",
    needs: ['disk'],
    failover: 'must not',
    serves: true,
    holdMs: 500,
    pairs: true,
    strike: (stage) => fill(stage, replica(stage)),
  },
  {
    name: 'disk-full-sentinel',
    row: '27',
    what: "a Sentinel's disk is full, then the primary dies",
    needs: ['disk'],
    failover: 'must',
    serves: true,
    strike: async (stage) => {
      await stage.random.pick(stage.cluster.of('sentinel')).disk?.fill();
      const { primary } = stage.roles;
      await stage.strikes(`kill -9 ${primary.name}, with a Sentinel's disk full`, () => primary.kill());
    },
  },
  {
    name: 'read-only-primary',
    row: '28',
    what: "the primary's disk becomes read-only after an error",
    needs: ['image'],
    failover: 'may',
    serves: true,
    strike: (stage) =>
      stage.strikes(`${stage.roles.primary.name}: its disk is read-only`, () =>
        stage.roles.primary.disk?.makeReadOnly(),
      ),
  },
  {
    name: 'fsync-error-primary',
    row: '28',
    what: 'fsync of the primary fails with EIO',
    needs: ['shim'],
    failover: 'may',
    serves: true,
    pairs: true,
    strike: (stage) =>
      stage.strikes(`${stage.roles.primary.name}: fsync fails`, () => stage.roles.primary.shim?.failFsync()),
  },
  {
    name: 'fsync-error-replica',
    row: '28',
    what: 'fsync of a replica fails with EIO',
    needs: ['shim'],
    failover: 'must not',
    serves: true,
    holdMs: 500,
    strike: (stage) => {
      const member = replica(stage);
      return stage.strikes(`${member.name}: fsync fails`, () => member.shim?.failFsync());
    },
  },
  {
    name: 'aof-cut-replica',
    row: '30',
    what: 'a replica comes back with the tail of its AOF cut off',
    failover: 'must not',
    serves: true,
    strike: (stage) =>
      damaged(stage, (member) => cutAofTail(member, stage.random.whole(500, 20_000), stage.story)),
  },
  {
    name: 'aof-damaged-replica',
    row: '30',
    what: 'a replica comes back with bits turned in the middle of its AOF',
    failover: 'must not',
    serves: true,
    strike: (stage) => damaged(stage, (member) => damageAof(member, stage.random, stage.story)),
  },
];
