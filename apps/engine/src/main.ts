/** The engine process: `node apps/engine/src/main.ts --config FILE --name engine-1`. The only file with real I/O. */
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
  crashOnUnhandled,
  createLog,
  createMetrics,
  createTcpNetwork,
  keepCompiled,
  onShutdown,
  realHost,
  startHealth,
  watchProgress,
} from '@holdfast/process';
import {
  createRedisNodes,
  createWriterMetrics,
  degradedText,
  whyNothingIsAcknowledged,
  withWriterView,
} from '@holdfast/redis';
import { createEngine } from './engine.ts';
import type { EngineView } from './engine-view.ts';
import { createEngineMetrics } from './metrics.ts';
import { rehearse } from './rehearsal.ts';

const STOP_WITHIN_MS = 5000;
/** The first takes ten times as long as the next one (measured), and later ones bring little. */
const REHEARSALS = 3;

const { values: argv } = parseArgs({ options: { config: { type: 'string' }, name: { type: 'string' } } });
if (argv.config === undefined || argv.name === undefined) {
  process.stderr.write('usage: engine --config FILE --name NAME\n');
  process.exit(2);
}
const configuration = readConfiguration(argv.config);
const { values } = configuration;
const own = values.engines.find((engine) => engine.name === argv.name);
if (own === undefined) {
  const names = values.engines.map((engine) => engine.name).join(', ');
  process.stderr.write(`--name ${argv.name}: no such engine in ${argv.config}; expected one of ${names}\n`);
  process.exit(2);
}

const log = createLog({ name: own.name, level: values.log.level });
crashOnUnhandled(log);
const metrics = createMetrics(own.name);
const engineMetrics = createEngineMetrics(
  metrics,
  values.accounts.map(({ account }) => account),
);
const writerMetrics = createWriterMetrics(metrics);

const clusterSecret = configuration.secret('clusterSecretFile', values.clusterSecretFile);

const engine = await createEngine({
  host: realHost,
  network: createTcpNetwork(),
  redis: createRedisNodes(redisAccess(configuration, 'engine')),
  options: {
    engine: own.name,
    numbers: profile(values.profile),
    nodes: values.redis.nodes,
    bridge: own.bridge,
    peer: own.peer,
    engines: values.engines.map((other) => ({ engine: other.name, endpoint: other.peer })),
    accounts: values.accounts.map((account, index) => ({
      account: account.account,
      margin: account.margin,
      login: account.broker,
      bridgeSecret: configuration.secret(`accounts[${index}].bridgeSecretFile`, account.bridgeSecretFile),
    })),
    proof: (text) => createHmac('sha256', clusterSecret).update(text).digest('hex'),
    equal,
    nonce: () => randomBytes(16).toString('hex'),
    announce: { pid: process.pid, endpoint: `${own.health.host}:${own.health.port}` },
    log: (event, detail) => log.info(detail, event),
    ...engineMetrics,
    onMissing: writerMetrics.missing,
  },
});

const progress = watchProgress(realHost, { everyMs: 100, stalledMs: 2000 });
const health = await startHealth({
  endpoint: own.health,
  alive: progress.alive,
  ready: () => whyNothingIsAcknowledged(engine.view().redis),
  degraded: () => degradedText(engine.view().redis, values.redis.nodes) ?? pausedText(engine.view()),
  metrics: withWriterView(metrics, writerMetrics, () => shown().redis),
  routes: {
    'GET /status': () => ({ status: 200, body: engine.view() }),
  },
});

keepCompiled();
onShutdown(
  log,
  async () => {
    await engine.leave();
    progress.stop();
    await health.close();
  },
  STOP_WITHIN_MS,
);
log.info({ bridge: own.bridge, peer: own.peer, health: own.health }, 'started');
// After all that a stop or a question needs: without a Redis the reads below wait for their limits.
await rehearseAll(own.name);

/** What a takeover needs has been run before it is needed. */
async function rehearseAll(name: string): Promise<void> {
  const options = { host: realHost, engine: name, numbers: profile(values.profile) };
  for (let done = 0; done < REHEARSALS; done += 1) {
    await engine.warmUp();
    if ((await rehearse(options)) !== undefined) continue;
    log.warn('rehearsal not finished: the first takeover will be slower');
    return;
  }
}

/** The view, and what of it stands in the metrics. */
function shown(): EngineView {
  const view = engine.view();
  engineMetrics.show(view);
  return view;
}

/** Which accounts a person holds still here; undefined for none. */
function pausedText({ accounts }: EngineView): string | undefined {
  const paused = accounts.filter((seat) => seat.role === 'active' && seat.pause !== '');
  return paused.length === 0 ? undefined : `paused: ${paused.map(({ account }) => account).join(', ')}`;
}

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

/** Compares two texts in a time that does not depend on where they differ. */
function equal(a: string, b: string): boolean {
  const key = randomBytes(32);
  const digest = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
