/**
 * How the local cluster's Redis nodes and Sentinels start: their configuration files, and the start gate. A Redis node
 * always starts as a replica with priority 0; who becomes primary is for Sentinel and the wardens to say.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Configuration, RedisSecrets } from '@holdfast/configuration';
import { type Host, profile, type RedisNodes } from '@holdfast/ha-core';
import { type Role, workingPrimary } from '@holdfast/redis';
import { type ClusterNode, REDIS_CONF, redisConf, sentinelConf } from '@holdfast/topology';
import { guardData } from '@holdfast/warden/damaged-data';
import { passGate, startText } from '@holdfast/warden/gate';
import type { RecordKeeper } from '../state/record-keeper.ts';
import type { StateFolder } from '../state/state-folder.ts';
import type { Command } from '../supervisor/supervisor.ts';
import { askRole } from './questions.ts';
import { hasFittingFile, sentinelFilePath } from './sentinel-files.ts';

export type RedisStartsOptions = {
  readonly state: StateFolder;
  readonly host: Host;
  readonly redis: RedisNodes;
  /** What Redis and Sentinel are configured with. */
  readonly secrets: RedisSecrets;
  readonly keeper: RecordKeeper;
  /** Told what the gate decided for a node, and what became of damaged data. */
  readonly note: (node: string, line: string) => void;
};

export type RedisStarts = {
  /** Writes the node's files and says how it starts. */
  readonly launch: (node: ClusterNode) => Promise<Command>;
  /** Ends the watch of who is primary. */
  readonly end: () => void;
};

type RedisEntry = Configuration['redis']['nodes'][number];
type SentinelEntry = Configuration['redis']['sentinels'][number];

const WATCH_EVERY_MS = 500;

/** Begins to watch who is primary. */
export function createRedisStarts(options: RedisStartsOptions): RedisStarts {
  const { state, host, redis, secrets, keeper } = options;
  const { values } = state.configuration;
  const { nodes, sentinels } = values.redis;
  const numbers = profile(values.profile);

  const folderOf = (node: string): string => {
    const folder = join(state.path, node);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  };

  const rolesNow = async (): Promise<ReadonlyMap<string, Role | undefined>> =>
    new Map(await Promise.all(nodes.map(async (node) => [node.name, await askRole(redis, node)] as const)));

  const launchRedis = async (node: RedisEntry, command: Command): Promise<Command> => {
    const folder = folderOf(node.name);
    const log = join(state.path, 'logs', `${node.name}.log`);
    const damage = await guardData({ host, redis, nodes, folder, log, redisServer: command[0] }, node.name);
    if (damage !== undefined) options.note(node.name, damage);
    const decision = await passGate({ ...values.redis, host, redis }, node.name);
    const { replicaOf } = decision;
    options.note(node.name, startText(decision));
    const text = redisConf({ node, folder, redis: values.redis, numbers, ...secrets });
    writeFileSync(join(folder, REDIS_CONF), text, { mode: 0o600 });
    return replicaOf === undefined
      ? command
      : [...command, '--replicaof', replicaOf.host, String(replicaOf.port)];
  };

  const launchSentinel = async (node: SentinelEntry, command: Command): Promise<Command> => {
    const conf = { node, folder: folderOf(node.name), redis: values.redis, numbers, ...secrets };
    // It holds what this Sentinel knows; but it would go on with addresses and secrets that are no longer true.
    if (hasFittingFile(conf)) return command;
    const named = workingPrimary(await rolesNow()) ?? keeper.lastPrimary();
    const primary = nodes.find(({ name }) => name === named) ?? nodes[0];
    if (primary === undefined) throw new Error('a configuration has at least one Redis node');
    writeFileSync(sentinelFilePath(conf.folder), sentinelConf({ ...conf, primary }), { mode: 0o600 });
    return command;
  };

  const watch = async (): Promise<void> => {
    const primary = workingPrimary(await rolesNow());
    if (primary !== undefined && !ended) keeper.primaryIs(primary);
    if (!ended) cancel = host.after(WATCH_EVERY_MS, () => void watch());
  };
  let ended = false;
  let cancel = host.after(WATCH_EVERY_MS, () => void watch());

  return {
    launch: async (node) => {
      const redisNode = nodes.find(({ name }) => name === node.name);
      if (redisNode !== undefined) return launchRedis(redisNode, node.command);
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
