/**
 * What a process says on /readyz of the acknowledged write: whether anything can be acknowledged now, and whether one more
 * loss would end that. The same words in backend, engine and sync, by the writer that each of them uses itself.
 */
import type { Endpoint } from '@holdfast/ha-core';
import { endpointName } from './role.ts';
import type { WriterView } from './writes.ts';

type Seen = Pick<WriterView, 'primary' | 'inSync' | 'level'>;

/** Undefined while it can be acknowledged, else why not. */
export function whyNothingIsAcknowledged({ primary, inSync, level }: Seen): string | undefined {
  if (primary === undefined) return 'no Redis primary that can acknowledge';
  if (level !== 'none') return undefined;
  return inSync.length === 0
    ? 'no replica is in the in-sync set: nothing is acknowledged'
    : `of ${inSync.join(', ')} in the in-sync set one is not connected: nothing is acknowledged`;
}

/** Undefined unless one replica alone is in the set; `nodes` are those of the configuration. */
export function degradedText(
  { inSync, level }: Seen,
  nodes: readonly (Endpoint & { readonly name: string })[],
): string | undefined {
  if (level !== 'degraded') return undefined;
  const name = (endpoint: string): string =>
    nodes.find((node) => endpointName(node) === endpoint)?.name ?? endpoint;
  return `${inSync.map(name).join(', ')} alone of ${nodes.length - 1} replicas is in the in-sync set`;
}
