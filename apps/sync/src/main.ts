/**
 * sync: RTRS → DuckDB → ClickHouse, snapshots, the read API. The only file of the app that wires real I/O.
 *
 *   node main.ts --config holdfast.yaml
 */
import { parseArgs } from 'node:util';
import { createResultArchive } from '@holdfast/clickhouse';
import {
  ConfigurationError,
  type LoadedConfiguration,
  loadConfiguration,
  redisAccess,
} from '@holdfast/configuration';
import { createPushStore, createResultStore, openDatabase, takeSnapshot } from '@holdfast/duckdb';
import { profile } from '@holdfast/ha-core';
import {
  crashOnUnhandled,
  createLog,
  createMetrics,
  EXIT_UNHANDLED,
  keepCompiled,
  onShutdown,
  realHost,
  startHealth,
  watchProgress,
} from '@holdfast/process';
import {
  createAcknowledgedWriter,
  createRedisNodes,
  createResultFeed,
  createWriterMetrics,
  degradedText,
  whyNothingIsAcknowledged,
  withWriterView,
} from '@holdfast/redis';
import { startAnnouncing } from './announce.ts';
import { createSyncMetrics } from './metrics.ts';
import { startPush } from './push.ts';
import { readRoutes } from './read-api.ts';
import { restoreDatabase } from './restore.ts';
import { startSnapshots } from './snapshots.ts';
import { startSync } from './sync.ts';

/** Between two tries of a batch that ClickHouse did not confirm, at most. */
const RETRY_MOST_MS = 300_000;
const STOP_LIMIT_MS = 10_000;
/** Without an acknowledged read for this long the stores fall behind: not ready. */
const READ_AGE_MOST_MS = 5000;

const { values: args } = parseArgs({ options: { config: { type: 'string' } } });
await run(load(args.config));

