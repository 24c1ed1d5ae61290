/** Puts a backend together from what main.ts (or a test) wires, and starts it. */
import type { Configuration } from '@holdfast/configuration';
import type { Endpoint, Host, RedisNodes } from '@holdfast/ha-core';
import type { Metrics } from '@holdfast/process';
import {
  type AcknowledgedWriter,
  createInstanceState,
  createResultFeed,
  createSignalInbox,
  createWishStore,
  degradedText,
  whyNothingIsAcknowledged,
} from '@holdfast/redis';
import { createAcceptance, type TradedAccount } from './acceptance.ts';
import { createAcceptanceRepeater } from './acceptance-repeater.ts';
import { profile, sleep } from '@holdfast/ha-core';
import { createEventStreams } from './event-streams.ts';
import { createLatency } from './latency.ts';
import { listen } from './listeners.ts';
import type { Log } from './log.ts';
import { createMeasures } from './measures.ts';
import { createMemoryGate } from './memory-gate.ts';
import type { Webhook } from './parts.ts';
import { createRateLimit } from './rate-limit.ts';
import { createRecordHub } from './record-hub.ts';
import { createRedisWatch } from './redis-watch.ts';
import { createServer } from './server.ts';
import { createStatus } from './status.ts';
import { createStatusStream } from './status-stream.ts';
import { followSymbolRules } from './symbol-rules.ts';
import { watchWardens } from './warden-watch.ts';

export type BackendOptions = {
  readonly name: string;
  readonly pid: number;
  readonly listen: Endpoint;
  readonly configuration: Configuration;
  readonly secrets: { readonly apiKey: string; readonly webhookTokens: ReadonlyMap<string, string> };
  readonly host: Host;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Undefined while the loop turns, else why not. */
  readonly alive: () => string | undefined;
  readonly redis: RedisNodes;
  readonly writer: AcknowledgedWriter;
  /** GET /status of a warden: the parsed body. */
  readonly askWarden: (warden: Endpoint) => Promise<unknown>;
};

export type Backend = {
  readonly port: number;
  readonly sharedPort: number;
  /** Serves what is under way, gives up its addresses, ends the event streams. */
  readonly stop: (withinMs: number) => Promise<void>;
};

/**
 * Nobody is served before the memory was read: on the address that all backends share, one that has just started would refuse
 * what the others take. Without a Redis it serves after this all the same, and says what is wrong.
 */
const FIRST_READING_WITHIN_MS = 1000;
const LOOK_EVERY_MS = 5;

