/** Fixed addresses in a bridge, and what must not share a host where there are several. */
import type { Configuration } from '@holdfast/configuration';
import { ipv4Network, ipv4Number, isIpv4 } from './ipv4.ts';
import type { Process } from './processes.ts';
import type { EnvironmentValues } from './schema.ts';

type Fault = { readonly path: string; readonly message: string };

/** Every fault of addresses and hosts. */
export function addressFaults(
  values: EnvironmentValues,
  cluster: Configuration,
  processes: readonly Process[],
): readonly Fault[] {
  return values.network.mode === 'bridge'
    ? [...inSubnet(values, processes), ...twice(processes)]
    : [...spread(values, processes), ...wardens(values, cluster, processes), ...published(processes)];
}

function inSubnet(
  { network: { subnet, dynamic } }: EnvironmentValues,
  processes: readonly Process[],
): Fault[] {
  if (subnet === undefined || dynamic === undefined) return [];
  const { first, last } = ipv4Network(subnet);
  const handedOut = ipv4Network(dynamic);
  return processes.flatMap(({ address, from }): Fault[] => {
    if (address === undefined) return [];
    const at = isIpv4(address) ? ipv4Number(address) : Number.NaN;
    // The first is the network's own, the second the gateway, the last the broadcast address.
    const isStatic = at > first + 1 && at < last && !(at >= handedOut.first && at <= handedOut.last);
    if (isStatic) return [];
    const message = `its address ${address} is not one of ${subnet} (without the gateway, and without ${dynamic}, which is handed out)`;
    return [{ path: from, message }];
  });
}

function twice(processes: readonly Process[]): Fault[] {
  return processes.flatMap(({ address, name, from }, index): Fault[] => {
    if (address === undefined) return [];
    const first = processes.findIndex((other) => other.address === address);
    if (first === index) return [];
    const message = `the address ${address} of ${name} is that of ${processes[first]?.name} already, expected one for each container`;
    return [{ path: from, message }];
  });
}

/** A host that is lost must not take two Redis nodes with it, nor two votes of the Sentinels. */
function spread({ hosts }: EnvironmentValues, processes: readonly Process[]): Fault[] {
  if (hosts.length === 1) return [];
  return (['redis', 'sentinel'] as const).flatMap((kind) => {
    const own = processes.filter((process) => process.kind === kind);
    return own.flatMap(({ name, host, from }, index) => {
      const first = own.findIndex((other) => other.host.name === host.name);
      if (first === index) return [];
      const message = `${name} runs on ${host.name} as ${own[first]?.name} does, expected another host: one lost host must not take both`;
      return [{ path: from, message }];
    });
  });
}

function wardens(values: EnvironmentValues, cluster: Configuration, processes: readonly Process[]): Fault[] {
  const hostOf = (name: string) => processes.find((process) => process.name === name)?.host.name;
  return cluster.redis.wardens.flatMap(({ name, node }, index): Fault[] => {
    const [own, beside] = [hostOf(name), hostOf(node)];
    if (own === undefined || beside === undefined || own === beside) return [];
    const message = `${name} runs on ${own}, expected ${beside}, beside its node ${node}`;
    return [{ path: `${values.cluster}: redis.wardens[${index}]`, message }];
  });
}

/** Without a bridge a published address is one that the host itself has. */
function published(processes: readonly Process[]): Fault[] {
  return processes.flatMap(({ kind, host, endpoint, from }): Fault[] => {
    const isPublished = kind === 'loadBalancer' || kind === 'prometheus' || kind === 'grafana';
    const known = [host.address, '127.0.0.1', '0.0.0.0'];
    if (!isPublished || endpoint === undefined || known.includes(endpoint.host)) return [];
    const message = `"${endpoint.host}" is no address of ${host.name}, expected one of: ${known.join(', ')}`;
    return [{ path: `${from}.address`, message }];
  });
}
