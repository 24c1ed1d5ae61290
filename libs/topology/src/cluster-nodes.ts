/**
 * The processes of a cluster: what each is called, where it answers, what must answer before it, how it is started.
 * Pure: who starts them (the local supervisor, systemd, a container) brings the places.
 */
import type { Configuration } from '@holdfast/configuration';
import type { Endpoint } from '@holdfast/ha-core';

export type NodeKind =
  | 'redis'
  | 'sentinel'
  | 'clickhouse'
  | 'broker'
  | 'terminal'
  | 'engine'
  | 'backend'
  | 'sync';

export type ClusterNode = {
  readonly name: string;
  readonly kind: NodeKind;
  /** Where it answers questions about itself; a terminal only dials others. */
  readonly endpoint: Endpoint | undefined;
  /** Names of the nodes that must answer before this one can become ready. */
  readonly after: readonly string[];
  /** Program and arguments. */
  readonly command: readonly [string, ...string[]];
};

/** Where things are on the machine that runs the nodes; all paths absolute. */
export type Places = {
  /** The Node runtime that runs the programs. */
  readonly runtime: string;
  readonly redisServer: string;
  /** `holdfast.yaml`. */
  readonly configuration: string;
  readonly programs: Readonly<Record<Program, string>>;
  /** Folder with the configuration and data of one Redis or Sentinel, or of the embedded ClickHouse. */
  readonly folder: (node: string) => string;
};

export type Program = 'engine' | 'backend' | 'sync' | 'clickhouse' | 'broker' | 'terminal';

export type ClusterOptions = {
  /** Run an embedded ClickHouse at the configured URL; false where a server of its own is there. */
  readonly embeddedClickHouse: boolean;
};

export const REDIS_CONF = 'redis.conf';
export const SENTINEL_CONF = 'sentinel.conf';
export const BROKER_NAME = 'broker';
export const CLICKHOUSE_NAME = 'clickhouse';

/** Every node of the cluster, in an order in which each comes after those that it needs. */
export function clusterNodes(
  values: Configuration,
  places: Places,
  options: ClusterOptions,
): readonly ClusterNode[] {
  const redis = values.redis.nodes.map((node) => redisNode(node, places));
  const data = redis.map(({ name }) => name);
  const sentinels = values.redis.sentinels.map((node) => sentinelNode(node, data, places));
  const clickhouse = options.embeddedClickHouse ? [clickhouseNode(values, places)] : [];
  const archive = clickhouse.map(({ name }) => name);
  const app = appNode(places);
  return [
    ...redis,
    ...sentinels,
    ...clickhouse,
    ...simulatorNodes(values, places),
    app('sync', values.sync.name, values.sync.api, [...data, ...archive], false),
    ...values.engines.map((engine) => app('engine', engine.name, engine.health, data, true)),
    ...values.backends.map((backend) => app('backend', backend.name, backend.listen, data, true)),
  ];
}

type Place = { readonly name: string } & Endpoint;

const endpointOf = ({ host, port }: Place): Endpoint => ({ host, port });

function redisNode(node: Place, places: Places): ClusterNode {
  const { name } = node;
  const command = [places.redisServer, `${places.folder(name)}/${REDIS_CONF}`] as const;
  return { name, kind: 'redis', endpoint: endpointOf(node), after: [], command };
}

function sentinelNode(node: Place, after: readonly string[], places: Places): ClusterNode {
  const { name } = node;
  const command = [places.redisServer, `${places.folder(name)}/${SENTINEL_CONF}`, '--sentinel'] as const;
  return { name, kind: 'sentinel', endpoint: endpointOf(node), after, command };
}

function clickhouseNode(values: Configuration, places: Places): ClusterNode {
  const { hostname, port } = new URL(values.clickhouse.url);
  const name = CLICKHOUSE_NAME;
  return {
    name,
    kind: 'clickhouse',
    endpoint: { host: hostname, port: Number(port) },
    after: [],
    command: [
      places.runtime,
      places.programs.clickhouse,
      '--port',
      port,
      '--path',
      places.folder(CLICKHOUSE_NAME),
    ],
  };
}

/** The simulated broker and a process for each terminal of each account; none where the brokers are real. */
function simulatorNodes(values: Configuration, places: Places): ClusterNode[] {
  if (values.simulator === undefined) return [];
  const program = (path: string): [string, ...string[]] => [
    places.runtime,
    path,
    '--config',
    places.configuration,
  ];
  const terminals = new Set(values.accounts.flatMap(({ terminals }) => terminals.map(({ name }) => name)));
  return [
    {
      name: BROKER_NAME,
      kind: 'broker',
      endpoint: values.simulator.http,
      after: [],
      command: program(places.programs.broker),
    },
    ...[...terminals].map(
      (name): ClusterNode => ({
        name,
        kind: 'terminal',
        endpoint: undefined,
        after: [BROKER_NAME],
        command: [...program(places.programs.terminal), '--name', name],
      }),
    ),
  ];
}

function appNode(places: Places) {
  return (
    kind: 'engine' | 'backend' | 'sync',
    name: string,
    endpoint: Endpoint,
    after: readonly string[],
    named: boolean,
  ): ClusterNode => ({
    name,
    kind,
    endpoint,
    after,
    command: [
      places.runtime,
      places.programs[kind],
      '--config',
      places.configuration,
      ...(named ? ['--name', name] : []),
    ],
  });
}
