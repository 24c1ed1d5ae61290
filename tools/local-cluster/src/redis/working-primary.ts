/** Who is the primary, as the nodes themselves say: for the order of stops, and before Sentinels are started. */
import type { Role } from '@holdfast/redis';

/** The one node that works as primary: it says so, and a replica follows it. A resumed old primary has none. */
export function workingPrimary(roles: ReadonlyMap<string, Role | undefined>): string | undefined {
  const primaries = [...roles].filter(([, role]) => role?.is === 'primary' && role.replicas.length > 0);
  return primaries.length === 1 ? primaries[0]?.[0] : undefined;
}

/** Whether every other node follows the one primary, so that a Sentinel that looks at it now knows all of them. */
export function isFormed(roles: ReadonlyMap<string, Role | undefined>): boolean {
  const primaries = [...roles.values()].filter((role) => role?.is === 'primary');
  const [primary] = primaries;
  return primaries.length === 1 && primary?.is === 'primary' && primary.replicas.length === roles.size - 1;
}
