/**
 * Cut links between processes of one machine: firewall rules on the loopback of a network namespace that the suite has
 * for itself. Parts run as groups of their own; the connections that a part dials carry its group as a mark, so that
 * what comes back on them can be dropped as well.
 */
import type { Cut, Links } from '@holdfast/drill';
import { ip } from '../redis/hosts/network.ts';
import { groupOf } from './cluster.ts';
import { feed } from '../launch/feed.ts';

/** Brings loopback up and marks what each part dials. */
export async function createLinks(parts: readonly { readonly name: string }[]): Promise<Links> {
  await ip('link', 'set', 'lo', 'up');
  const marks = parts.map(
    ({ name }) =>
      `-A OUTPUT -p tcp -m conntrack --ctstate NEW -m owner --gid-owner ${groupOf(parts, name)} -j CONNMARK --set-mark ${groupOf(parts, name)}`,
  );
  await feed(['iptables-restore', '--noflush'], ['*mangle', ...marks, 'COMMIT', ''].join('\n'));
  return {
    cut: (cuts) => {
      const lines = cuts.flatMap((cut) => rulesOf(cut, parts));
      return feed(['iptables-restore', '--noflush'], ['*filter', ...lines, 'COMMIT', ''].join('\n'));
    },
    mend: () => feed(['iptables-restore'], '*filter\nCOMMIT\n'),
  };
}

/** What is dropped: on a part's own connections by its group and mark, else by port alone. */
function rulesOf({ port, of, way }: Cut, parts: readonly { readonly name: string }[]): string[] {
  const to = way !== 'from';
  const from = way !== 'to';
  const dport = port === undefined ? '' : ` --dport ${port}`;
  const sport = port === undefined ? '' : ` --sport ${port}`;
  if (of === undefined) {
    return [
      ...(to ? [`-A OUTPUT -p tcp${dport} -j DROP`] : []),
      ...(from ? [`-A OUTPUT -p tcp${sport} -j DROP`] : []),
    ];
  }
  const group = groupOf(parts, of);
  return [
    ...(to ? [`-A OUTPUT -p tcp${dport} -m owner --gid-owner ${group} -j DROP`] : []),
    ...(from ? [`-A INPUT -p tcp${sport} -m connmark --mark ${group} -j DROP`] : []),
  ];
}
