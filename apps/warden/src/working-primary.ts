/**
 * Who works as the primary, as the nodes themselves say: for a Sentinel's first file, where Sentinel has no memory of its
 * own yet and the cluster may be older than it.
 */
import { type Endpoint, LIMITS, NodeUnavailable, type RedisNodes } from '@holdfast/ha-core';
import { endpointName, parseRole, type Role, workingPrimary } from '@holdfast/redis';

/** The one node that works as primary; undefined while none or more than one does. Never rejects for what nodes do. */
export async function askWorkingPrimary<Node extends Endpoint>(
  redis: RedisNodes,
  nodes: readonly Node[],
): Promise<Node | undefined> {
  const roles = await Promise.all(
    nodes.map(async (node) => [endpointName(node), await roleOf(redis, node)] as const),
  );
  const name = workingPrimary(new Map(roles));
  return nodes.find((node) => endpointName(node) === name);
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
