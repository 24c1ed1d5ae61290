/**
 * Another primary: while a write waits for its set, the primary may have been followed by another one (it was frozen,
 * cut off, or demoted). The set makes that safe: the promoted node is a member, so nothing is acknowledged without it.
 * Asking the other nodes makes it quick: the write is given up here and goes to the new primary at once.
 */
import {
  type Endpoint,
  type Host,
  type InSyncRecord,
  isPassedOver,
  NO_RECORD,
  NodeUnavailable,
  primaryRank,
  type RedisNodes,
  sleep,
} from '@holdfast/ha-core';
import { parseRecord, READ_RECORD } from './in-sync-record.ts';
import { endpointName, parseRole } from './role.ts';

/** A round that takes longer than this is no ordinary one. */
const PATIENCE_MS = 60;
const ASK_EVERY_MS = 20;
const ANSWER_WITHIN_MS = 200;

export type RivalOptions = {
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly nodes: readonly Endpoint[];
};

/**
 * Watches for a primary that is newer than `own`, whose record is `record`, beginning after a moment of patience; tells it
 * and its record once. Returns what ends the watch.
 */
export function watchForNewer(
  options: RivalOptions,
  own: Endpoint,
  record: InSyncRecord,
  onFound: (found: Endpoint, record: InSyncRecord) => void,
): () => void {
  const { host, redis, nodes } = options;
  let over = false;
  const watch = async (endpoint: Endpoint): Promise<void> => {
    while (!over) {
      const newer = await newerRecord(redis, endpoint, own, record);
      if (over) return;
      if (newer !== undefined) {
        over = true;
        return onFound(endpoint, newer);
      }
      await sleep(host, ASK_EVERY_MS);
    }
  };
  const cancel = host.after(PATIENCE_MS, () => {
    for (const node of nodes) if (endpointName(node) !== endpointName(own)) void watch(node);
  });
  return () => {
    over = true;
    cancel();
  };
}

/** The record of a node, where it says that it is the primary and its record that it is a later one than `own`. */
export async function newerRecord(
  redis: RedisNodes,
  endpoint: Endpoint,
  own: Endpoint,
  record: InSyncRecord,
): Promise<InSyncRecord | undefined> {
  try {
    const node = await redis.open(endpoint, ANSWER_WITHIN_MS);
    try {
      const [role, reply] = await node.run([['ROLE'], READ_RECORD], ANSWER_WITHIN_MS);
      if (parseRole(role).is !== 'primary') return undefined;
      const its = parseRecord(reply) ?? NO_RECORD;
      const name = endpointName(endpoint);
      const isLater = primaryRank(its, name) > primaryRank(record, endpointName(own));
      return isLater && !isPassedOver(its, name, record) ? its : undefined;
    } finally {
      node.close();
    }
  } catch (error) {
    if (error instanceof NodeUnavailable) return undefined;
    throw error;
  }
}
