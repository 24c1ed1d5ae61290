/**
 * The processes of a cluster: what each is called, where it answers, what must answer before it, how it is started.
 * Pure: who starts them (the local supervisor, systemd, a container) brings the places.
 */
import type { Configuration } from '@holdfast/configuration';
import type { Endpoint } from '@holdfast/ha-core';

export type NodeKind =
  | 'redis'
  | 'sentinel'
  | 'warden'
  | 'clickhouse'
  | 'broker'
  | 'terminal'
  | 'engine'
  | 'backend'
  | 'sync';

/** A node without how it is started: enough to ask it, to show it, to open its port. */
export type NodeOutline = {
  readonly name: string;
  readonly kind: NodeKind;
  /** Where it answers questions about itself; a terminal only dials others. */
  readonly endpoint: Endpoint | undefined;
  /** Names of the nodes that must answer before this one can become ready. */
  readonly after: readonly string[];
};

export type ClusterNode = NodeOutline & {
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

export type Program = 'engine' | 'backend' | 'sync' | 'warden' | 'clickhouse' | 'broker' | 'terminal';

export type ClusterOptions = {
  /** Run an embedded ClickHouse at the configured URL; false where a server of its own is there. */
  readonly embeddedClickHouse: boolean;
};

export const REDIS_CONF = 'redis.conf';
export const SENTINEL_CONF = 'sentinel.conf';
export const BROKER_NAME = 'broker';
export const CLICKHOUSE_NAME = 'clickhouse';

/** Every node of the cluster, in an order in which each comes after those that it needs. */
export function nodeOutlines(values: Configuration, options: ClusterOptions): readonly NodeOutline[] {
  const redis = values.redis.nodes.map((node) => outline('redis', node.name, node, []));
  const data = redis.map(({ name }) => name);
  const wardens = values.redis.wardens.map((warden) =>
    outline('warden', warden.name, warden.health, [warden.node]),
  );
  // Nothing can be written before the wardens have made one node the primary, with a replica in sync.
  const store = [...data, ...wardens.map(({ name }) => name)];
  const url = new URL(values.clickhouse.url);
  const clickhouse = options.embeddedClickHouse
    ? [outline('clickhouse', CLICKHOUSE_NAME, { host: url.hostname, port: Number(url.port) }, [])]
    : [];
  const archive = clickhouse.map(({ name }) => name);
  return [
    ...redis,
    ...values.redis.sentinels.map((node) => outline('sentinel', node.name, node, data)),
    ...wardens,
    ...clickhouse,
    ...simulatorOutlines(values),
    outline('sync', values.sync.name, values.sync.api, [...store, ...archive]),
    ...values.engines.map((engine) => outline('engine', engine.name, engine.health, store)),
    ...values.backends.map((backend) => outline('backend', backend.name, backend.listen, store)),
  ];
}

/** Every node with its command, in the order of `nodeOutlines`. */
export function clusterNodes(
  values: Configuration,
  places: Places,
  options: ClusterOptions,
): readonly ClusterNode[] {
  return nodeOutlines(values, options).map((node) => ({ ...node, command: commandOf(node, places) }));
}

function outline(
  kind: NodeKind,
  name: string,
  endpoint: Endpoint | undefined,
  after: readonly string[],
): NodeOutline {
  const own = endpoint === undefined ? undefined : { host: endpoint.host, port: endpoint.port };
  return { name, kind, endpoint: own, after };
}

/** The simulated broker and a process for each terminal of each account; none where the brokers are real. */
function simulatorOutlines(values: Configuration): NodeOutline[] {
  if (values.simulator === undefined) return [];
  const terminals = new Set(values.accounts.flatMap(({ terminals: own }) => own.map(({ name }) => name)));
  return [
    outline('broker', BROKER_NAME, values.simulator.http, []),
    ...[...terminals].map((name) => outline('terminal', name, undefined, [BROKER_NAME])),
  ];
}

function commandOf({ kind, name, endpoint }: NodeOutline, places: Places): ClusterNode['command'] {
  const { runtime, redisServer, programs, configuration } = places;
  switch (kind) {
    case 'redis':
      return [redisServer, `${places.folder(name)}/${REDIS_CONF}`];
    case 'sentinel':
      return [redisServer, `${places.folder(name)}/${SENTINEL_CONF}`, '--sentinel'];
    case 'clickhouse':
      return [
        runtime,
        programs.clickhouse,
        '--port',
        String(endpoint?.port ?? 0),
        '--path',
        places.folder(name),
      ];
    case 'broker':
    case 'sync':
      return [runtime, programs[kind], '--config', configuration];
    case 'terminal':
    case 'warden':
    case 'engine':
    case 'backend':
      return [runtime, programs[kind], '--config', configuration, '--name', name];
  }
}
