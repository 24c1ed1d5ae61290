/**
 * Cut links: firewall rules in the namespaces of the machines. Every cut is a list of rules a machine, put in with one
 * call, so that it takes effect at one moment; mending removes all rules of all machines.
 */
import { pause } from '@holdfast/drill';
import { ip, MACHINES, type Machine, type TestNetwork } from './network.ts';
import { feed } from '../../launch/feed.ts';

/** Groups that the processes of a host run as, so that rules can tell their packets apart. */
export const GROUPS = { redis: 21_001, sentinel: 21_002, warden: 21_003 } as const;

export type Way = 'both' | 'in' | 'out';

export type Cuts = {
  /** The machine and all others no longer hear each other; `reset` answers what comes with RST instead of nothing. */
  readonly isolate: (
    machine: Machine,
    how?: { readonly way?: Way; readonly reset?: boolean },
  ) => Promise<void>;
  /** Each pair no longer hears each other. */
  readonly between: (pairs: readonly (readonly [Machine, Machine])[]) => Promise<void>;
  /** What processes of a group on `from` send to `to` does not arrive. */
  readonly ofGroup: (from: Machine, group: keyof typeof GROUPS, to: Machine) => Promise<void>;
  /** That share of the packets that come in and go out is lost. */
  readonly lossy: (machine: Machine, share: number) => Promise<void>;
  /** What the machine sends to a port elsewhere goes to a proxy of the tests instead. */
  readonly redirect: (
    machine: Machine,
    to: { readonly host: string; readonly port: number },
    proxyPort: number,
  ) => Promise<void>;
  /** The cable is pulled and put in again, `times` times. */
  readonly flap: (machine: Machine, times: number, halfPeriodMs: number) => Promise<void>;
  readonly mend: () => Promise<void>;
};

/** Cuts in this network. On loopback nothing can be cut, and every one of these rejects. */
export function createCuts(network: TestNetwork): Cuts {
  const dirty = new Set<Machine>();
  const rules = async (machine: Machine, lines: readonly string[], table = 'filter'): Promise<void> => {
    if (network.place === 'loopback') throw new Error('no link can be cut on loopback');
    dirty.add(machine);
    await feed(
      network.on(machine, ['iptables-restore', '--noflush']),
      [`*${table}`, ...lines, 'COMMIT', ''].join('\n'),
    );
  };
  const { address, control } = network;
  return {
    isolate: (machine, { way = 'both', reset = false } = {}) => {
      const target = reset ? 'REJECT --reject-with tcp-reset' : 'DROP';
      const only = reset ? '-p tcp ' : '';
      return rules(machine, [
        // An RST that answers what came in must get out.
        ...(reset ? ['-A OUTPUT -p tcp --tcp-flags RST RST -j ACCEPT'] : []),
        ...(way === 'out' ? [] : [`-A INPUT ${only}! -s ${control} -i eth0 -j ${target}`]),
        ...(way === 'in' ? [] : [`-A OUTPUT ${only}! -d ${control} -o eth0 -j ${target}`]),
      ]);
    },
    between: async (pairs) => {
      const byMachine = new Map<Machine, string[]>();
      for (const [one, other] of pairs) {
        const lines = byMachine.get(one) ?? [];
        lines.push(`-A INPUT -s ${address(other)} -j DROP`, `-A OUTPUT -d ${address(other)} -j DROP`);
        byMachine.set(one, lines);
      }
      await Promise.all([...byMachine].map(([machine, lines]) => rules(machine, lines)));
    },
    ofGroup: (from, group, to) =>
      rules(from, [`-A OUTPUT -d ${address(to)} -m owner --gid-owner ${GROUPS[group]} -j DROP`]),
    lossy: (machine, share) => {
      const loss = `-m statistic --mode random --probability ${share} -j DROP`;
      return rules(machine, [
        `-A INPUT ! -s ${control} -i eth0 ${loss}`,
        `-A OUTPUT ! -d ${control} -o eth0 ${loss}`,
      ]);
    },
    redirect: (machine, to, proxyPort) =>
      rules(
        machine,
        [
          `-A OUTPUT -p tcp -d ${to.host} --dport ${to.port} -j DNAT --to-destination ${control}:${proxyPort}`,
        ],
        'nat',
      ),
    flap: async (machine, times, halfPeriodMs) => {
      for (let i = 0; i < times; i += 1) {
        await ip('link', 'set', network.port(machine), 'down');
        await pause(halfPeriodMs);
        await ip('link', 'set', network.port(machine), 'up');
        await pause(halfPeriodMs);
      }
    },
    mend: async () => {
      const machines = MACHINES.filter((machine) => dirty.has(machine));
      await Promise.all(
        machines.map(async (machine) => {
          await feed(network.on(machine, ['iptables-restore']), '*filter\nCOMMIT\n*nat\nCOMMIT\n');
          dirty.delete(machine);
        }),
      );
    },
  };
}
