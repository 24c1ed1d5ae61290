/** The warden process: `node apps/warden/src/main.ts --config FILE --name warden-1`. Wires the real I/O. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { parseArgs } from 'node:util';
import {
  ConfigurationError,
  type LoadedConfiguration,
  loadConfiguration,
  redisAccess,
} from '@holdfast/configuration';
import { profile } from '@holdfast/ha-core';
import {
  cpuPressure,
  crashOnUnhandled,
  createLog,
  createMetrics,
  createTcpNetwork,
  keepCompiled,
  onShutdown,
  realHost,
  type RouteAnswer,
  type RouteRequest,
  startHealth,
  watchProgress,
} from '@holdfast/process';
import { announceNode, createPrimaryConnection, createRedisNodes } from '@holdfast/redis';
import type { FailoverRecord } from './failover.ts';
import { createFailoverHistory } from './failover-history.ts';
import { createWardenMetrics } from './metrics.ts';
import { notReady } from './readiness.ts';
import { createWarden } from './warden.ts';

const STOP_WITHIN_MS = 3000;

const { values: argv } = parseArgs({ options: { config: { type: 'string' }, name: { type: 'string' } } });
if (argv.config === undefined || argv.name === undefined) {
  process.stderr.write('usage: warden --config FILE --name NAME\n');
  process.exit(2);
}
const configuration = readConfiguration(argv.config);
const { values } = configuration;
const { nodes, sentinels, wardens, primaryName } = values.redis;
const own = wardens.find((warden) => warden.name === argv.name);
const node = nodes.find(({ name }) => name === own?.node);
if (own === undefined || node === undefined) {
  const names = wardens.map(({ name }) => name).join(', ');
  process.stderr.write(`--name ${argv.name}: no such warden in ${argv.config}; expected one of ${names}\n`);
  process.exit(2);
}

const log = createLog({ name: own.name, level: values.log.level });
crashOnUnhandled(log);
const metrics = createMetrics(own.name);
const measures = createWardenMetrics(metrics);
const clusterSecret = configuration.secret('clusterSecretFile', values.clusterSecretFile);
const redis = createRedisNodes(redisAccess(configuration, 'warden'));
const logEvent = (event: string, detail: Record<string, unknown>): void => log.info(detail, event);

const warden = await createWarden({
  host: realHost,
  network: createTcpNetwork(),
  redis,
  options: {
    name: own.name,
    node,
    nodes,
    sentinels,
    primaryName,
    wardens: wardens.map((one) => ({
      name: one.name,
      endpoint: one.peer,
      node: nodes.find(({ name }) => name === one.node) ?? node,
    })),
    listen: own.peer,
    numbers: profile(values.profile),
    proof: (text) => createHmac('sha256', clusterSecret).update(text).digest('hex'),
    equal,
    nonce: () => randomBytes(16).toString('hex'),
    cpuPressure: () => cpuPressure(),
    onFailover: (record) => {
      measures.failover(record);
      history.asked(record);
    },
    log: logEvent,
  },
});

const connection = createPrimaryConnection({ host: realHost, redis, nodes });
const history = createFailoverHistory({
  host: realHost,
  connection,
  name: own.name,
  index: wardens.indexOf(own),
  view: warden.view,
  log: logEvent,
});
const endAnnouncing = announceNode({
  host: realHost,
  connection,
  name: own.name,
  row: () => ({
    kind: 'warden',
    role: 'active',
    pid: process.pid,
    endpoint: `${own.health.host}:${own.health.port}`,
    detail: notReady(warden.view()) ?? 'ok',
  }),
  log: logEvent,
});

const forOperators =
  (run: (request: RouteRequest) => Promise<RouteAnswer>) =>
  (request: RouteRequest): Promise<RouteAnswer> => {
    if (equal(request.headers.authorization ?? '', `Bearer ${clusterSecret}`)) return run(request);
    const error = { code: 'unauthorized', message: 'expected the cluster secret' };
    return Promise.resolve({ status: 401, body: { error } });
  };
const progress = watchProgress(realHost, { everyMs: 100, stalledMs: 2000 });
const health = await startHealth({
  endpoint: own.health,
  alive: progress.alive,
  ready: () => notReady(warden.view()),
  metrics,
  routes: {
    'GET /status': () => ({ status: 200, body: { ...warden.view(), failovers: history.list() } }),
    'POST /switchover': forOperators(async ({ query }) => {
      const startedMs = realHost.monotonicMs();
      const outcome = await warden.switchOver(query.get('to') ?? undefined);
      const tookMs = Math.round(realHost.monotonicMs() - startedMs);
      if (outcome.done) history.asked(planned(outcome.to, tookMs));
      return { status: outcome.done ? 200 : 409, body: { ...outcome, tookMs } };
    }),
    'POST /recover': forOperators(async () => ({ status: 200, body: { detail: await warden.recover() } })),
  },
});
const endMeasuring = measures.follow(realHost, warden.view);

keepCompiled();
onShutdown(
  log,
  async () => {
    endAnnouncing();
    endMeasuring();
    history.stop();
    connection.stop();
    warden.leave();
    progress.stop();
    await health.close();
  },
  STOP_WITHIN_MS,
);
log.info({ node, peer: own.peer, health: own.health }, 'started');

/** Reads the configuration, or ends with what is wrong in it. */
function readConfiguration(file: string): LoadedConfiguration {
  try {
    return loadConfiguration(file);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

/** What the list of failovers keeps of a planned change of primary: how long it took, not how long writes paused. */
function planned(to: string, tookMs: number): FailoverRecord {
  const from = `${node?.host}:${node?.port}`;
  return { from, to, cause: 'planned switchover', by: own?.name ?? '', tookMs, at: realHost.wallMs() };
}

/** Compares two texts in a time that does not depend on where they differ. */
function equal(a: string, b: string): boolean {
  const key = randomBytes(32);
  const digest = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
