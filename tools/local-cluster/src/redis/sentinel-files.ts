/** Sentinels' own files in the state folder: one that fits the configuration is kept, because Sentinel keeps its state in it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Configuration } from '@holdfast/configuration';
import { profile } from '@holdfast/ha-core';
import { readSentinelFile, SENTINEL_CONF, sentinelFileFits } from '@holdfast/topology';

export type SentinelEntry = Configuration['redis']['sentinels'][number];

/** The path of a Sentinel's file in the state folder. */
export function sentinelFilePath(state: string, sentinel: string): string {
  return join(state, sentinel, SENTINEL_CONF);
}

/** Whether a Sentinel's file is there and fits the configuration; one that does not is to be written anew. */
export function hasFittingFile(state: string, values: Configuration, sentinel: SentinelEntry): boolean {
  const path = sentinelFilePath(state, sentinel.name);
  if (!existsSync(path)) return false;
  const file = readSentinelFile(readFileSync(path, 'utf8'), values.redis.primaryName);
  const options = { node: sentinel, redis: values.redis, numbers: profile(values.profile) };
  return file !== undefined && sentinelFileFits(file, options);
}
