/** Faults of the broker and of the way to it; the simulated broker performs them. */
import { brokerFault, endBrokerFaults } from '../system/broker.ts';
import { type Fault, leadingEngine, type Mend, type World } from './fault.ts';

const TIMEOUT = 10012;
const MANY = 200;

/** Asks for the faults; they are ended when the run mends. */
async function ask(world: World, ...faults: readonly Readonly<Record<string, unknown>>[]): Promise<Mend> {
  for (const fault of faults) {
    world.tell(`broker: ${JSON.stringify(fault)}`);
    await brokerFault(world.system, fault);
  }
  return () => endBrokerFaults(world.system);
}

const anyAccount = ({ system, random }: World): string => random.pick(system.accounts).account;
const needs = ['simulator'] as const;

export const BROKER_FAULTS: readonly Fault[] = [
  {
    name: 'engine-killed-mid-order',
    what: 'the engine that leads is ended with kill -9 while orders are at the broker',
    rows: '33',
    needs,
    strike: async (world) => {
      const mend = await ask(world, { kind: 'delay', delayMs: 150, times: MANY });
      await new Promise((resolve) => setTimeout(resolve, world.random.whole(150, 350)));
      const name = leadingEngine(world);
      world.tell(`kill -9 ${name}`);
      world.system.signal(name, 'SIGKILL');
      return mend;
    },
  },
  {
    name: 'broker-no-answer',
    what: 'the broker executes orders and does not answer',
    rows: '40',
    needs,
    pairs: true,
    mayBeUnknown: true,
    strike: (world) =>
      ask(world, { kind: 'drop_reply', account: anyAccount(world), times: 3, retcode: TIMEOUT }),
  },
  {
    name: 'broker-answers-late',
    what: 'the broker says that an order timed out, and executes it 0.3 s later',
    rows: '40, 41',
    needs,
    mayBeUnknown: true,
    strike: (world) =>
      ask(world, {
        kind: 'drop_reply',
        account: anyAccount(world),
        times: 2,
        retcode: TIMEOUT,
        executeAfterMs: 300,
      }),
  },
  {
    name: 'broker-never-executes',
    what: 'an order never reaches the broker, and nobody says so',
    rows: '40',
    needs: [...needs, 'own'],
    mayBeUnknown: true,
    strike: (world) =>
      ask(world, { kind: 'drop_request', account: anyAccount(world), times: 1, retcode: TIMEOUT }),
  },
  {
    name: 'broker-events-lost',
    what: 'the broker does not tell of what happens on an account',
    rows: '41',
    needs,
    strike: (world) => ask(world, { kind: 'events_lost', account: anyAccount(world), times: 20 }),
  },
  {
    name: 'broker-events-late',
    what: 'the broker tells what happens on an account twice, up to 1 s late and in any order',
    rows: '41',
    needs,
    strike: (world) =>
      ask(world, { kind: 'events_late', account: anyAccount(world), times: 20, delayMs: 1000 }),
  },
  {
    name: 'broker-down',
    what: 'a terminal loses the broker for 1.5 s, and its lists prove nothing for 0.5 s more',
    rows: '42',
    needs,
    stops: true,
    holdMs: 2000,
    pairs: true,
    mayBeUnknown: true,
    strike: (world) =>
      ask(world, { kind: 'broker_down', account: anyAccount(world), forMs: 1500, syncMs: 500 }),
  },
  {
    name: 'links-down',
    what: "a terminal's links to all engines break and stay down for 1 s",
    rows: '42, 44',
    needs,
    stops: true,
    holdMs: 1000,
    pairs: true,
    strike: (world) => ask(world, { kind: 'links_down', account: anyAccount(world), forMs: 1000 }),
  },
  {
    name: 'broker-history-lags',
    what: 'the broker does not answer, and its lists show what happened only 1 s later',
    rows: '43',
    needs,
    holdMs: 2500,
    mayBeUnknown: true,
    strike: (world) => {
      const account = anyAccount(world);
      return ask(
        world,
        { kind: 'lists_lag', account, lagMs: 1000, forMs: 3000 },
        { kind: 'drop_reply', account, times: 2, retcode: TIMEOUT },
      );
    },
  },
];
