/**
 * The whole system on this machine, in one supervising process: state folder, ports, leftovers of an earlier run,
 * then every node of the topology, restarted when it dies and stopped in order.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Host, profile } from '@holdfast/ha-core';
import { createLog, type Log } from '@holdfast/process';
import { createRedisNodes, endpointName } from '@holdfast/redis';
import { type ClusterNode, clusterNodes, listeningPoints, type NodeKind } from '@holdfast/topology';
import { endLeftovers, leftovers } from './leftovers.ts';
import { identify, isRunning } from './process-identity.ts';
import { PROGRAMS, programOnPath } from './programs.ts';
import { createReadiness } from './readiness.ts';
import { createRedisStarts, type RedisStarts } from './redis/redis-starts.ts';
import type { ConfigurationChanges } from './state/change-configuration.ts';
import { hasState, openState, readState, type StateFolder } from './state/state-folder.ts';
import { createRecordKeeper, type RecordKeeper } from './state/record-keeper.ts';
import { spawnChild } from './supervisor/spawn-child.ts';
import { createSupervisor, type Supervisor, type Unit, type UnitView } from './supervisor/supervisor.ts';
import { refuseTakenPorts } from './taken-ports.ts';

export type LocalClusterOptions = {
  readonly folder: string;
  readonly changes: ConfigurationChanges;
  readonly host: Host;
  /** The runtime of the nodes: the one that this process runs under. */
  readonly runtime: string;
  /** Told in plain words what happens. */
  readonly tell: (line: string) => void;
};

export type LocalCluster = {
  readonly state: StateFolder;
  readonly nodes: readonly ClusterNode[];
  readonly views: () => readonly UnitView[];
  readonly logFile: (node: string) => string;
  /** Stops all in order; resolves when no process is left. */
  readonly stop: (hurry?: boolean) => Promise<void>;
};

/** Something that has to be mended before the cluster can start; nothing was started. */
export class CannotStart extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CannotStart';
  }
}

/** Lower stops first: what takes signals, what carries them, what stores results, then all that these need. */
const STOP_WAVES: Readonly<Record<NodeKind, number>> = {
  backend: 1,
  engine: 2,
  sync: 3,
  terminal: 4,
  broker: 5,
  clickhouse: 5,
  sentinel: 5,
  redis: 6,
};

/** After the processes' own limits. */
const STOP_WITHIN_MS: Readonly<Record<NodeKind, number>> = {
  backend: 10_000,
  engine: 7000,
  sync: 12_000,
  terminal: 5000,
  broker: 5000,
  clickhouse: 12_000,
  sentinel: 5000,
  redis: 12_000,
};

/**
 * Starts the cluster and returns while it comes up. Throws `CannotStart`, `PortsTaken`, `StateDamaged` or
 * ConfigurationError; then nothing was started.
 */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const { host, tell } = options;
  const redisServer = programOnPath('redis-server');
  if (redisServer === undefined) {
    throw new CannotStart(
      'redis-server is not on PATH; install Redis 7 or later (Debian: apt-get install redis-server)',
    );
  }
  await endEarlierRun(options);
  const state = openState(options.folder, options.changes);
  tell(state.fresh ? `made the state folder ${state.path}` : `resuming the state in ${state.path}`);
  const { values } = state.configuration;
  const clusterOptions = { embeddedClickHouse: true };
  await refuseTakenPorts(listeningPoints(values, clusterOptions));

  const log = createLog({
    name: 'supervisor',
    level: 'info',
    file: join(state.path, 'logs', 'supervisor.log'),
  });
  const keeper = createRecordKeeper(state.recordFile, state.record);
  const nodes = clusterNodes(
    values,
    {
      runtime: options.runtime,
      redisServer,
      configuration: state.configuration.file,
      programs: PROGRAMS,
      folder: (node) => join(state.path, node),
    },
    clusterOptions,
  );
  const password =
    values.redis.passwordFile === undefined
      ? {}
      : { password: state.configuration.secret('redis.passwordFile', values.redis.passwordFile) };
  const redis = createRedisNodes(password);
  const starts = createRedisStarts({ state, host, redis, keeper, ...password });
  const present = nodes.filter((node) => isThere(node, tell));
  keeper.begin(
    identify(process.pid),
    present.map(({ name }) => name),
  );
  const supervisor = supervise({ ...options, state, nodes: present, keeper, starts, log, redis });
  return {
    state,
    nodes: present,
    views: supervisor.views,
    logFile: (node) => logFile(state, node),
    stop: async (hurry) => {
      starts.end();
      await supervisor.stop(hurry);
      keeper.end();
      log.info({}, 'all nodes have stopped');
    },
  };
}

