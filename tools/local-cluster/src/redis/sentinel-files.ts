/** Sentinels' own files in the state folder: one that fits the configuration is kept, because Sentinel keeps its state in it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SENTINEL_CONF, type SentinelConfOptions, sentinelFileFits } from '@holdfast/topology';

/** The path of a Sentinel's file in its folder. */
export function sentinelFilePath(folder: string): string {
  return join(folder, SENTINEL_CONF);
}

/** Whether a Sentinel's file is there and fits the configuration; one that does not is to be written anew. */
export function hasFittingFile(options: Omit<SentinelConfOptions, 'primary'>): boolean {
  const path = sentinelFilePath(options.folder);
  return existsSync(path) && sentinelFileFits(readFileSync(path, 'utf8'), options);
}
