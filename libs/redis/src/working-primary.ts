/** Who is the primary, as the nodes themselves say: for the order of stops, and for a Sentinel's first file. */
import type { Role } from './role.ts';

/** The one node that works as primary: it says so, and a replica follows it. A resumed old primary has none. */
export function workingPrimary(roles: ReadonlyMap<string, Role | undefined>): string | undefined {
  const primaries = [...roles].filter(([, role]) => role?.is === 'primary' && role.replicas.length > 0);
  return primaries.length === 1 ? primaries[0]?.[0] : undefined;
}
