/** Links that are cut, reset, one-way, flapping and lossy: rows 14 to 22 and 24. */
import { pause } from '@holdfast/drill';
import { CLIENTS, HOSTS, type Machine, MACHINES } from '../hosts/network.ts';
import { type Fault, type Stage, WORST_MS } from './fault.ts';

const NEEDS = ['links'] as const;

const others = (machine: Machine): Machine[] => HOSTS.filter((host) => host !== machine);

async function isolatePrimary(
  stage: Stage,
  how: Parameters<Stage['cuts']['isolate']>[1],
  what: string,
): Promise<void> {
  const { host } = stage.roles.primary;
  await stage.strikes(`${host} of the primary: ${what}`, () => stage.cuts.isolate(host, how));
}

/** Every machine sees only its two neighbours on a ring. */
function ringCuts(ring: readonly Machine[]): (readonly [Machine, Machine])[] {
  const cut: [Machine, Machine][] = [];
  for (const [i, one] of ring.entries()) {
    for (const [j, other] of ring.entries()) {
      const apart = Math.abs(i - j);
      if (j > i && apart !== 1 && apart !== ring.length - 1) cut.push([one, other]);
    }
  }
  return cut;
}

export const LINK_FAULTS: readonly Fault[] = [
  {
    name: 'isolate-primary',
    row: '14',
    what: "the primary's host hears nobody and is heard by nobody",
    needs: NEEDS,
    failover: 'must',
    serves: true,
    worstMs: WORST_MS.silence,
    holdMs: 500,
    pairs: true,
    strike: (stage) => isolatePrimary(stage, {}, 'cut off'),
  },
  {
    name: 'isolate-primary-reset',
    row: '15',
    what: "everything to and from the primary's host is answered with RST",
    needs: NEEDS,
    failover: 'must',
    serves: true,
    worstMs: WORST_MS.silence,
    holdMs: 500,
    pairs: true,
    strike: (stage) => isolatePrimary(stage, { reset: true }, 'cut off with RST'),
  },
  {
    name: 'primary-hears-nothing',
    row: '16',
    what: "what is sent to the primary's host is lost",
    needs: NEEDS,
    failover: 'must',
    serves: true,
    worstMs: WORST_MS.silence,
    holdMs: 500,
    strike: (stage) => isolatePrimary(stage, { way: 'in' }, 'hears nothing'),
  },
  {
    name: 'primary-not-heard',
    row: '16',
    what: "what the primary's host sends is lost",
    needs: NEEDS,
    failover: 'must',
    serves: true,
    worstMs: WORST_MS.silence,
    holdMs: 500,
    strike: (stage) => isolatePrimary(stage, { way: 'out' }, 'is not heard'),
  },
  {
    name: 'isolate-replica',
    row: '14',
    what: "a replica's host is cut off",
    needs: NEEDS,
    failover: 'must not',
    serves: true,
    worstMs: WORST_MS.replica,
    holdMs: 500,
    pairs: true,
    strike: (stage) => {
      const { host } = stage.random.pick(stage.roles.replicas);
      return stage.strikes(`${host} of a replica: cut off`, () => stage.cuts.isolate(host));
    },
  },
  {
    name: 'cut-primary-replica',
    row: '17',
    what: 'the primary and one replica do not hear each other; all else does',
    needs: NEEDS,
    failover: 'may',
    serves: true,
    holdMs: 1500,
    pairs: true,
    strike: async (stage) => {
      const replica = stage.random.pick(stage.roles.replicas);
      const { host } = stage.roles.primary;
      await stage.strikes(`${host} and ${replica.host}: cut from each other`, () =>
        stage.cuts.between([[host, replica.host]]),
      );
    },
  },
  {
    name: 'cut-observers-primary',
    row: '18',
    what: 'Sentinels and wardens of the other hosts do not reach the primary; clients and replicas do: a false failover',
    needs: ['links', 'groups'],
    failover: 'may',
    serves: true,
    holdMs: 1500,
    strike: async (stage) => {
      const { host } = stage.roles.primary;
      await stage.strikes(`Sentinels and wardens of the others: cut from ${host}`, async () => {
        await Promise.all(
          others(host).flatMap((other) =>
            (['sentinel', 'warden'] as const).map((group) => stage.cuts.ofGroup(other, group, host)),
          ),
        );
      });
    },
  },
  {
    name: 'client-with-primary',
    row: '19',
    what: "the primary's host and one client are cut off together",
    needs: NEEDS,
    failover: 'must',
    serves: true,
    worstMs: WORST_MS.silence,
    holdMs: 1500,
    strike: async (stage) => {
      const { host } = stage.roles.primary;
      const client = stage.random.pick(CLIENTS);
      stage.cutOff(client);
      const side = new Set<Machine>([host, client]);
      const rest = MACHINES.filter((machine) => !side.has(machine));
      const pairs = [...side].flatMap((one) => rest.map((other) => [one, other] as const));
      await stage.strikes(`${host} and ${client}: cut off together`, () => stage.cuts.between(pairs));
    },
  },
  {
    name: 'ring',
    row: '20',
    what: 'each machine hears only its two neighbours on a ring of all five',
    needs: NEEDS,
    failover: 'may',
    serves: false,
    holdMs: 2500,
    strike: async (stage) => {
      const ring = stage.random.shuffled(MACHINES);
      await stage.strikes(`a ring: ${ring.join(' – ')}`, () => stage.cuts.between(ringCuts(ring)));
    },
  },
  {
    name: 'heal-then-kill',
    row: '21',
    what: "the primary's host is cut off, another takes over, the cut heals and the new primary dies at once",
    needs: NEEDS,
    failover: 'must',
    serves: true,
    strike: async (stage) => {
      await isolatePrimary(stage, {}, 'cut off');
      await stage.untilAcknowledged();
      await pause(stage.random.whole(0, 1000));
      const { host } = stage.roles.primary;
      const views = [...(await stage.cluster.views())];
      const now = views.find(([node, view]) => node.host !== host && view.is === 'primary')?.[0];
      await stage.cuts.mend();
      if (now === undefined) return;
      await stage.strikes(`healed, and kill -9 ${now.name}`, () => now.kill());
    },
  },
  {
    name: 'flapping',
    row: '22',
    what: "the cable of the primary's host is out and in again, ten times a second for 3 s",
    needs: NEEDS,
    failover: 'may',
    serves: true,
    measures: 'longest stall',
    strike: (stage) => {
      const { host } = stage.roles.primary;
      return stage.strikes(`${host}: cable out and in`, () => stage.cuts.flap(host, 30, 50));
    },
  },
  {
    name: 'lossy',
    row: '24',
    what: "a tenth of the packets of the primary's host is lost for 2 s",
    needs: NEEDS,
    failover: 'may',
    serves: true,
    measures: 'longest stall',
    holdMs: 2000,
    pairs: true,
    strike: (stage) => {
      const { host } = stage.roles.primary;
      return stage.strikes(`${host}: 10 % of packets lost`, () => stage.cuts.lossy(host, 0.1));
    },
  },
];
