/**
 * The newest primary that a client has seen: an older one that came back is not written to, and neither is one that was
 * promoted after it had left the set (a command that waited in a frozen node).
 *
 * A node that was promoted and that nobody has claimed yet stands above the old primary, whose record it copied. That
 * ends when it is a replica again: then the claim never came, and the old primary is the present one.
 */
import {
  type Endpoint,
  type InSyncRecord,
  isPassedOver,
  NO_RECORD,
  NodeUnavailable,
  primaryRank,
  type RedisNodes,
} from '@holdfast/ha-core';
import { endpointName, parseRole } from './role.ts';

export type NewestSeen = {
  /** A node said that it is primary, with this record. */
  readonly saw: (record: InSyncRecord, endpoint: Endpoint) => void;
  /** Why a node with this record is not the present primary; undefined when it may be. Never rejects. */
  readonly older: (record: InSyncRecord, endpoint: Endpoint) => Promise<string | undefined>;
};

const ANSWER_WITHIN_MS = 200;

/** Has seen nothing yet. */
export function createNewestSeen(redis: RedisNodes): NewestSeen {
  /** Of a primary that has claimed: its record speaks for itself. */
  let claimed: InSyncRecord = NO_RECORD;
  let promoted: { readonly endpoint: Endpoint; readonly rank: number } | undefined;

  const leastRank = (): number => Math.max(claimed.term, promoted?.rank ?? 0);

  return {
    saw: (record, endpoint) => {
      const rank = primaryRank(record, endpointName(endpoint));
      if (rank < leastRank()) return;
      if (record.primary !== endpointName(endpoint)) promoted = { endpoint, rank };
      else if (record.term > claimed.term || record.change >= claimed.change) claimed = record;
    },
    older: async (record, endpoint) => {
      const name = endpointName(endpoint);
      const rank = primaryRank(record, name);
      if (isPassedOver(record, name, claimed)) {
        return `it is no member of the set of ${claimed.primary} (term ${claimed.term}, change ${claimed.change})`;
      }
      if (rank < leastRank() && promoted !== undefined && (await isReplica(redis, promoted.endpoint))) {
        promoted = undefined;
      }
      const least = leastRank();
      return rank < least
        ? `it is older (${rank}) than a primary that was seen before (${least})`
        : undefined;
    },
  };
}

async function isReplica(redis: RedisNodes, endpoint: Endpoint): Promise<boolean> {
  try {
    const node = await redis.open(endpoint, ANSWER_WITHIN_MS);
    try {
      const [role] = await node.run([['ROLE']], ANSWER_WITHIN_MS);
      return parseRole(role).is === 'replica';
    } finally {
      node.close();
    }
  } catch (error) {
    if (error instanceof NodeUnavailable) return false;
    throw error;
  }
}
