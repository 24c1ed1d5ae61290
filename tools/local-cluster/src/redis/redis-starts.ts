/**
 * How the local cluster's Redis nodes and Sentinels start: their configuration files, whose replica a node is, and the
 * record of who was primary last. `start-rule.ts` has the rule; here it meets files and sockets.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Endpoint, type Host, profile, type RedisNodes } from '@holdfast/ha-core';
import { type ClusterNode, REDIS_CONF, redisConf, sentinelConf } from '@holdfast/topology';
import type { RecordKeeper } from '../state/record-keeper.ts';
import type { StateFolder } from '../state/state-folder.ts';
import type { Command } from '../supervisor/supervisor.ts';
import { coldPrimary, fittingFile, type RedisEntry, sentinelFilePath } from './cold-primary.ts';
import { askRole, askSentinel, type SentinelView } from './questions.ts';
import { liveStart, workingPrimary } from './start-rule.ts';

export type RedisStartsOptions = {
  readonly state: StateFolder;
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly keeper: RecordKeeper;
  readonly password?: string;
};

export type RedisStarts = {
  /** Writes the node's files and says how it starts. */
  readonly launch: (node: ClusterNode, stopping: () => boolean) => Promise<Command>;
  /** Ends the watch of who is primary. */
  readonly end: () => void;
};

const WATCH_EVERY_MS = 500;
/** Longer than a failover whose first vote was split. */
const NAMED_SELF_LIMIT_MS = 10_000;

/** Settles the cold start's primary from the files that are there, and begins to watch. Throws `StateDamaged`. */
export function createRedisStarts(options: RedisStartsOptions): RedisStarts {
  const { state, host, redis, keeper } = options;
  const { values } = state.configuration;
  const { nodes, sentinels, primaryName } = values.redis;
  const numbers = profile(values.profile);
  const password = options.password === undefined ? {} : { password: options.password };
  const startedBefore = new Set<string>();
  const first = coldPrimary(state.path, values, {
    path: state.recordFile,
    lastPrimary: keeper.lastPrimary(),
  });
  keeper.primaryIs(first.name);
  // A Sentinel would go on with addresses and numbers that are no longer true.
  const outdated = sentinels.filter((sentinel) => fittingFile(state.path, values, sentinel) === undefined);
  for (const { name } of outdated) rmSync(sentinelFilePath(state.path, name), { force: true });

  const sentinelViews = async (): Promise<readonly SentinelView[]> => {
    const views = await Promise.all(sentinels.map((each) => askSentinel(redis, each, primaryName)));
    return views.filter((view) => typeof view !== 'string');
  };
  const primaryNow = (): RedisEntry => nodes.find(({ name }) => name === keeper.lastPrimary()) ?? first;

  const replicaOf = async (node: RedisEntry, stopping: () => boolean): Promise<Endpoint | undefined> => {
    if (!startedBefore.has(node.name)) {
      startedBefore.add(node.name);
      return node.name === first.name ? undefined : first;
    }
    return liveStart({
      self: node,
      host,
      sentinels: sentinelViews,
      others: async () => {
        const others = nodes.filter(({ name }) => name !== node.name);
        const roles = await Promise.all(others.map((other) => askRole(redis, other)));
        return roles.flatMap((role, index) => {
          const endpoint = others[index];
          return role === undefined || endpoint === undefined ? [] : [{ endpoint, role }];
        });
      },
      lastPrimary: primaryNow,
      limitMs: NAMED_SELF_LIMIT_MS,
      stopping,
    });
  };

  const launchRedis = async (
    node: RedisEntry,
    command: Command,
    stopping: () => boolean,
  ): Promise<Command> => {
    const of = await replicaOf(node, stopping);
    const folder = join(state.path, node.name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const text = redisConf({ node, folder, redis: values.redis, numbers, ...password });
    writeFileSync(join(folder, REDIS_CONF), text, { mode: 0o600 });
    return of === undefined ? command : [...command, '--replicaof', of.host, String(of.port)];
  };

  const launchSentinel = (node: RedisEntry, command: Command): Command => {
    const folder = join(state.path, node.name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = sentinelFilePath(state.path, node.name);
    if (!existsSync(file)) {
      const primary = primaryNow();
      const text = sentinelConf({ node, folder, redis: values.redis, numbers, primary, ...password });
      writeFileSync(file, text, { mode: 0o600 });
    }
    return command;
  };

  const watch = async (): Promise<void> => {
    const roles = await Promise.all(
      nodes.map(async (node) => [node.name, await askRole(redis, node)] as const),
    );
    const primary = workingPrimary(new Map(roles));
    if (primary !== undefined && !ended) keeper.primaryIs(primary);
    if (!ended) cancel = host.after(WATCH_EVERY_MS, () => void watch());
  };
  let ended = false;
  let cancel = host.after(WATCH_EVERY_MS, () => void watch());

  return {
    launch: async (node, stopping) => {
      const redisNode = nodes.find(({ name }) => name === node.name);
      if (redisNode !== undefined) return launchRedis(redisNode, node.command, stopping);
      const sentinel = sentinels.find(({ name }) => name === node.name);
      if (sentinel === undefined) throw new Error(`${node.name} is neither a Redis node nor a Sentinel`);
      return launchSentinel(sentinel, node.command);
    },
    end: () => {
      ended = true;
      cancel();
    },
  };
}
