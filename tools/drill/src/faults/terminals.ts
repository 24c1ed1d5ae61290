/** Faults of terminals and of the bridge in them: killed at each step of its journal, frozen, started again without it. */
import { rmSync } from 'node:fs';
import { within } from '../clock.ts';
import { brokerFault } from '../system/broker.ts';
import { byItself, type Fault, type Mend, type World } from './fault.ts';

const DIES_WITHIN_MS = 5000;
const ANOTHER_LOGIN = '900001';

const anyTerminal = ({ system, random }: World): string =>
  random.pick(system.accounts.flatMap(({ terminals }) => terminals));

/** The terminal dies at a point of its next command; resolves when it has. */
async function dieAt(world: World, point: string): Promise<string> {
  const terminal = anyTerminal(world);
  const pid = world.system.pid(terminal);
  world.tell(`${terminal} dies at ${point} of its next command`);
  await brokerFault(world.system, { kind: 'crash', terminal, point });
  const died = await within({ limitMs: DIES_WITHIN_MS, everyMs: 2 }, () =>
    world.system.pid(terminal) === pid ? undefined : true,
  );
  if (died === undefined) throw new Error(`${terminal} did not die at ${point} within ${DIES_WITHIN_MS} ms`);
  return terminal;
}

/** After that one nobody can know whether the broker has the order: a person may have to say. */
const DOUBTFUL = 'after_intent';
const AT: readonly (readonly [point: string, what: string])[] = [
  ['before_intent', 'before it wrote down what it was about to send'],
  [DOUBTFUL, 'after it wrote down what it was about to send, before it sent it'],
  ['after_send', 'after the broker has the order, before the answer was written down'],
  ['after_result', 'after the answer was written down, before the engine heard of it'],
];

export const TERMINAL_FAULTS: readonly Fault[] = [
  {
    name: 'terminal-logged-in-elsewhere',
    what: 'a terminal is logged in at the broker as another account for 1.5 s',
    rows: '44',
    needs: ['simulator'],
    stops: true,
    holdMs: 1500,
    pairs: true,
    mayBeUnknown: true,
    strike: async (world) => {
      const terminal = anyTerminal(world);
      world.tell(`${terminal} is logged in as ${ANOTHER_LOGIN}`);
      await brokerFault(world.system, { kind: 'relogin', terminal, login: ANOTHER_LOGIN, forMs: 1500 });
      return byItself;
    },
  },
  {
    name: 'terminal-killed',
    what: 'a terminal is ended with kill -9 and started again',
    rows: '44',
    needs: ['simulator'],
    pairs: true,
    mayBeUnknown: true,
    strike: (world) => {
      const terminal = anyTerminal(world);
      world.tell(`kill -9 ${terminal}`);
      world.system.signal(terminal, 'SIGKILL');
      return Promise.resolve(byItself);
    },
  },
  ...AT.map(
    ([point, what]): Fault => ({
      name: `terminal-dies-${point.replace('_', '-')}`,
      what: `a terminal dies ${what}`,
      rows: '33, 44',
      needs: point === DOUBTFUL ? ['simulator', 'own'] : ['simulator'],
      mayBeUnknown: true,
      strike: async (world) => {
        await dieAt(world, point);
        return byItself;
      },
    }),
  ),
  {
    name: 'terminal-loses-journal',
    what: 'a terminal dies after the broker has the order, and comes back without its journal',
    rows: '44',
    needs: ['simulator', 'own'],
    mayBeUnknown: true,
    strike: async (world) => {
      const terminal = await dieAt(world, 'after_send');
      world.tell(`the journal of ${terminal} is removed`);
      rmSync(world.system.journal(terminal), { force: true });
      return byItself;
    },
  },
  {
    name: 'terminal-frozen',
    what: 'a terminal stands still for 1.5 s, then goes on',
    rows: '44',
    needs: ['simulator'],
    stops: true,
    holdMs: 1500,
    pairs: true,
    strike: (world): Promise<Mend> => {
      const terminal = anyTerminal(world);
      world.tell(`SIGSTOP ${terminal}`);
      world.system.signal(terminal, 'SIGSTOP');
      return Promise.resolve(() => {
        world.tell(`SIGCONT ${terminal}`);
        world.system.signal(terminal, 'SIGCONT');
        return Promise.resolve();
      });
    },
  },
];
