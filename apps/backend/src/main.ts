/**
 * The backend's process: reads its configuration, wires real I/O to the parts, listens, and leaves in order.
 *
 *   node src/main.ts --config holdfast.yaml --name backend-1
 */
import { parseArgs } from 'node:util';
import { ConfigurationError, loadConfiguration } from '@holdfast/configuration';
import { crashOnUnhandled, createLog, createMetrics, onShutdown, realHost } from '@holdfast/process';
import { createAcknowledgedWriter, createRedisNodes } from '@holdfast/redis';
import { ensureKeyFile } from './api-key.ts';
import { startBackend } from './backend.ts';

/** Requests under way get this long to finish; the service manager's own limit is above it. */
const STOP_WITHIN_MS = 8000;

const { values: given } = parseArgs({
  options: { config: { type: 'string' }, name: { type: 'string' } },
});

async function main(): Promise<void> {
  if (given.config === undefined || given.name === undefined) {
    throw new Error('expected --config FILE --name NAME, such as --config holdfast.yaml --name backend-1');
  }
  const configuration = loadConfiguration(given.config);
  const { values } = configuration;
  const own = values.backends.find((backend) => backend.name === given.name);
  if (own === undefined) {
    const names = values.backends.map((backend) => backend.name).join(', ');
    throw new Error(`--name ${given.name}: expected one of the backends in ${configuration.file}: ${names}`);
  }
  const log = createLog({ name: own.name, level: values.log.level });
  crashOnUnhandled(log);
  if (ensureKeyFile(configuration.path(values.api.keyFile))) log.info({}, 'made the API key');
  const password =
    values.redis.passwordFile === undefined
      ? {}
      : { password: configuration.secret('redis.passwordFile', values.redis.passwordFile) };
  const redis = createRedisNodes(password);
  const metrics = createMetrics(own.name);
  const writer = createAcknowledgedWriter({
    host: realHost,
    redis,
    nodes: values.redis.nodes,
    log: (event, detail) => log.info(detail, event),
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
    metrics,
    redis,
    writer,
  });
  onShutdown(
    log,
    async () => {
      await backend.stop(STOP_WITHIN_MS - 1000);
    },
    STOP_WITHIN_MS,
  );
}

try {
  await main();
} catch (error) {
  const expected = error instanceof ConfigurationError;
  process.stderr.write(
    `${expected || !(error instanceof Error) ? String(error) : (error.stack ?? error.message)}\n`,
  );
  process.exit(1);
}
