/** Who listens where, on which machine: a container with a network of its own, or a host. Nothing may listen twice. */
import type { Configuration } from '@holdfast/configuration';
import { listeningPoints } from '@holdfast/topology';
import { overlaps } from './ipv4.ts';
import type { Process } from './processes.ts';
import type { EnvironmentValues } from './schema.ts';

type Listener = {
  readonly machine: string;
  readonly address: string;
  readonly port: number;
  readonly what: string;
  readonly path: string;
};

/** Every second use of an address and port. */
export function portClashes(
  values: EnvironmentValues,
  cluster: Configuration,
  processes: readonly Process[],
): readonly { readonly path: string; readonly message: string }[] {
  const all = [...clusterListeners(values, cluster, processes), ...publishedListeners(values, processes)];
  return all.flatMap((one, index) => {
    const earlier = all
      .slice(0, index)
      .find(
        (other) =>
          other.machine === one.machine && other.port === one.port && overlaps(other.address, one.address),
      );
    if (earlier === undefined) return [];
    const message = `${one.what} would listen on ${one.address}:${one.port} of ${one.machine}, where ${earlier.what} does (${earlier.path}), expected another port`;
    return [{ path: one.path, message }];
  });
}

function clusterListeners(
  values: EnvironmentValues,
  cluster: Configuration,
  processes: readonly Process[],
): Listener[] {
  const isBridge = values.network.mode === 'bridge';
  const machineOf = (process: Process): string =>
    isBridge ? `the container of ${process.name}` : process.host.name;
  const points = listeningPoints(cluster, { embeddedClickHouse: values.images.clickhouse !== undefined });
  const own = points.flatMap(({ owner, endpoint, what }): Listener[] => {
    const process = processes.find(({ name }) => name === owner);
    if (process === undefined) return [];
    const { host: address, port } = endpoint;
    return [{ machine: machineOf(process), address, port, what, path: process.from }];
  });
  // Backends share this one among themselves, and with nobody else.
  const { host: address, port } = cluster.api.listen;
  const path = `${values.cluster}: api.listen`;
  const machines = new Set(processes.filter(({ kind }) => kind === 'backend').map(machineOf));
  return [...own, ...[...machines].map((machine) => ({ machine, address, port, what: 'the API', path }))];
}

/** Ports on the hosts; in a bridge the engine listens there, and in the mode host the process itself. */
function publishedListeners(values: EnvironmentValues, processes: readonly Process[]): Listener[] {
  const isBridge = values.network.mode === 'bridge';
  return processes.flatMap(({ name, kind, host, endpoint, from }): Listener[] => {
    if (kind !== 'loadBalancer' && kind !== 'prometheus' && kind !== 'grafana') return [];
    if (endpoint === undefined) return [];
    const listener = {
      machine: host.name,
      address: endpoint.host,
      port: endpoint.port,
      what: name,
      path: from,
    };
    const balancer = values.published.loadBalancers.find((_, index) => name === `load-balancer-${index + 1}`);
    if (balancer === undefined) return [listener];
    const metrics = {
      machine: isBridge ? `the container of ${name}` : host.name,
      address: isBridge ? '0.0.0.0' : host.address,
      port: balancer.metricsPort,
      what: `${name}, metrics`,
      path: `${from}.metricsPort`,
    };
    const inside = { ...listener, machine: `the container of ${name}`, address: '0.0.0.0' };
    return isBridge ? [listener, inside, metrics] : [listener, metrics];
  });
}