function load(file: string | undefined): LoadedConfiguration {
  try {
    return loadConfiguration(file ?? 'holdfast.yaml');
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

async function run(configuration: LoadedConfiguration): Promise<void> {
  const { values } = configuration;
  const { name } = values.sync;
  const numbers = profile(values.profile);
  const host = realHost;
  const wallMs = host.wallMs;
  const log = createLog({ name, level: values.log.level });
  crashOnUnhandled(log);
  const metrics = createMetrics(name);
  const counts = createSyncMetrics(metrics);
  const writerMetrics = createWriterMetrics(metrics);
  const logEvent = (event: string, detail: Record<string, unknown>): void => log.info(detail, event);
  const file = configuration.path(values.sync.database);
  const backups = configuration.path(values.sync.backups);
  const secret = configuration.secret('clusterSecretFile', values.clusterSecretFile);

  const passwordOf = (field: string, path: string | undefined) =>
    path === undefined ? {} : { password: configuration.secret(field, path) };
  const { url, database: archiveDatabase, user, passwordFile } = values.clickhouse;
  const archive = createResultArchive({
    url,
    database: archiveDatabase,
    user,
    ...passwordOf('clickhouse.passwordFile', passwordFile),
  });
  const redis = createRedisNodes(redisAccess(configuration, 'sync'));
  const nodes = values.redis.nodes;
  const onMissing = writerMetrics.missing;
  // Begins to look for the primary, while the database is looked at.
  const writer = createAcknowledgedWriter({ host, redis, nodes, log: logEvent, onMissing });

  const restored = await restoreDatabase({ file, backups, wallMs, log });
  log.info({ ...restored }, 'database ready');
  if (restored.from !== 'database') counts.restored.inc({ from: restored.from });
  const database = await openDatabase({ file });
  const store = createResultStore(database, wallMs);
  const pushStore = createPushStore(database, wallMs);

  const gatherMs = numbers.syncEveryMs / 2;
  const feed = createResultFeed({ host, redis, nodes, writer, reader: name, log: logEvent, gatherMs });
  const accounts = values.accounts.map((each) => each.account);

  const snapshots = startSnapshots({
    host,
    everyMs: numbers.snapshotEveryMs,
    take: () => takeSnapshot({ database, backups, kept: numbers.snapshotsKept, wallMs }),
    log,
    onFailed: () => counts.snapshotsFailed.inc(),
  });
  if (restored.from !== 'database') snapshots.request('restored');
  const push = startPush({
    host,
    store: pushStore,
    results: store,
    archive,
    log,
    retryFirstMs: numbers.failedSyncRetryMs,
    retryMostMs: RETRY_MOST_MS,
    onConfirmed: ({ account }, rows) => counts.pushed.inc({ account }, rows),
    onFailed: ({ account }) => counts.failed.inc({ account }),
  });
  const following = await startSync({
    feed,
    store,
    pushStore,
    archive,
    accounts,
    log,
    onStored: (account, rows, synced) => {
      counts.stored.inc({ account }, rows);
      counts.synced.set({ account }, synced);
      push.wake();
    },
    onStopped: (account) => {
      counts.stopped.set({ account }, 1);
      snapshots.request('account stopped');
    },
    onFatal: (error) => {
      log.error({ err: error }, 'the database cannot be used any more: leaving, to be started again');
      process.exit(EXIT_UNHANDLED);
    },
  });
  for (const account of accounts) counts.stopped.set({ account }, following.following().has(account) ? 0 : 1);

  const progress = watchProgress(host, { everyMs: 250, stalledMs: 5000 });
  const readAge = (): number => following.lastReadAgeMs() ?? Number.POSITIVE_INFINITY;
  const resume = async (account: string): Promise<number> => {
    await store.resume(account);
    const position = (await store.positions()).find((each) => each.account === account)?.synced ?? 0;
    following.include(account, position);
    counts.stopped.set({ account }, 0);
    log.warn({ account, from: position }, 'account resumed');
    return position;
  };
  const status = () => {
    const { name: snapshot, ageMs, lastError } = snapshots.state();
    const clickhouse = push.state();
    return {
      clickhouse: { available: clickhouse.available, lastError: clickhouse.lastError ?? null },
      snapshot: { name: snapshot ?? null, ageMs: ageMs ?? null, lastError: lastError ?? null },
      restored: { ...restored },
    };
  };
  const health = await startHealth({
    endpoint: values.sync.api,
    alive: progress.alive,
    ready: () =>
      whyNothingIsAcknowledged(writer.view()) ??
      (readAge() <= READ_AGE_MOST_MS ? undefined : 'records cannot be read from Redis'),
    degraded: () => degradedText(writer.view(), nodes),
    metrics: withWriterView(metrics, writerMetrics, writer.view),
    routes: readRoutes({ secret, store, pushStore, accounts, resume, status }),
  });
  const { host: address, port } = values.sync.api;
  const endAnnouncing = startAnnouncing({
    host,
    redis,
    nodes,
    name,
    announcement: () => ({
      kind: 'sync',
      role: 'active',
      pid: process.pid,
      endpoint: `${address}:${port}`,
      at: wallMs(),
      detail: detailOf(accounts.length - following.following().size, push.state().available),
    }),
    log: logEvent,
  });
  log.info({ endpoint: `${address}:${port}`, accounts }, 'serving');

  keepCompiled();
  onShutdown(
    log,
    async () => {
      endAnnouncing();
      await following.stop();
      await push.stop();
      await snapshots.stop();
      await health.close();
      await writer.stop();
      await archive.close();
      progress.stop();
      await database.hold((run) => run('CHECKPOINT'));
      await database.close();
    },
    STOP_LIMIT_MS,
  );
}

function detailOf(stopped: number, archiveAvailable: boolean): string {
  const parts = [
    stopped > 0 ? `${stopped} account(s) stopped` : '',
    archiveAvailable ? '' : 'ClickHouse does not confirm',
  ];
  return parts.filter((part) => part !== '').join(', ') || 'ok';
}
