/**
 * How the local cluster's Redis nodes and Sentinels start: their configuration files, whose replica a node is, and the
 * record of who was primary last. `start-rule.ts` has the rule; here it meets files and sockets.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Endpoint, type Host, profile, type RedisNodes } from '@holdfast/ha-core';
import { endpointName } from '@holdfast/redis';
import {
  type ClusterNode,
  monitoredPrimary,
  REDIS_CONF,
  redisConf,
  SENTINEL_CONF,
  sentinelConf,
} from '@holdfast/topology';
import type { RecordKeeper } from '../state/record-keeper.ts';
import { StateDamaged } from '../state/state-damaged.ts';
import type { StateFolder } from '../state/state-folder.ts';
import type { Command } from '../supervisor/supervisor.ts';
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

type Named = Endpoint & { readonly name: string };

/** Settles the cold start's primary from the files that are there, and begins to watch. Throws `StateDamaged`. */
export function createRedisStarts(options: RedisStartsOptions): RedisStarts {
  const { state, host, redis, keeper } = options;
  const { values } = state.configuration;
  const { nodes, sentinels, primaryName } = values.redis;
  const numbers = profile(values.profile);
  const password = options.password === undefined ? {} : { password: options.password };
  const startedBefore = new Set<string>();
  const coldPrimary = settleColdPrimary(state, keeper.lastPrimary());
  keeper.primaryIs(coldPrimary.name);
  if (state.sentinelsOutdated) for (const { name } of sentinels) rmSync(confOf(state, name), { force: true });

  const sentinelViews = async (): Promise<readonly SentinelView[]> => {
    const views = await Promise.all(sentinels.map((each) => askSentinel(redis, each, primaryName)));
    return views.filter((view) => typeof view !== 'string');
  };
  const primaryNow = (): Named => nodes.find(({ name }) => name === keeper.lastPrimary()) ?? coldPrimary;

  const replicaOf = async (node: Named, stopping: () => boolean): Promise<Endpoint | undefined> => {
    if (!startedBefore.has(node.name)) {
      startedBefore.add(node.name);
      return node.name === coldPrimary.name ? undefined : coldPrimary;
    }
    return liveStart({
      self: node,
      host,
      sentinels: sentinelViews,
      otherPrimaries: async () => {
        const others = nodes.filter(({ name }) => name !== node.name);
        const roles = await Promise.all(others.map((other) => askRole(redis, other)));
        return others.filter((_, index) => roles[index]?.is === 'primary');
      },
      lastPrimary: primaryNow,
      limitMs: NAMED_SELF_LIMIT_MS,
      stopping,
    });
  };

  const launchRedis = async (node: Named, command: Command, stopping: () => boolean): Promise<Command> => {
    const of = await replicaOf(node, stopping);
    const folder = join(state.path, node.name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const text = redisConf({ node, folder, redis: values.redis, numbers, ...password });
    writeFileSync(join(folder, REDIS_CONF), text, { mode: 0o600 });
    return of === undefined ? command : [...command, '--replicaof', of.host, String(of.port)];
  };

  const launchSentinel = (node: Named, command: Command): Command => {
    const folder = join(state.path, node.name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = confOf(state, node.name);
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

const confOf = (state: StateFolder, sentinel: string): string => join(state.path, sentinel, SENTINEL_CONF);

/**
 * Who starts as primary when no node runs. The Sentinels' files say it, the one with the highest epoch; they would
 * make it so anyway. Where there are none, the supervisor's record does; a cluster that never ran begins with the first.
 */
function settleColdPrimary(state: StateFolder, lastPrimary: string | null): Named {
  const { nodes, sentinels, primaryName } = state.configuration.values.redis;
  const [first] = nodes;
  if (first === undefined) throw new Error('a configuration has at least one Redis node');
  if (lastPrimary === null) return first;
  const known = sentinels
    .map(({ name }) => confOf(state, name))
    .filter((file) => existsSync(file))
    .flatMap((file) => monitoredPrimary(readFileSync(file, 'utf8'), primaryName) ?? [])
    .sort((a, b) => b.configEpoch - a.configEpoch)[0];
  const named = nodes.find(
    (node) => known !== undefined && endpointName(node) === endpointName(known.primary),
  );
  if (named !== undefined) return named;
  const recorded = nodes.find(({ name }) => name === lastPrimary);
  if (recorded !== undefined) return recorded;
  throw new StateDamaged(
    state.recordFile,
    `lastPrimary is ${JSON.stringify(lastPrimary)}, expected one of ${nodes.map(({ name }) => name).join(', ')}`,
  );
}
