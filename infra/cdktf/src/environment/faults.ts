/** What of an environment and its holdfast.yaml does not go together. All of it is told before anything is written. */
import type { Configuration } from '@holdfast/configuration';
import { addressFaults } from './addresses.ts';
import { DATA_FOLDER, SNAPSHOTS_FOLDER } from './container-places.ts';
import { isLoopback } from './ipv4.ts';
import { portClashes } from './listeners.ts';
import { placeProcesses, type Process } from './processes.ts';
import type { EnvironmentValues } from './schema.ts';
import { secretFaults } from './secrets.ts';

export type Fault = { readonly path: string; readonly message: string };

/** The processes with their places, and every fault. */
export function checkTogether(
  values: EnvironmentValues,
  cluster: Configuration,
  isSecretThere: (name: string) => boolean,
): { readonly processes: readonly Process[]; readonly faults: readonly Fault[] } {
  const { processes, faults } = placeProcesses(values, cluster);
  return {
    processes,
    faults: [
      ...faults,
      ...names(processes),
      ...addressFaults(values, cluster, processes),
      ...portClashes(values, cluster, processes),
      ...together(values, cluster),
      ...folders(values, cluster),
      ...secretFaults(values, cluster, isSecretThere),
      ...redisMemory(values, cluster),
    ],
  };
}

function names(processes: readonly Process[]): Fault[] {
  return processes.flatMap(({ name, from }, index) => {
    const first = processes.findIndex((other) => other.name === name);
    const message = `the name ${name} is that of ${processes[first]?.from} already, expected another`;
    return first === index ? [] : [{ path: from, message }];
  });
}

/** Parts that must be in both files, and what a container makes impossible. */
function together(values: EnvironmentValues, cluster: Configuration): Fault[] {
  const faults: Fault[] = [];
  const inCluster = (field: string): string => `${values.cluster}: ${field}`;
  if (cluster.simulator !== undefined && values.images.simulator === undefined) {
    const path = inCluster('simulator');
    faults.push({ path, message: 'is there without images.simulator, expected both or neither' });
  }
  if (cluster.simulator === undefined && values.images.simulator !== undefined) {
    const message = `is there, and ${values.cluster} has no simulator, expected both or neither`;
    faults.push({ path: 'images.simulator', message });
  }
  const { host } = cluster.api.listen;
  if (host !== '0.0.0.0' && !isLoopback(host)) {
    const message = `"${host}", expected 127.0.0.1 or 0.0.0.0: every backend listens there, each in its own place; clients call the load balancer`;
    faults.push({ path: inCluster('api.listen.host'), message });
  }
  const url = new URL(cluster.clickhouse.url);
  if (values.images.clickhouse !== undefined && (url.protocol !== 'http:' || url.port === '')) {
    const message = `"${cluster.clickhouse.url}", expected http:// and a port, because images.clickhouse is run there`;
    faults.push({ path: inCluster('clickhouse.url'), message });
  }
  const { users, passwordFile, nodes } = cluster.redis;
  const open = nodes.find((node) => values.network.mode === 'host' && !isLoopback(node.host));
  if (open !== undefined && users === undefined && passwordFile === undefined) {
    const message = `neither users nor passwordFile, expected one: ${open.name} can be reached by everybody at ${open.host}`;
    faults.push({ path: inCluster('redis'), message });
  }
  return faults;
}

/** Everywhere else the root of a container is read-only. */
function folders(values: EnvironmentValues, cluster: Configuration): Fault[] {
  const { sync, simulator } = cluster;
  const below = (field: string, path: string | undefined): Fault[] =>
    path === undefined || path.startsWith(`${DATA_FOLDER}/`)
      ? []
      : [
          {
            path: `${values.cluster}: ${field}`,
            message: `"${path}", expected a path below ${DATA_FOLDER}, where the volume is`,
          },
        ];
  const backups =
    sync.backups === SNAPSHOTS_FOLDER
      ? []
      : [
          {
            path: `${values.cluster}: sync.backups`,
            message: `"${sync.backups}", expected ${SNAPSHOTS_FOLDER}, where the volume of the snapshots is`,
          },
        ];
  return [
    ...below('sync.database', sync.database),
    ...backups,
    ...below('simulator.state', simulator?.state),
    ...below('simulator.journals', simulator?.journals),
  ];
}

const MIB_BYTES = 1024 * 1024;
/**
 * While Redis rewrites its file or copies itself to a replica, pages that change exist twice. Half of the data is what
 * changes at most in that time; when it is more, the kernel ends the node, and the others go on.
 */
const COPY_ON_WRITE = 1.5;
/** The replication backlog, buffers of replicas and clients, and Redis itself. */
const BESIDE_DATA_MIB = 128;

/** The least memory of a Redis container for a `maxmemoryBytes`. */
export function redisMemoryLeastMiB(maxmemoryBytes: number): number {
  return Math.ceil((maxmemoryBytes / MIB_BYTES) * COPY_ON_WRITE) + BESIDE_DATA_MIB;
}

function redisMemory({ limits }: EnvironmentValues, { redis }: Configuration): Fault[] {
  const least = redisMemoryLeastMiB(redis.maxmemoryBytes);
  if (limits.redis.memoryMiB >= least) return [];
  const message = `${limits.redis.memoryMiB}, expected at least ${least}: ${COPY_ON_WRITE} times redis.maxmemoryBytes (${redis.maxmemoryBytes}) for copy-on-write, and ${BESIDE_DATA_MIB} MiB beside the data`;
  return [{ path: 'limits.redis.memoryMiB', message }];
}
