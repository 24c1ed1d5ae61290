/** All faults by name, what this machine cannot do of them, and pairs: the second strikes in the recovery of the first. */
import { pause } from '@holdfast/drill';
import type { Random } from '@holdfast/drill';
import { ASTRAY_FAULTS } from './astray.ts';
import { CLOCK_FAULTS } from './clocks.ts';
import type { Fault, Need } from './fault.ts';
import { LINK_FAULTS } from './links.ts';
import { MACHINE_FAULTS } from './machines.ts';
import { PLANNED_FAULTS } from './planned.ts';
import { PROCESS_FAULTS } from './processes.ts';
import { PROXY_FAULTS } from './proxied.ts';

export const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...ASTRAY_FAULTS,
  ...PROXY_FAULTS,
  ...LINK_FAULTS,
  ...MACHINE_FAULTS,
  ...CLOCK_FAULTS,
  ...PLANNED_FAULTS,
];

/** The name under which seeded pairs are asked for. */
export const PAIR = 'pair';

/** Why a fault cannot be done here; undefined when it can. */
export type Lacks = (need: Need) => string | undefined;

/** What can be done of the faults with these names (all of them, when none are named), and what not, with why. */
export function possible(
  names: readonly string[],
  lacks: Lacks,
): { readonly faults: readonly Fault[]; readonly skipped: readonly { name: string; why: string }[] } {
  const unknown = names.filter((name) => name !== PAIR && !FAULTS.some((fault) => fault.name === name));
  if (unknown.length > 0) {
    const known = [...FAULTS.map(({ name }) => name), PAIR].join(', ');
    throw new Error(`no fault ${unknown.join(', ')}; expected some of ${known}`);
  }
  const wanted = names.length === 0 ? FAULTS : FAULTS.filter(({ name }) => names.includes(name));
  const faults: Fault[] = [];
  const skipped: { name: string; why: string }[] = [];
  for (const fault of wanted) {
    const why = (fault.needs ?? []).flatMap((need) => lacks(need) ?? [])[0];
    if (why === undefined) faults.push(fault);
    else skipped.push({ name: fault.name, why });
  }
  return { faults, skipped };
}

/** Two of the faults that can be paired, the second a moment after the first. */
export function pairOf(faults: readonly Fault[], random: Random): Fault {
  const [first, second] = [random.pick(faults), random.pick(faults)];
  const afterMs = random.whole(0, 1500);
  return {
    name: PAIR,
    row: '54',
    what: `${first.name}, and ${afterMs} ms later ${second.name}`,
    failover: 'may',
    // Two at once may stop the service; the outage counts until both are mended.
    serves: false,
    holdMs: 700,
    strike: async (stage) => {
      await first.strike(stage);
      await pause(afterMs);
      const roles = await stage.cluster.roles().catch(() => stage.roles);
      await second.strike({ ...stage, roles });
    },
  };
}
