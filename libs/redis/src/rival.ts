/**
 * Another primary: after a freeze or a cut the old primary may still have one replica that was not re-pointed yet, and
 * with it would acknowledge what dies with it. So a primary that lists fewer replicas than the cluster has nodes
 * acknowledges nothing while one of the missing ones says that it is the primary.
 *
 * This closes the common case, not all of them: a missing node may be promoted right after it was asked. Only a set that
 * is a record of its own closes that.
 */
import { type Endpoint, NodeUnavailable, type RedisNodes } from '@holdfast/ha-core';
import { endpointName, parseRole } from './role.ts';

/** A missing node that does not answer in this time is taken as one that nobody can have been told by. */
const RIVAL_DEADLINE_MS = 100;

export type RivalOptions = {
  readonly redis: RedisNodes;
  readonly nodes: readonly Endpoint[];
  readonly own: Endpoint;
  /** Replicas that the primary lists, as `host:port`. */
  readonly members: readonly string[];
};

/** The first missing node that calls itself primary, as `host:port`; undefined when there is none. Never rejects. */
export async function findRival(options: RivalOptions): Promise<string | undefined> {
  const present = new Set([endpointName(options.own), ...options.members]);
  const missing = options.nodes.filter((node) => !present.has(endpointName(node)));
  const answers = await Promise.all(missing.map((node) => isPrimary(options.redis, node)));
  const rival = missing.find((_, index) => answers[index] === true);
  return rival === undefined ? undefined : endpointName(rival);
}

async function isPrimary(redis: RedisNodes, endpoint: Endpoint): Promise<boolean> {
  try {
    const node = await redis.open(endpoint, RIVAL_DEADLINE_MS);
    try {
      const [role] = await node.run([['ROLE']], RIVAL_DEADLINE_MS);
      return parseRole(role).is === 'primary';
    } finally {
      node.close();
    }
  } catch (error) {
    if (error instanceof NodeUnavailable) return false;
    throw error;
  }
}