export async function startBackend(options: BackendOptions): Promise<Backend> {
  const { configuration, host, log, name, writer } = options;
  const accounts = new Map<string, TradedAccount>(
    configuration.accounts.map((account) => [account.account, account]),
  );
  const inbox = createSignalInbox({ writer, reader: name });
  const state = createInstanceState({ writer, reader: name });
  const repeater = createAcceptanceRepeater({ name, host, log, inbox });
  const rules = followSymbolRules(host, state, [...accounts.keys()]);
  const latency = createLatency();
  const measured = createMeasures(options.metrics);
  const memory = createMemoryGate({
    refusedPercent: profile(configuration.profile).redisOpensRefusedPercent,
    backends: configuration.backends.length,
  });
  const wardens = watchWardens({ host, redis: configuration.redis, ask: options.askWarden });
  const watch = createRedisWatch({
    name,
    host,
    log,
    redis: options.redis,
    nodes: configuration.redis.nodes,
    writerView: writer.view,
    maxmemoryBytes: configuration.redis.maxmemoryBytes,
    memory,
    announcement: () => ({
      kind: 'backend',
      role: 'active',
      pid: options.pid,
      endpoint: `${options.listen.host}:${options.listen.port}`,
      detail: { acceptance: latency.summary(), repeating: repeater.count() },
    }),
  });
  const accept = createAcceptance({
    name,
    host,
    log,
    inbox,
    repeater,
    rules: rules.of,
    memory,
    onMemoryHigh: watch.hurry,
    onAnswered: (outcome, tookMs) => {
      latency.add(tookMs);
      measured.acceptances.inc({ outcome });
      measured.acceptance.observe(tookMs / 1000);
    },
  });
  const feed = createResultFeed({
    host,
    redis: options.redis,
    nodes: configuration.redis.nodes,
    writer,
    reader: `${name}:records`,
    log: (event, detail) => log.debug(detail, event),
    // Clients wait for results: what arrives while a read is under way is gathered by that alone.
    gatherMs: 0,
  });
  const hub = createRecordHub({ feed, state, accounts: [...accounts.keys()], log });
  const streams = createEventStreams(host, log);
  const status = createStatus({
    name,
    host,
    state,
    cluster: configuration.cluster,
    profile: configuration.profile,
    accounts: [...accounts.keys()],
    nodes: configuredNodes(configuration),
    redis: configuration.redis,
    writerView: writer.view,
    redisView: watch.view,
    topology: wardens.view,
    acceptance: () => ({ ...latency.summary(), repeating: repeater.count() }),
  });
  const server = await createServer({
    name,
    host,
    log,
    accounts,
    apiKey: options.secrets.apiKey,
    webhooks: webhooksOf(configuration, options.secrets.webhookTokens),
    accept,
    inbox,
    state,
    wishes: createWishStore({ writer, reader: name }),
    feed,
    hub,
    streams,
    status,
    statusStream: createStatusStream({ host, log, status, hub }),
    rateLimit: createRateLimit(host, {
      perSecond: configuration.api.requestsPerSecond,
      burst: configuration.api.requestsBurst,
    }),
    alive: options.alive,
    ready: () =>
      whyNothingIsAcknowledged(writer.view()) ??
      (memory.isKnown() ? undefined : "Redis's memory was not read yet"),
    degraded: () => degradedText(writer.view(), configuration.redis.nodes),
    metrics: {
      contentType: options.metrics.contentType,
      text: () => measured.text({ repeating: repeater.count(), streams: streams.count() }),
    },
  });
  await until(host, memory.isKnown, FIRST_READING_WITHIN_MS);
  const listeners = await listen(server, options.listen, configuration.api.listen, host);
  log.info({ port: listeners.port, sharedPort: listeners.sharedPort }, 'listening');
  return {
    port: listeners.port,
    sharedPort: listeners.sharedPort,
    stop: async (withinMs) => {
      const startedMs = host.monotonicMs();
      const drained = listeners.drain(withinMs);
      streams.endAll('this backend is stopping');
      await drained;
      await repeater.settle(Math.max(0, withinMs - (host.monotonicMs() - startedMs)));
      await hub.stop();
      rules.stop();
      watch.stop();
      wardens.stop();
      await writer.stop();
    },
  };
}

async function until(host: Host, holds: () => boolean, limitMs: number): Promise<void> {
  const endMs = host.monotonicMs() + limitMs;
  while (!holds() && host.monotonicMs() < endMs) await sleep(host, LOOK_EVERY_MS);
}

/** Throws for a webhook whose account or token is missing: the configuration's own check has let it through. */
function webhooksOf(configuration: Configuration, tokens: ReadonlyMap<string, string>): Webhook[] {
  return configuration.webhooks.map((webhook) => {
    const account = configuration.accounts.find((one) => one.account === webhook.account);
    const token = tokens.get(webhook.name);
    if (account === undefined || token === undefined) {
      throw new Error(`webhook ${webhook.name}: ${account === undefined ? 'no such account' : 'no token'}`);
    }
    return { configuration: webhook, token, margin: account.margin };
  });
}

function configuredNodes(configuration: Configuration): { name: string; kind: string; endpoint: string }[] {
  const at = (endpoint: Endpoint): string => `${endpoint.host}:${endpoint.port}`;
  return [
    ...configuration.engines.map((one) => ({ name: one.name, kind: 'engine', endpoint: at(one.health) })),
    ...configuration.backends.map((one) => ({ name: one.name, kind: 'backend', endpoint: at(one.listen) })),
    { name: configuration.sync.name, kind: 'sync', endpoint: at(configuration.sync.api) },
    ...configuration.redis.wardens.map((one) => ({
      name: one.name,
      kind: 'warden',
      endpoint: at(one.health),
    })),
  ];
}
