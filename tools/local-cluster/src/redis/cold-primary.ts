/**
 * Who starts as primary when no Redis node runs. The Sentinels' files say it, the one with the highest epoch: they would
 * make it so anyway. Where most of them are missing or do not fit the configuration, the supervisor's record does. A cluster that never ran
 * begins with its first node.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Configuration } from '@holdfast/configuration';
import { profile } from '@holdfast/ha-core';
import { endpointName } from '@holdfast/redis';
import { readSentinelFile, SENTINEL_CONF, type SentinelFile, sentinelFileFits } from '@holdfast/topology';
import { StateDamaged } from '../state/state-damaged.ts';

export type RedisEntry = Configuration['redis']['nodes'][number];
export type SentinelEntry = Configuration['redis']['sentinels'][number];

/** The path of a Sentinel's file in the state folder. */
export function sentinelFilePath(state: string, sentinel: string): string {
  return join(state, sentinel, SENTINEL_CONF);
}

/** The node to start as primary. Throws `StateDamaged` when the record names a node that the configuration has not. */
export function coldPrimary(
  state: string,
  values: Configuration,
  record: { readonly path: string; readonly lastPrimary: string | null },
): RedisEntry {
  const { nodes, sentinels } = values.redis;
  const [first] = nodes;
  if (first === undefined) throw new Error('a configuration has at least one Redis node');
  if (record.lastPrimary === null) return first;
  const files = sentinels.flatMap((sentinel) => fittingFile(state, values, sentinel) ?? []);
  const named =
    files.length * 2 > sentinels.length
      ? files.toSorted((a, b) => b.configEpoch - a.configEpoch)[0]?.primary
      : undefined;
  const primary = nodes.find((node) =>
    named === undefined ? node.name === record.lastPrimary : endpointName(node) === endpointName(named),
  );
  if (primary !== undefined) return primary;
  throw new StateDamaged(
    record.path,
    `lastPrimary is ${JSON.stringify(record.lastPrimary)}, expected one of ${nodes.map(({ name }) => name).join(', ')}`,
  );
}

/** A Sentinel's file when it is there and fits the configuration; one that does not is to be written anew. */
export function fittingFile(
  state: string,
  values: Configuration,
  sentinel: SentinelEntry,
): SentinelFile | undefined {
  const path = sentinelFilePath(state, sentinel.name);
  if (!existsSync(path)) return undefined;
  const file = readSentinelFile(readFileSync(path, 'utf8'), values.redis.primaryName);
  const options = { node: sentinel, redis: values.redis, numbers: profile(values.profile) };
  return file !== undefined && sentinelFileFits(file, options) ? file : undefined;
}