const logFile = (state: StateFolder, node: string): string => join(state.path, 'logs', `${node}.log`);

function isThere({ name, command }: ClusterNode, tell: (line: string) => void): boolean {
  const program = command.find((word) => word.endsWith('main.ts'));
  if (program === undefined || existsSync(program)) return true;
  tell(`${name} is left out: ${program} is not there`);
  return false;
}

/** Refuses while another supervisor runs this state; ends what a killed one left behind. */
async function endEarlierRun({ folder, host, tell }: LocalClusterOptions): Promise<void> {
  if (!hasState(folder)) return;
  const { record } = readState(folder);
  if (record.supervisor !== null && isRunning(record.supervisor)) {
    throw new CannotStart(
      `this cluster runs already (supervisor pid ${record.supervisor.pid}, state ${folder}); \`holdfast down\` ends it`,
    );
  }
  const left = leftovers(record);
  if (left.length === 0) return;
  tell(
    `ending what an earlier run left: ${left.map(({ name, process }) => `${name} (pid ${process.pid})`).join(', ')}`,
  );
  await endLeftovers(host, left);
}

type SuperviseOptions = LocalClusterOptions & {
  readonly state: StateFolder;
  readonly nodes: readonly ClusterNode[];
  readonly keeper: RecordKeeper;
  readonly starts: RedisStarts;
  readonly log: Log;
  readonly redis: ReturnType<typeof createRedisNodes>;
};

function supervise(options: SuperviseOptions): Supervisor {
  const { state, nodes, keeper, starts, log } = options;
  const { values } = state.configuration;
  const numbers = profile(values.profile);
  const readiness = createReadiness(values, options.redis);
  const unit = (node: ClusterNode): Unit => {
    const isRedis = node.kind === 'redis' || node.kind === 'sentinel';
    return {
      name: node.name,
      after: node.after,
      stopWave: () => STOP_WAVES[node.kind] + (node.name === keeper.lastPrimary() ? 1 : 0),
      stopWithinMs: STOP_WITHIN_MS[node.kind],
      restartDelayMs: isRedis ? numbers.redisRestartDelayMs : numbers.restartDelayMs,
      launch: (stopping) => (isRedis ? starts.launch(node, stopping) : Promise.resolve(node.command)),
      ready: () => readiness(node),
    };
  };
  return createSupervisor({
    units: nodes.map(unit),
    host: options.host,
    spawn: (name, command) => {
      log.info({ node: name, command: command.join(' ') }, 'starting');
      return spawnChild(command, { folder: state.path, logFile: logFile(state, name) });
    },
    onChange: (view) => {
      keeper.change(view);
      log.info({ node: view.name, state: view.state, pid: view.pid, detail: view.detail }, 'node');
      const node = nodes.find(({ name }) => name === view.name);
      const at = node?.endpoint === undefined ? '' : ` ${endpointName(node.endpoint)}`;
      if (view.state === 'running') options.tell(`${view.name}${at} is ready (pid ${view.pid})`);
      else if (view.state === 'restarting') options.tell(`${view.name} ${view.detail}`);
      else if (view.state === 'stopped')
        options.tell(`${view.name} has stopped${view.detail === '' ? '' : `: ${view.detail}`}`);
    },
  });
}
