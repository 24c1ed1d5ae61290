/** Which Redis nodes could be promoted now, and which of them lack something that must be on all of them (I1). */
import type { System } from '../system/system.ts';

/** A replica that came online later than this before may have been outside of the set when it was asked. */
const SETTLED_MS = 1500;

/** Looks for a field of a hash on a node's disk. */
export function holdsField(system: System, node: string, key: string, field: string): boolean {
  const value = system.redis.state(node).disk.data.keys.get(key);
  return value?.is === 'hash' && value.fields.has(field);
}

/** Nodes that hold the field, whatever their state: their disks count. */
export function holders(system: System, key: string, field: string): string[] {
  return system.redis.names.filter((name) => holdsField(system, name, key, field));
}

/** Replicas that their primary has listed as online for a while, that are alive, and that lack the field. */
export function promotableWithout(system: System, key: string, field: string): string[] {
  const { redis } = system;
  const running = (name: string): boolean => redis.state(name).process.state() === 'running';
  const primaries = redis.names.filter((name) => running(name) && redis.state(name).primary === undefined);
  const [primary] = primaries;
  // With two that call themselves primary, who holds what is judged when it is over.
  if (primary === undefined || primaries.length > 1) return [];
  const { replicas, process } = redis.state(primary);
  const settled = [...replicas.values()].filter(
    (replica) => replica.online && process.host.monotonicMs() - replica.onlineSinceMs > SETTLED_MS,
  );
  const ports = new Set(settled.map((replica) => replica.endpoint.port));
  return redis.names.filter((name, index) => {
    const port = redis.endpoints[index]?.port ?? 0;
    const listed = ports.has(port) && running(name) && redis.state(name).primary?.state === 'connected';
    return listed && !holdsField(system, name, key, field);
  });
}
