/**
 * The whole system on this machine, in one supervising process: state folder, ports, leftovers of an earlier run,
 * then every node of the topology, restarted when it dies and stopped in order.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { redisAccess, redisSecrets } from '@holdfast/configuration';
import { type Host, profile } from '@holdfast/ha-core';
import { createLog, type Log, programOnPath } from '@holdfast/process';
import { createRedisNodes, endpointName } from '@holdfast/redis';
import { type ClusterNode, clusterNodes } from '@holdfast/topology';
import { lockDirectory } from './clickhouse/lock.ts';
import { endLeftovers, leftoverNames, leftovers } from './leftovers.ts';
import { identify, isRunning } from './process-identity.ts';
import { PROGRAMS } from './programs.ts';
import { isClickHouseEmbedded, localNodes, localPoints } from './local-nodes.ts';
import { createReadiness, dataMissing } from './readiness.ts';
import { createRedisStarts, type RedisStarts } from './redis/redis-starts.ts';
import type { ConfigurationChanges } from './state/change-configuration.ts';
import { hasState, prepareState, readState, type StateFolder } from './state/state-folder.ts';
import { createRecordKeeper, type RecordKeeper } from './state/record-keeper.ts';
import { stopWave, stopWithinMs } from './stop-order.ts';
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
  /** Changes what is started: tests leave nodes out, or put their processes into groups of their own. */
  readonly arrange?: (nodes: readonly ClusterNode[]) => readonly ClusterNode[];
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
  const prepared = prepareState(options.folder, options.changes);
  await refuseTakenPorts(localPoints(prepared.values));
  const state = prepared.settle();
  await lockDirectory(state.path).catch((error: unknown) => {
    throw new CannotStart(`another \`holdfast up\` is starting with the state ${state.path}`, {
      cause: error,
    });
  });
  tell(state.fresh ? `made the state folder ${state.path}` : `resuming the state in ${state.path}`);
  const { values } = state.configuration;
  const log = createLog({
    name: 'supervisor',
    level: 'info',
    file: join(state.path, 'logs', 'supervisor.log'),
  });
  const keeper = createRecordKeeper(state.recordFile, state.record);
  const { arrange = (all) => all } = options;
  const planned = clusterNodes(
    values,
    {
      runtime: options.runtime,
      redisServer,
      configuration: state.configuration.file,
      programs: PROGRAMS,
      folder: (node) => join(state.path, node),
    },
    { embeddedClickHouse: isClickHouseEmbedded(values) },
  );
  const nodes = arrange(planned);
  const redis = createRedisNodes(redisAccess(state.configuration, 'warden'));
  const secrets = redisSecrets(state.configuration);
  const note = (node: string, line: string): void => {
    log.info({ node }, line);
    appendFileSync(logFile(state, node), `${line}\n`, { mode: 0o600 });
  };
  const starts = createRedisStarts({ state, host, redis, secrets, keeper, note });
  keeper.begin(
    identify(process.pid),
    nodes.map(({ name }) => name),
  );
  const supervisor = supervise({ ...options, state, nodes, keeper, starts, log, redis });
  return {
    state,
    nodes,
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

/** Refuses while another supervisor runs this state; ends what a killed one left behind. */
async function endEarlierRun({ folder, host, tell }: LocalClusterOptions): Promise<void> {
  if (!hasState(folder)) return;
  const { configuration, record } = readState(folder);
  if (record.supervisor !== null && isRunning(record.supervisor)) {
    throw new CannotStart(
      `this cluster runs already (supervisor pid ${record.supervisor.pid}, state ${folder}); \`holdfast down\` ends it`,
    );
  }
  const left = leftovers(record, localNodes(configuration.values));
  if (left.length === 0) return;
  tell(`ending what an earlier run left: ${leftoverNames(left)}`);
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
  // A replica without a primary is ready to be made one, and Sentinels and wardens wait for nothing more.
  const starting = async ({ endpoint }: ClusterNode): Promise<string | undefined> =>
    endpoint === undefined ? undefined : dataMissing(options.redis, endpoint);
  const unit = (node: ClusterNode): Unit => {
    const isRedis = node.kind === 'redis' || node.kind === 'sentinel';
    return {
      name: node.name,
      after: node.after,
      stopWave: () => stopWave(node.kind, node.name === keeper.lastPrimary()),
      stopWithinMs: stopWithinMs(node.kind),
      restartDelayMs: isRedis ? numbers.redisRestartDelayMs : numbers.restartDelayMs,
      launch: () => (isRedis ? starts.launch(node) : Promise.resolve(node.command)),
      ready: () => (node.kind === 'redis' ? starting(node) : readiness(node)),
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
