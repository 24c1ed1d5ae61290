/**
 * What runs in an environment, and where: the nodes of the cluster as libs/topology lists them, and beside them the load
 * balancers and the monitoring. A node's address in holdfast.yaml says on which host it runs.
 */
import { type Configuration, type Disagreement, pathText } from '@holdfast/configuration';
import type { Endpoint } from '@holdfast/ha-core';
import {
  BROKER_NAME,
  CLICKHOUSE_NAME,
  listeningPoints,
  type NodeKind,
  nodeOutlines,
} from '@holdfast/topology';
import type { EnvironmentValues } from './schema.ts';

export type Host = EnvironmentValues['hosts'][number];
export type Kind = NodeKind | 'loadBalancer' | 'prometheus' | 'grafana';

export type Process = {
  readonly name: string;
  readonly kind: Kind;
  readonly host: Host;
  /** Its own address in a bridge network, where it has a fixed one. */
  readonly address: string | undefined;
  /** Where it answers questions about itself. */
  readonly endpoint: Endpoint | undefined;
  /** Place in holdfast.yaml or in the environment that it comes from, for messages. */
  readonly from: string;
};

export type Placement = {
  readonly processes: readonly Process[];
  /** Places are texts: those in holdfast.yaml are named with the file. */
  readonly faults: readonly { readonly path: string; readonly message: string }[];
};

/** The processes that can be placed, and why the others cannot. */
export function placeProcesses(values: EnvironmentValues, cluster: Configuration): Placement {
  const faults: { path: string; message: string }[] = [];
  const options = { embeddedClickHouse: values.images.clickhouse !== undefined };
  const points = listeningPoints(cluster, options);
  const inFile = placesInFile(cluster);
  const processes = nodeOutlines(cluster, options).flatMap((node): Process[] => {
    const from = `${values.cluster}: ${inFile.get(node.name) ?? node.name}`;
    const own = points.filter(({ owner }) => owner === node.name).map(({ endpoint }) => endpoint.host);
    // A terminal listens nowhere; it runs beside its broker.
    const addresses = new Set(node.kind === 'terminal' ? [cluster.simulator?.http.host ?? ''] : own);
    if (addresses.size !== 1) {
      const found = [...addresses].join(', ');
      faults.push({ path: from, message: `listens at ${found}, expected one address for one container` });
      return [];
    }
    const [address = ''] = addresses;
    const host = hostOf(values, address);
    if (host === undefined) {
      faults.push({ path: from, message: unknownAddress(values, address) });
      return [];
    }
    const isFixed = values.network.mode === 'bridge' && node.kind !== 'terminal';
    const { name, kind, endpoint } = node;
    return [{ name, kind, host, address: isFixed ? address : undefined, endpoint, from }];
  });
  const published = publishedProcesses(values);
  return {
    processes: [...processes, ...published.processes],
    faults: [...faults, ...published.faults],
  };
}

function unknownAddress(values: EnvironmentValues, address: string): string {
  const known = values.hosts.map((host) => `${host.name} (${host.address})`).join(', ');
  return `its address ${address} is that of no host, expected one of: ${known}`;
}

/** In a bridge there is one host, and the address is one of its network; else the address is the host's own. */
function hostOf(values: EnvironmentValues, address: string): Host | undefined {
  if (values.network.mode === 'bridge') return values.hosts[0];
  return values.hosts.find((host) => host.address === address);
}

/** Load balancers and monitoring: what the environment file itself names. */
function publishedProcesses(values: EnvironmentValues): Placement {
  const { loadBalancers, prometheus, grafana } = values.published;
  const single = (kind: Kind, place: typeof prometheus) =>
    place === undefined ? [] : [{ name: kind, kind, path: ['published', kind], place }];
  const wanted = [
    ...loadBalancers.map((place, index) => ({
      name: `load-balancer-${index + 1}`,
      kind: 'loadBalancer' as const,
      path: ['published', 'loadBalancers', index],
      place,
    })),
    ...single('prometheus', prometheus),
    ...single('grafana', grafana),
  ];
  const faults: { path: string; message: string }[] = [];
  const processes = wanted.flatMap(({ name, kind, path, place }): Process[] => {
    const host = values.hosts.length === 1 ? values.hosts[0] : undefined;
    const named = place.host === undefined ? host : values.hosts.find((one) => one.name === place.host);
    if (named === undefined) {
      const known = values.hosts.map((one) => one.name).join(', ');
      const found = place.host === undefined ? 'missing' : `"${place.host}" is not a host`;
      faults.push({ path: pathText([...path, 'host']), message: `${found}, expected one of: ${known}` });
      return [];
    }
    const endpoint = { host: place.address, port: place.port };
    return [{ name, kind, host: named, address: undefined, endpoint, from: pathText(path) }];
  });
  return { processes, faults };
}

/** Name of each node → where holdfast.yaml has it. */
function placesInFile(cluster: Configuration): ReadonlyMap<string, string> {
  const listed = (list: readonly { readonly name: string }[], path: Disagreement['path']) =>
    list.map(({ name }, index): [string, string] => [name, pathText([...path, index])]);
  return new Map([
    ...listed(cluster.redis.nodes, ['redis', 'nodes']),
    ...listed(cluster.redis.sentinels, ['redis', 'sentinels']),
    ...listed(cluster.redis.wardens, ['redis', 'wardens']),
    ...listed(cluster.engines, ['engines']),
    ...listed(cluster.backends, ['backends']),
    [cluster.sync.name, 'sync'],
    [CLICKHOUSE_NAME, 'clickhouse.url'],
    [BROKER_NAME, 'simulator'],
    ...cluster.accounts.flatMap(({ terminals }, index) =>
      listed(terminals, ['accounts', index, 'terminals']),
    ),
  ]);
}
