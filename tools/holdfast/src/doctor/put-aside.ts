/**
 * Damaged data that the start gate has put aside beside a Redis node's data: the node copies everything from the
 * primary, but a disk that damages files is to be looked at, and the old files take room.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { putAsideAt } from '@holdfast/warden/damage-rule';
import { type Check, warn } from './check.ts';

export type PutAside = { readonly path: string; readonly at: string };

/** What was put aside in a node's data folder, newest first; nothing where the folder is elsewhere. */
export function putAsideIn(folder: string): readonly PutAside[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    // Another machine's node: its doctor tells.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return names
    .flatMap((name) => {
      const at = putAsideAt(name);
      return at === undefined ? [] : [{ path: join(folder, name), at }];
    })
    .toSorted((one, other) => other.at.localeCompare(one.at));
}

/** One line for a node, however often it happened. */
export function putAsideChecks(node: string, found: readonly PutAside[]): readonly Check[] {
  const [newest] = found;
  if (newest === undefined) return [];
  const more = found.length === 1 ? '' : `, the newest of ${found.length}`;
  return [
    warn(
      node,
      `damaged data was put aside on ${newest.at} (${newest.path}${more})`,
      'the node copies everything from the primary; find out what damaged the file (its disk, a loss of power), then delete what was put aside',
    ),
  ];
}
