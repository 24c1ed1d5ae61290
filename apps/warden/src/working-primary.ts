/**
 * Who works as the primary, as the nodes themselves say: for a Sentinel's first file, where Sentinel has no memory of its
 * own yet and the cluster may be older than it.
 */
import { type Endpoint, LIMITS, NodeUnavailable, type RedisNodes } from '@holdfast/ha-core';
import { parseRole, type Role } from '@holdfast/redis';

/** The one node that says it is primary and has a replica; a resumed old primary has none. Never rejects for what nodes do. */
export async function workingPrimary<Node extends Endpoint>(
  redis: RedisNodes,
  nodes: readonly Node[],
): Promise<Node | undefined> {
  const roles = await Promise.all(nodes.map((node) => roleOf(redis, node)));
  const working = nodes.filter((_, index) => {
    const role = roles[index];
    return role?.is === 'primary' && role.replicas.length > 0;
  });
  return working.length === 1 ? working[0] : undefined;
}

async function roleOf(redis: RedisNodes, endpoint: Endpoint): Promise<Role | undefined> {
  try {
    const node = await redis.open(endpoint, LIMITS.dialDeadlineMs);
    try {
      const [reply] = await node.run([['ROLE']], LIMITS.commandDeadlineMs);
      return parseRole(reply);
    } finally {
      node.close();
    }
  } catch (error) {
    if (error instanceof NodeUnavailable) return undefined;
    throw error;
  }
}
