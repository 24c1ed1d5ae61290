/**
 * Whether a replica keeps up. Its offset as the primary lists it is up to a second old while nobody waits for it, so
 * it is asked: WAIT makes the primary ask its replicas at once.
 */
import type { RedisNode } from '@holdfast/ha-core';
import { parseRole } from '@holdfast/redis';

const MORE_MS = 200;

/**
 * True when `replica` reaches within `withinMs` what the primary at `node` has now.
 * @throws NodeUnavailable from the node.
 */
export async function keepsUp(node: RedisNode, replica: string, withinMs: number): Promise<boolean> {
  const [now, , then] = await node.run(
    [['ROLE'], ['WAIT', '9', String(withinMs)], ['ROLE']],
    withinMs + MORE_MS,
  );
  const [before, after] = [parseRole(now), parseRole(then)];
  if (before.is !== 'primary' || after.is !== 'primary') return false;
  return after.replicas.some(({ endpoint, offset }) => endpoint === replica && offset >= before.offset);
}
