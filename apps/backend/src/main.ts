/**
 * The backend's process: reads its configuration, wires real I/O to the parts, listens, and leaves in order.
 *
 *   node src/main.ts --config holdfast.yaml --name backend-1
 */
import { parseArgs } from 'node:util';
import { ConfigurationError, loadConfiguration, redisAccess } from '@holdfast/configuration';
import type { Endpoint } from '@holdfast/ha-core';
import {
  crashOnUnhandled,
  createLog,
  createMetrics,
  keepCompiled,
  onShutdown,
  realHost,
  watchProgress,
} from '@holdfast/process';
import {
  createAcknowledgedWriter,
  createRedisNodes,
  createWriterMetrics,
  endpointName,
  withWriterView,
} from '@holdfast/redis';
import { ensureKeyFile } from './api-key.ts';
import { startBackend } from './backend.ts';

/** Requests under way get this long to finish; the service manager's own limit is above it. */
const STOP_WITHIN_MS = 8000;
const WARDEN_LIMIT_MS = 800;

/** The command line is wrong; the message says how. */
class WrongArguments extends Error {}

async function main(): Promise<void> {
  const { values: given } = parseArgs({
    options: { config: { type: 'string' }, name: { type: 'string' } },
  });
  if (given.config === undefined || given.name === undefined) {
    throw new WrongArguments(
      'expected --config FILE --name NAME, such as --config holdfast.yaml --name backend-1',
    );
  }
  const configuration = loadConfiguration(given.config);
  const { values } = configuration;
  const own = values.backends.find((backend) => backend.name === given.name);
  if (own === undefined) {
    const names = values.backends.map((backend) => backend.name).join(', ');
    throw new WrongArguments(
      `--name ${given.name}: expected one of the backends in ${configuration.file}: ${names}`,
    );
  }
  const log = createLog({ name: own.name, level: values.log.level });
  crashOnUnhandled(log);
  if (ensureKeyFile(configuration.path(values.api.keyFile))) log.info({}, 'made the API key');
  const redis = createRedisNodes(redisAccess(configuration, 'backend'));
  const metrics = createMetrics(own.name);
  const writerMetrics = createWriterMetrics(metrics);
  const writer = createAcknowledgedWriter({
    host: realHost,
    redis,
    nodes: values.redis.nodes,
    log: (event, detail) => log.info(detail, event),
    onMissing: writerMetrics.missing,
  });
  const backend = await startBackend({
    name: own.name,
    pid: process.pid,
    listen: own.listen,
    configuration: values,
    secrets: {
      apiKey: configuration.secret('api.keyFile', values.api.keyFile),
      webhookTokens: new Map(
        values.webhooks.map((webhook, index) => [
          webhook.name,
          configuration.secret(`webhooks.${index}.tokenFile`, webhook.tokenFile),
        ]),
      ),
    },
    host: realHost,
    log,
    metrics: withWriterView(metrics, writerMetrics, writer.view),
    alive: watchProgress(realHost, { everyMs: 250, stalledMs: 5000 }).alive,
    redis,
    writer,
    askWarden,
  });
  keepCompiled();
  onShutdown(
    log,
    async () => {
      await backend.stop(STOP_WITHIN_MS - 1000);
    },
    STOP_WITHIN_MS,
  );
}

/** GET /status of a warden. Rejects when it does not answer in time. */
async function askWarden(warden: Endpoint): Promise<unknown> {
  const answer = await fetch(`http://${endpointName(warden)}/status`, {
    signal: AbortSignal.timeout(WARDEN_LIMIT_MS),
  });
  return answer.json();
}

try {
  await main();
} catch (error) {
  // What is wrong with the file or the command line is told in words; anything else with where it came from.
  const told =
    error instanceof ConfigurationError || error instanceof TypeError || error instanceof WrongArguments;
  process.stderr.write(
    `${error instanceof Error ? ((told ? undefined : error.stack) ?? error.message) : String(error)}\n`,
  );
  process.exit(1);
}
