/** All faults, what can be done on a given system, and pairs of them. */
import type { Random } from '../random.ts';
import { BROKER_FAULTS } from './broker.ts';
import type { Fault, Mend, World } from './fault.ts';
import { LINK_FAULTS } from './links.ts';
import { PROCESS_FAULTS } from './processes.ts';
import { TERMINAL_FAULTS } from './terminals.ts';

export const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...TERMINAL_FAULTS,
  ...BROKER_FAULTS,
  ...LINK_FAULTS,
];

/** The name under which pairs are told. */
export const PAIR = 'pair';

export type Offer = {
  readonly simulator: boolean;
  readonly links: boolean;
  /** The system was made for this and may be spoilt. */
  readonly own: boolean;
};

const WHY: Readonly<Record<'simulator' | 'links' | 'own', string>> = {
  simulator: 'needs the simulated broker',
  links: 'needs a network whose links can be cut: only `npm run chaos:engines` has one',
  own: 'may leave a signal that a person must resolve: only `npm run chaos:engines` does it',
};

/** Why this fault cannot be done; undefined when it can. */
export function whyNot({ needs = [] }: Fault, offer: Offer): string | undefined {
  const lacking = needs.find((need) => !offer[need]);
  return lacking === undefined ? undefined : WHY[lacking];
}

/** The fault of that name. Throws with all names when there is none. */
export function faultNamed(name: string): Fault {
  const found = FAULTS.find((fault) => fault.name === name);
  if (found === undefined)
    throw new Error(`fault ${name}: expected one of ${FAULTS.map((fault) => fault.name).join(', ')}`);
  return found;
}

const BETWEEN_MS_MOST = 600;

/** Two faults by the seed, the second while the first is felt. */
export function pairOf(faults: readonly Fault[], random: Random): Fault {
  const [first, second] = random.shuffled(faults.filter(({ pairs }) => pairs === true));
  if (first === undefined || second === undefined)
    throw new Error('a pair needs two faults that may be paired');
  const betweenMs = random.whole(0, BETWEEN_MS_MOST);
  return {
    name: PAIR,
    what: `${first.name}, then ${second.name} after ${betweenMs} ms`,
    rows: '54',
    needs: [...(first.needs ?? []), ...(second.needs ?? [])],
    stops: true,
    holdMs: Math.max(first.holdMs ?? 0, second.holdMs ?? 0, 500),
    mayBeUnknown: true,
    strike: async (world) => {
      const mends: Mend[] = [await first.strike(world)];
      try {
        await new Promise((resolve) => setTimeout(resolve, betweenMs));
        mends.push(await strikeIfThere(second, world));
      } catch (error) {
        await all(mends, world);
        throw error;
      }
      return () => all(mends, world);
    },
  };
}

/** Each is tried: what one cannot mend any more (a process that is gone) must not keep the others broken. */
async function all(mends: readonly Mend[], { tell }: World): Promise<void> {
  for (const mend of mends) await mend().catch((error: unknown) => tell(`not mended: ${String(error)}`));
}

/** The first fault may have ended what the second one wants to break: then there is nothing left to break. */
async function strikeIfThere(fault: Fault, world: World): Promise<Mend> {
  try {
    return await fault.strike(world);
  } catch (error) {
    world.tell(
      `${fault.name} found nothing to break: ${error instanceof Error ? error.message : String(error)}`,
    );
    return () => Promise.resolve();
  }
}
