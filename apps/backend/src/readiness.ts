/** Whether this backend can acknowledge signals now, and whether one more loss would end that. */
import type { Configuration } from '@holdfast/configuration';
import { endpointName, type WriterView } from '@holdfast/redis';

/** Undefined when it can, else why not. */
export function notReady({ primary, inSync, level }: WriterView): string | undefined {
  if (primary === undefined) return 'no Redis primary that can acknowledge';
  if (level !== 'none') return undefined;
  return inSync.length === 0
    ? 'no replica is in the in-sync set: nothing is acknowledged'
    : `of ${inSync.join(', ')} in the in-sync set one is not connected: nothing is acknowledged`;
}

/** Undefined when nothing is missing. */
export function degradedText(
  { inSync, level }: WriterView,
  { nodes }: Configuration['redis'],
): string | undefined {
  if (level !== 'degraded') return undefined;
  const name = (endpoint: string): string =>
    nodes.find((node) => endpointName(node) === endpoint)?.name ?? endpoint;
  return `${inSync.map(name).join(', ')} alone of ${nodes.length - 1} replicas is in the in-sync set`;
}
