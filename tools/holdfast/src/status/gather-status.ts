/**
 * Puts the status together from what answers. It must tell what can be known while Redis, engines or backends are
 * down: processes from the supervisor's record, each node by asking it, accounts from a backend, else from the engines.
 */
import { type LoadedConfiguration, redisAccess } from '@holdfast/configuration';
import { type ClusterRecord, createReadiness, isRunning, localNodes } from '@holdfast/local-cluster';
import { createRedisNodes, endpointName } from '@holdfast/redis';
import type { NodeOutline } from '@holdfast/topology';
import { type RedisTopology, readTopology } from '../redis/read-topology.ts';
import type { AccountStatus, ClusterStatus, NodeStatus } from './cluster-status.ts';
import { type BackendView, type EngineView, readBackend, readEngines } from './sources.ts';

export type StatusInput = {
  readonly configuration: LoadedConfiguration;
  /** Of a deployed environment there is none: its processes are judged by what they answer alone. */
  readonly record: ClusterRecord | undefined;
};

/** Reads the whole status within a few seconds. Never rejects for what is down. */
export async function gatherStatus({ configuration, record }: StatusInput): Promise<ClusterStatus> {
  const { values } = configuration;
  const apiKey = configuration.secret('api.keyFile', values.api.keyFile);
  const redis = createRedisNodes(redisAccess(configuration, 'warden'));
  const readiness = createReadiness(values, redis);
  const nodes = localNodes(values);
  const [backend, engines, missing, topology] = await Promise.all([
    readBackend(values, apiKey),
    readEngines(values),
    Promise.all(nodes.map(readiness)),
    readTopology(configuration),
  ]);
  const shown = nodes.map((node, index) =>
    nodeStatus(node, { configuration, record, engines, missing: missing[index], topology }),
  );
  const accounts = values.accounts.map(({ account }) => accountStatus(account, backend, engines));
  return {
    cluster: values.cluster,
    profile: values.profile,
    degraded:
      backend === undefined ||
      backend.degraded ||
      topology.inSync.level !== 'full' ||
      shown.some(({ healthy }) => !healthy) ||
      accounts.some(({ active, connection }) => active === null || connection !== 'up'),
    degradedBecause: backend?.degradedBecause ?? [],
    api: {
      urls: [values.api.listen, ...values.backends.map(({ listen }) => listen)].map(
        (listen) => `http://${endpointName(listen)}`,
      ),
      keyFile: configuration.path(values.api.keyFile),
    },
    simulator:
      values.simulator === undefined ? null : { url: `http://${endpointName(values.simulator.http)}` },
    nodes: shown,
    redis: topology,
    accounts,
  };
}

type NodeSources = StatusInput & {
  readonly engines: ReadonlyMap<string, EngineView>;
  readonly missing: string | undefined;
  readonly topology: RedisTopology;
};

function nodeStatus(node: NodeOutline, sources: NodeSources): NodeStatus {
  const { record, missing } = sources;
  const known = record?.nodes[node.name];
  const pid = known?.process && isRunning(known.process) ? known.process.pid : null;
  const supervisor = record?.supervisor ?? null;
  const supervised = supervisor !== null && isRunning(supervisor);
  const notRunning = pid === null ? known?.detail || 'not running' : undefined;
  const isJudgedByPid = supervised || (record !== undefined && node.endpoint === undefined);
  const gone = isJudgedByPid ? notRunning : undefined;
  const wrong = gone ?? missing ?? terminalMissing(node, sources);
  return {
    name: node.name,
    kind: node.kind,
    role: roleOf(node, sources),
    pid,
    endpoint: node.endpoint === undefined ? null : endpointName(node.endpoint),
    healthy: wrong === undefined,
    detail: wrong ?? noteOf(node, sources),
  };
}

/** A terminal answers nobody; whether it has a session is what the engines say. */
function terminalMissing(node: NodeOutline, { engines }: NodeSources): string | undefined {
  if (node.kind !== 'terminal') return undefined;
  const sessions = [...engines.values()].flatMap(({ accounts }) => accounts.flatMap((one) => one.sessions));
  return sessions.includes(node.name) ? undefined : 'no engine has a session with it';
}

function roleOf(
  node: NodeOutline,
  { configuration, engines, topology, missing }: NodeSources,
): string | null {
  switch (node.kind) {
    case 'redis': {
      const role = topology.nodes.find(({ name }) => name === node.name)?.role;
      return role === 'primary' || role === 'replica' ? role : null;
    }
    case 'engine': {
      const view = engines.get(node.name);
      if (view === undefined) return null;
      return view.accounts.some((account) => account.role === 'active') ? 'active' : 'standby';
    }
    case 'sync':
      return missing === undefined ? 'active' : null;
    case 'terminal': {
      const terminals = configuration.values.accounts.flatMap((account) => account.terminals);
      return terminals.find(({ name }) => name === node.name)?.role ?? null;
    }
    case 'sentinel':
    case 'warden':
    case 'clickhouse':
    case 'broker':
    case 'backend':
      return null;
  }
}

function noteOf(node: NodeOutline, { record, engines, topology }: NodeSources): string {
  const notes: string[] = [];
  if (node.kind === 'redis') notes.push(...redisNotes(node.name, topology));
  const led = (engines.get(node.name)?.accounts ?? []).filter((account) => account.role === 'active');
  if (led.length > 0) notes.push(`leads ${led.map(({ account }) => account).join(', ')}`);
  const restarts = record?.nodes[node.name]?.restarts ?? 0;
  if (restarts > 0) notes.push(`started again ${restarts === 1 ? 'once' : `${restarts} times`}`);
  return notes.join('; ');
}

function redisNotes(name: string, { nodes, primary }: RedisTopology): string[] {
  const own = nodes.find((node) => node.name === name);
  if (own === undefined) return [];
  if (own.role === 'primary') {
    const follow = nodes.filter(({ of, link }) => of === own.endpoint && link === 'connected').length;
    const older = own.endpoint === primary ? '' : 'an old primary; ';
    return [`${older}${follow} ${follow === 1 ? 'replica follows' : 'replicas follow'}`];
  }
  return own.inSync ? ['in sync'] : ['not in the in-sync set'];
}

function accountStatus(
  account: string,
  backend: BackendView | undefined,
  engines: ReadonlyMap<string, EngineView>,
): AccountStatus {
  const row = backend?.accounts.find((one) => one.account === account);
  if (row !== undefined && row.unavailable === undefined) {
    const { active, epoch, connection, pending, unknown, lastResult, pause, leaders, reconciliation } = row;
    return {
      account,
      active,
      epoch,
      connection,
      pending,
      unknown,
      lastResult: lastResult ?? null,
      pause,
      leaders,
      reconciliation,
    };
  }
  const seats = [...engines].flatMap(([engine, view]) =>
    view.accounts.filter((one) => one.account === account).map((seat) => ({ engine, seat })),
  );
  const led = seats.find(({ seat }) => seat.role === 'active');
  const held = seats.find(({ seat }) => seat.holder !== '');
  return {
    account,
    active: led?.engine ?? null,
    epoch: led?.seat.epoch ?? held?.seat.epoch ?? '0',
    connection: led?.seat.active?.connection ?? 'not known',
    pending: led?.seat.active === undefined ? null : led.seat.active.open + led.seat.active.waiting,
    unknown: led?.seat.active?.unknown.length ?? null,
    lastResult: null,
    pause: null,
    leaders: [],
    reconciliation: null,
  };
}
